"""Dice, IoU and pixel accuracy: by hand, against scikit-learn, and their laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, jaccard_score

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import batched_flat_dice, dice, iou, mission_iou, pixel_accuracy

EMPTY = np.zeros((3, 4), np.bool_)
FULL = np.ones((3, 4), np.bool_)
LAWS = settings(max_examples=30, deadline=None, derandomize=True)


def block(rows: slice, cols: slice) -> np.ndarray:
    mask = np.zeros((10, 10), np.bool_)
    mask[rows, cols] = True
    return mask


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    return rng.random(shape) < density, rng.random(shape) < 0.5


def test_shifted_squares_by_hand() -> None:
    # 4x4 squares shifted by (1, 1): 9 px shared, 16 + 16 px in all.
    pred, truth = block(slice(0, 4), slice(0, 4)), block(slice(1, 5), slice(1, 5))
    assert dice(pred, truth) == 18 / 32
    assert iou(pred, truth) == 9 / 23
    assert pixel_accuracy(pred, truth) == 86 / 100


def test_equal_and_disjoint_masks() -> None:
    left, right = block(slice(None), slice(0, 3)), block(slice(None), slice(5, 8))
    assert (dice(left, left), iou(left, left), pixel_accuracy(left, left)) == (1, 1, 1)
    assert (dice(left, right), iou(left, right)) == (0, 0)


@pytest.mark.parametrize("score", [dice, iou])
def test_both_empty_is_undefined_unless_said_otherwise(score) -> None:
    assert math.isnan(score(EMPTY, EMPTY))
    assert score(EMPTY, EMPTY, both_empty=1.0) == 1.0
    assert score(EMPTY, EMPTY, both_empty=0.0) == 0.0


@pytest.mark.parametrize("score", [dice, iou, mission_iou])
@pytest.mark.parametrize(("pred", "truth"), [(EMPTY, FULL), (FULL, EMPTY)])
def test_one_empty_costs_the_whole_score(score, pred, truth) -> None:
    assert score(pred, truth) == 0.0


def test_mission_iou_counts_an_unmarked_normal_as_right() -> None:
    assert mission_iou(EMPTY, EMPTY) == 1.0


def test_pixel_accuracy_of_two_empty_masks_is_one() -> None:
    assert pixel_accuracy(EMPTY, EMPTY) == 1.0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("density", [0.1, 0.5, 0.9])
def test_against_scikit_learn(seed: int, density: float) -> None:
    rng = np.random.default_rng(seed)
    pred, truth = rng.random((17, 23)) < density, rng.random((17, 23)) < 0.4
    assert dice(pred, truth) == pytest.approx(f1_score(truth.ravel(), pred.ravel()), abs=1e-12)
    assert iou(pred, truth) == pytest.approx(jaccard_score(truth.ravel(), pred.ravel()), abs=1e-12)


@LAWS
@given(mask_pairs())
def test_laws_of_overlap(pair) -> None:
    pred, truth = pair
    assume(pred.any() or truth.any())
    d, j = dice(pred, truth), iou(pred, truth)
    assert 0.0 <= j <= d <= 1.0
    assert d == pytest.approx(2 * j / (1 + j), abs=1e-12)
    assert d == dice(truth, pred)
    assert j == iou(truth, pred)
    assert dice(pred[::-1, ::-1], truth[::-1, ::-1]) == d
    assert pixel_accuracy(pred, truth) == pytest.approx(1 - np.mean(pred ^ truth), abs=1e-12)


def test_batched_flat_dice_by_hand() -> None:
    # batch 1: shared 12, total 12 + 24 -> 24 / 36; batch 2: empty against empty -> 1 (weight 1).
    preds, truths = [FULL, EMPTY, EMPTY], [FULL, FULL, EMPTY]
    assert batched_flat_dice(preds, truths, batch_size=2) == pytest.approx((2 * 24 / 36 + 1) / 3)


def test_batched_flat_dice_counts_false_positives_on_normals_in_its_batch() -> None:
    assert batched_flat_dice([FULL, FULL], [FULL, EMPTY], batch_size=2) == pytest.approx(2 / 3)
    assert batched_flat_dice([FULL, FULL], [FULL, EMPTY], batch_size=1) == 0.5


def test_batched_flat_dice_against_a_literal_flattening() -> None:
    rng = np.random.default_rng(3)
    preds, truths = rng.random((37, 8, 9)) < 0.3, rng.random((37, 8, 9)) < 0.2
    expected = 0.0
    for start in range(0, 37, 16):
        p, t = preds[start : start + 16].ravel(), truths[start : start + 16].ravel()
        expected += len(p) / preds.size * f1_score(t, p)
    assert batched_flat_dice(preds, truths) == pytest.approx(expected, abs=1e-12)


def test_batched_flat_dice_takes_cases_of_different_sizes_and_none() -> None:
    wide = np.ones((2, 9), np.bool_)
    assert batched_flat_dice([FULL, wide], [FULL, wide]) == 1.0
    assert math.isnan(batched_flat_dice([], []))


@pytest.mark.parametrize(
    ("preds", "truths", "batch_size", "message"),
    [
        ([FULL], [FULL, FULL], 16, "got 1 preds, 2 truths"),
        ([FULL], [FULL], 0, "batch_size: expected an integer of at least 1, got 0"),
        ([FULL], [FULL[:2]], 16, r"got pred \(3, 4\), truth \(2, 4\)"),
    ],
)
def test_batched_flat_dice_refuses(preds, truths, batch_size, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        batched_flat_dice(preds, truths, batch_size=batch_size)


@pytest.mark.parametrize("score", [dice, iou, mission_iou, pixel_accuracy])
@pytest.mark.parametrize(
    ("pred", "truth", "message"),
    [
        (FULL.astype(np.uint8), FULL, r"pred: expected a bool array \(H, W\), got uint8 \(3, 4\)"),
        (FULL, FULL.astype(float), r"truth: expected a bool array \(H, W\), got float64"),
        (FULL[np.newaxis], FULL, r"pred: .*got bool \(1, 3, 4\)"),
        (FULL.tolist(), FULL, "pred: .*got list"),
        (FULL, FULL.T, r"of one shape, got pred \(3, 4\), truth \(4, 3\)"),
        (FULL[:0], FULL[:0], "expected at least one pixel"),
    ],
)
def test_overlap_refuses_what_is_no_pair_of_masks(score, pred, truth, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        score(pred, truth)
