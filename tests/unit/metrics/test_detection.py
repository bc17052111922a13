"""Missed lesions and marks on normals, one flag per case."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import Rate, false_positives_on_normals, is_marked, missed_lesions


@pytest.mark.parametrize(
    ("pixels", "min_area_px", "expected"),
    [(0, 1, False), (1, 1, True), (4, 5, False), (5, 5, True), (6, 5, True)],
)
def test_marked_from_the_least_area_on(pixels: int, min_area_px: int, expected: bool) -> None:
    pred = np.zeros((3, 4), np.bool_)
    pred.flat[:pixels] = True
    assert is_marked(pred, min_area_px=min_area_px) is expected


def test_rates_by_hand() -> None:
    marked = np.array([True, False, True, False, True, True])
    has_lesion = np.array([True, True, True, False, False, False])
    assert missed_lesions(marked, has_lesion) == Rate(count=1, n=3)
    assert false_positives_on_normals(marked, has_lesion) == Rate(count=2, n=3)
    assert missed_lesions(marked, has_lesion).value == 1 / 3


def test_a_rate_over_no_case_is_undefined() -> None:
    normals, lesions = np.zeros(3, np.bool_), np.ones(3, np.bool_)
    assert math.isnan(missed_lesions(lesions, normals).value)
    assert math.isnan(false_positives_on_normals(normals, lesions).value)
    assert missed_lesions(np.zeros(0, np.bool_), np.zeros(0, np.bool_)) == Rate(0, 0)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.booleans(), st.booleans())))
def test_the_two_rates_share_out_all_cases(cases: list[tuple[bool, bool]]) -> None:
    marked = np.array([m for m, _ in cases], np.bool_)
    has_lesion = np.array([t for _, t in cases], np.bool_)
    missed, false = (
        missed_lesions(marked, has_lesion),
        false_positives_on_normals(marked, has_lesion),
    )
    assert missed.n + false.n == len(cases)
    assert missed.count + false.count == sum(m != t for m, t in cases)


@pytest.mark.parametrize("rate", [missed_lesions, false_positives_on_normals])
@pytest.mark.parametrize(
    ("marked", "has_lesion", "message"),
    [
        (
            np.array([1, 0]),
            np.array([True, False]),
            r"marked: expected a bool array \(N,\), got int",
        ),
        (np.array([True]), np.array([[True]]), r"has_lesion: .*got bool \(1, 1\)"),
        (
            np.array([True]),
            np.array([True, False]),
            "one entry per case in both arrays, got 1 and 2",
        ),
    ],
)
def test_rates_refuse(rate, marked, has_lesion, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        rate(marked, has_lesion)


@pytest.mark.parametrize("min_area_px", [0, -1, 1.5, True])
def test_unusable_least_area_is_refused(min_area_px) -> None:
    with pytest.raises(InvalidInputError, match="min_area_px: expected an integer of at least 1"):
        is_marked(np.ones((2, 2), np.bool_), min_area_px=min_area_px)
