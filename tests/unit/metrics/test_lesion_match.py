"""Matching of lesions with marks: by hand and against scipy's components."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import LesionMatch, match_lesions, sum_matches

EMPTY = np.zeros((4, 12), np.bool_)


def drawn(*rows: str) -> np.ndarray:
    return np.array([[c == "#" for c in row] for row in rows], np.bool_)


TRUTH = drawn(
    "####....##..",
    "####....##..",
    "............",
    "...........#",
)
PRED = drawn(
    "..##........",
    "............",
    "#.#.........",
    ".#..........",
)


def test_one_of_three_lesions_found_by_hand() -> None:
    # marks: 2 px in the first lesion; a diagonal V of 3 px, one mark, touching no lesion
    assert match_lesions(PRED, TRUTH) == LesionMatch(1, 3, 1, 2, 1)


@pytest.mark.parametrize(("min_coverage", "n_found"), [(0.0, 1), (0.25, 1), (0.26, 0), (1.0, 0)])
def test_coverage_decides_what_is_found_but_not_what_is_false(min_coverage, n_found) -> None:
    match = match_lesions(PRED, TRUTH, min_coverage=min_coverage)
    assert (match.n_found, match.n_false_marks) == (n_found, 1)


@pytest.mark.parametrize(
    ("min_area_px", "expected"),
    [
        (2, LesionMatch(1, 3, 1, 2, 1)),
        (3, LesionMatch(1, 3, 0, 1, 1)),
        (4, LesionMatch(1, 3, 0, 0, 0)),
    ],
)
def test_small_marks_are_dropped(min_area_px: int, expected: LesionMatch) -> None:
    assert match_lesions(PRED, TRUTH, min_area_px=min_area_px) == expected


def test_two_marks_add_up_on_one_lesion_and_one_mark_may_find_two() -> None:
    truth = drawn("####", "....", "####")
    split = drawn("#..#", "....", "....")
    assert match_lesions(split, truth, min_coverage=0.5) == LesionMatch(1, 2, 1, 2, 0)
    assert match_lesions(np.ones((3, 4), np.bool_), truth) == LesionMatch(1, 2, 2, 1, 0)


def test_empty_masks() -> None:
    assert match_lesions(EMPTY, EMPTY) == LesionMatch(1, 0, 0, 0, 0)
    assert match_lesions(EMPTY, TRUTH) == LesionMatch(1, 3, 0, 0, 0)
    assert match_lesions(PRED, EMPTY) == LesionMatch(1, 0, 0, 2, 2)


def test_sums_and_their_rates() -> None:
    total = sum_matches([match_lesions(PRED, TRUTH), match_lesions(PRED, EMPTY)])
    assert total == LesionMatch(2, 3, 1, 4, 3)
    assert total.sensitivity == 1 / 3
    assert total.false_marks_per_image == 1.5
    nothing = sum_matches([])
    assert math.isnan(nothing.sensitivity)
    assert math.isnan(nothing.false_marks_per_image)


@pytest.mark.parametrize("seed", range(20))
def test_against_scipy_components(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pred, truth = rng.random((25, 30)) < 0.15, rng.random((25, 30)) < 0.1
    lesions, n_lesions = ndimage.label(truth, np.ones((3, 3)))
    marks, n_marks = ndimage.label(pred, np.ones((3, 3)))
    kept = [k for k in range(1, n_marks + 1) if (marks == k).sum() >= 3]
    found = [i for i in range(1, n_lesions + 1) if np.isin(marks[lesions == i], kept).any()]
    false = [k for k in kept if not truth[marks == k].any()]
    assert match_lesions(pred, truth, min_area_px=3) == LesionMatch(
        1, n_lesions, len(found), len(kept), len(false)
    )


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"min_area_px": 0}, "min_area_px"),
        ({"min_coverage": 1.1}, "min_coverage: expected 0 to 1, got 1.1"),
        ({"min_coverage": math.nan}, "min_coverage"),
    ],
)
def test_thresholds_out_of_range_are_refused(keywords, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        match_lesions(EMPTY, EMPTY, **keywords)


def test_masks_of_different_shape_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="of one shape"):
        match_lesions(EMPTY, EMPTY.T)
