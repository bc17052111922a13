from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sonolesion.config import LossSettings  # noqa: E402
from sonolesion.train.losses import (  # noqa: E402
    LossTerms,
    MultiTaskLoss,
    batch_dice_loss,
    blend,
    class_weights,
    distill_loss,
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


def test_missed_pixels_can_weigh_more():
    masks = torch.zeros(1, 1, 10, 10)
    masks[..., :5, :] = 1
    missed, extra = torch.full((1, 1, 10, 10), -20.0), torch.full((1, 1, 10, 10), -20.0)
    missed[..., :3, :] = 20.0  # 20 pixels missed
    extra[..., :7, :] = 20.0  # 20 pixels too many
    even = [image_dice_loss(logits, masks) for logits in (missed, extra)]
    # Tversky with 2TP / (2TP + 2 beta FN + 2 (1 - beta) FP): 60/(60+20) and 100/(100+20)
    smooth = 0.1
    pixels = [20.0 * 0.2] * 2
    expected = [1 - (60 + smooth) / (80 + smooth), 1 - (100 + smooth) / (120 + smooth)]
    assert [v.item() for v in even] == pytest.approx(
        [e + p for e, p in zip(expected, pixels, strict=True)], abs=1e-4
    )
    strict = [image_dice_loss(logits, masks, 0.8) for logits in (missed, extra)]
    assert strict[0] > even[0]
    assert strict[1] < even[1]


def test_a_network_that_says_what_its_teacher_says_has_nothing_to_learn():
    logits = torch.full((2, 1, 4, 4), -30.0)
    logits[:, :, :2] = 30.0
    same = ModelOutput(logits, torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]]))
    assert distill_loss(same, same, temperature=2.0).total.item() == pytest.approx(0.0, abs=1e-5)
    other = ModelOutput(-logits, torch.zeros(2, 3))
    learned = distill_loss(other, same, temperature=1.0)
    assert learned.mask.item() == pytest.approx(30.0 + 1.0, abs=0.1)
    # mean over images of sum p log(p / (1/3)), worked out with numpy
    prob = np.exp(same.class_logits.numpy()) / np.exp(same.class_logits.numpy()).sum(1)[:, None]
    assert learned.label.item() == pytest.approx((prob * np.log(3 * prob)).sum(1).mean(), abs=1e-5)


def test_blending_weighs_each_term():
    first, second = (LossTerms(*map(torch.tensor, v)) for v in ((1.0, 2.0, 3.0), (5.0, 6.0, 7.0)))
    assert [t.item() for t in blend(first, second, 0.25)] == [2.0, 3.0, 4.0]


def test_label_smoothing_charges_certainty():
    logits = torch.tensor([[20.0, 0.0, 0.0]])
    output = ModelOutput(torch.zeros(1, 1, 2, 2), logits)
    masks, labels = torch.zeros(1, 1, 2, 2), torch.tensor([0])
    hard = MultiTaskLoss(LossSettings())(output, masks, labels).label
    soft = MultiTaskLoss(LossSettings(label_smoothing=0.1))(output, masks, labels).label
    assert hard.item() == pytest.approx(0.0, abs=1e-6)
    assert soft.item() == pytest.approx(0.1 * 2 / 3 * 20, abs=1e-4)
