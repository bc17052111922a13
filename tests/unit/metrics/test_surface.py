"""HD95, average surface distance and surface Dice: by hand, against scipy, and their laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.distance import directed_hausdorff

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import (
    SurfaceScores,
    average_surface_distance,
    hd95,
    mask_border,
    normalised_surface_dice,
    surface_scores,
)

EMPTY = np.zeros((30, 40), np.bool_)
LAWS = settings(max_examples=30, deadline=None, derandomize=True)


def square(top: int, left: int, side: int) -> np.ndarray:
    mask = EMPTY.copy()
    mask[top : top + side, left : left + side] = True
    return mask


def scores_by_scipy(pred, truth, spacing, tolerance) -> SurfaceScores:
    cross = ndimage.generate_binary_structure(2, 1)
    borders = [m & ~ndimage.binary_erosion(m, cross) for m in (pred, truth)]
    far = [ndimage.distance_transform_edt(~b, sampling=spacing) for b in borders]
    there, back = far[1][borders[0]], far[0][borders[1]]
    return SurfaceScores(
        hd95=max(np.percentile(there, 95), np.percentile(back, 95)),
        average=(there.sum() + back.sum()) / (there.size + back.size),
        nsd=((there <= tolerance).sum() + (back <= tolerance).sum()) / (there.size + back.size),
    )


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.random(shape) < draw(st.sampled_from([0.1, 0.5, 0.9])), rng.random(shape) < 0.4


def test_two_points_by_hand() -> None:
    pred, truth = square(2, 3, 1), square(5, 7, 1)  # 3 rows and 4 columns apart
    assert surface_scores(pred, truth, tolerance=5.0) == SurfaceScores(5.0, 5.0, 1.0)
    assert surface_scores(pred, truth, tolerance=4.9).nsd == 0.0
    assert hd95(pred, truth, spacing=(2.0, 1.0)) == math.hypot(6, 4)
    assert average_surface_distance(pred, truth, spacing=(1.0, 0.5)) == math.hypot(3, 2)


def test_bar_and_shortened_bar_by_hand() -> None:
    pred, truth = np.ones((1, 3), np.bool_), np.array([[True, False, False]])
    # distances: 0, 1, 2 from the prediction and 0 from the truth
    assert hd95(pred, truth) == pytest.approx(1.9)  # linear: between 1 and 2 at 0.95 * 2
    assert average_surface_distance(pred, truth) == 3 / 4
    assert normalised_surface_dice(pred, truth, tolerance=1.0) == 3 / 4


def test_equal_masks_are_perfect() -> None:
    mask = square(4, 4, 9)
    assert surface_scores(mask, mask, tolerance=0.0) == SurfaceScores(0.0, 0.0, 1.0)


@pytest.mark.parametrize(("pred", "truth"), [(EMPTY, square(3, 3, 5)), (square(3, 3, 5), EMPTY)])
def test_one_empty_costs_the_diagonal(pred, truth) -> None:
    assert surface_scores(pred, truth, tolerance=99.0) == SurfaceScores(50.0, 50.0, 0.0)
    assert hd95(pred, truth, spacing=(0.1, 0.2)) == pytest.approx(math.hypot(3.0, 8.0))


def test_both_empty_is_undefined() -> None:
    scores = surface_scores(EMPTY, EMPTY, tolerance=1.0)
    assert all(math.isnan(s) for s in (scores.hd95, scores.average, scores.nsd))


def test_a_miss_is_never_better_than_the_worst_mark() -> None:
    corner, opposite = square(0, 0, 1), square(29, 39, 1)
    assert hd95(corner, opposite) < hd95(EMPTY, opposite)


def test_tolerance_is_inclusive_despite_rounding() -> None:
    pred, truth = square(2, 2, 1), square(2, 5, 1)
    assert 3 * 0.1 > 0.3
    assert normalised_surface_dice(pred, truth, tolerance=0.3, spacing=(0.1, 0.1)) == 1.0


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.08, 0.08), (0.3, 0.1)])
@pytest.mark.parametrize("seed", range(6))
def test_against_scipy(seed: int, spacing) -> None:
    rng = np.random.default_rng(seed)
    fields = ndimage.gaussian_filter(rng.random((2, 70, 50)), (0, 4, 4))
    pred, truth = fields > np.quantile(fields, 0.7, axis=(1, 2), keepdims=True)
    tolerance = 2.5 * spacing[0]
    got = surface_scores(pred, truth, tolerance=tolerance, spacing=spacing)
    expected = scores_by_scipy(pred, truth, spacing, tolerance)
    assert got.hd95 == pytest.approx(expected.hd95, rel=1e-12)
    assert got.average == pytest.approx(expected.average, rel=1e-12)
    assert got.nsd == pytest.approx(expected.nsd, rel=1e-12)


@LAWS
@given(mask_pairs())
def test_laws_of_surface_scores(pair) -> None:
    pred, truth = pair
    assume(pred.any() and truth.any())
    scores = surface_scores(pred, truth, tolerance=1.0)
    swapped = surface_scores(truth, pred, tolerance=1.0)
    assert (swapped.hd95, swapped.nsd) == (scores.hd95, scores.nsd)
    assert swapped.average == pytest.approx(scores.average)
    points = [np.argwhere(mask_border(mask)) for mask in pair]
    hausdorff = max(directed_hausdorff(*points)[0], directed_hausdorff(*points[::-1])[0])
    assert 0.0 <= scores.average <= hausdorff + 1e-12
    assert 0.0 <= scores.hd95 <= hausdorff + 1e-12
    assert 0.0 <= scores.nsd <= 1.0
    assert normalised_surface_dice(pred, truth, tolerance=hausdorff) == 1.0
    assert hd95(pred, truth, spacing=(0.5, 0.5)) == pytest.approx(scores.hd95 / 2)


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_unusable_tolerance_is_refused(tolerance: float) -> None:
    with pytest.raises(InvalidInputError, match="tolerance: expected a number of 0 or more"):
        normalised_surface_dice(EMPTY, EMPTY, tolerance=tolerance)


@pytest.mark.parametrize("score", [hd95, average_surface_distance])
def test_masks_of_different_shape_are_refused(score) -> None:
    with pytest.raises(InvalidInputError, match="of one shape"):
        score(EMPTY, EMPTY[:5])


def test_unusable_spacing_is_refused_even_for_empty_masks() -> None:
    with pytest.raises(InvalidInputError, match="spacing"):
        hd95(EMPTY, EMPTY, spacing=(0.0, 1.0))
