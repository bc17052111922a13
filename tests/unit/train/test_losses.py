from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from sonolesion.config import LossSettings  # noqa: E402
from sonolesion.train.losses import (  # noqa: E402
    MultiTaskLoss,
    batch_dice_loss,
    class_weights,
    image_dice_loss,
)
from sonolesion.train.models import ModelOutput  # noqa: E402

pytestmark = pytest.mark.torch
SURE = 50.0


def test_batch_dice_flattens_the_batch_into_one_region():
    # image 1: 2 of 4 pixels right; image 2: nothing there, one pixel marked
    logits = torch.tensor([[[[SURE, SURE], [-SURE, -SURE]]], [[[SURE, -SURE], [-SURE, -SURE]]]])
    masks = torch.tensor([[[[1, 1], [1, 1]]], [[[0, 0], [0, 0]]]])
    # overlap 2, predicted 3, truth 4
    assert batch_dice_loss(logits, masks).item() == pytest.approx(1 - 4 / 7, abs=1e-5)


def test_batch_dice_of_an_empty_batch_left_empty_costs_nothing():
    assert batch_dice_loss(torch.full((2, 1, 2, 2), -SURE), torch.zeros(2, 1, 2, 2)).item() == 0.0


def test_image_dice_charges_even_a_small_mark_on_a_normal():
    empty = torch.zeros(1, 1, 2, 2)
    clean = image_dice_loss(torch.full((1, 1, 2, 2), -SURE), empty).item()
    half = torch.tensor([[[[0.0, 0.0], [-SURE, -SURE]]]])
    # two pixels at probability 1/2, smoothing 1/1000 of 4 pixels; cross-entropy ln(2) / 2
    dice = 1 - 0.004 / 1.004
    assert clean == pytest.approx(0.0, abs=1e-6)
    assert image_dice_loss(half, empty).item() == pytest.approx(dice + math.log(2) / 2, abs=1e-5)


def test_total_is_the_mission_s_weighted_sum():
    output = ModelOutput(torch.zeros(1, 1, 2, 2), torch.tensor([[0.0, 0.0, 0.0]]))
    masks, labels = torch.ones(1, 1, 2, 2), torch.tensor([2])
    terms = MultiTaskLoss(LossSettings())(output, masks, labels)
    dice = 1 - 2 * 2 / (2 + 4)  # soft overlap 2 of predicted 2 and truth 4
    assert terms.mask.item() == pytest.approx(dice, abs=1e-5)
    assert terms.label.item() == pytest.approx(math.log(3), abs=1e-5)
    assert terms.total.item() == pytest.approx(0.85 * dice + 0.15 * math.log(3), abs=1e-5)


def test_balanced_weights_are_inverse_frequencies():
    weights = class_weights(torch.tensor([0, 1, 1, 1]), 3)
    assert weights.tolist() == pytest.approx([4 / 3, 4 / 9, 0.0])
