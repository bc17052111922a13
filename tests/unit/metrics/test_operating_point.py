"""Sensitivity at a specificity and the reverse: by hand and against every threshold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import (
    OperatingPoint,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)

TRUTH = np.array([False, False, False, False, True, True, True, True])
SCORES = np.array([0.1, 0.2, 0.3, 0.7, 0.2, 0.6, 0.8, 0.9])


@pytest.mark.parametrize(
    ("specificity", "expected"),
    [
        (1.0, OperatingPoint(0.8, 0.5, 1.0, 4, 4)),
        (0.75, OperatingPoint(0.6, 0.75, 0.75, 4, 4)),
        (0.76, OperatingPoint(0.8, 0.5, 1.0, 4, 4)),
        (0.25, OperatingPoint(0.2, 1.0, 0.25, 4, 4)),
        (0.0, OperatingPoint(0.2, 1.0, 0.25, 4, 4)),
    ],
)
def test_sensitivity_at_specificity_by_hand(specificity: float, expected: OperatingPoint) -> None:
    assert sensitivity_at_specificity(TRUTH, SCORES, specificity=specificity) == expected


@pytest.mark.parametrize(
    ("sensitivity", "expected"),
    [
        (1.0, OperatingPoint(0.2, 1.0, 0.25, 4, 4)),
        (0.75, OperatingPoint(0.6, 0.75, 0.75, 4, 4)),
        (0.5, OperatingPoint(0.8, 0.5, 1.0, 4, 4)),
        (0.0, OperatingPoint(0.8, 0.5, 1.0, 4, 4)),
    ],
)
def test_specificity_at_sensitivity_by_hand(sensitivity: float, expected: OperatingPoint) -> None:
    assert specificity_at_sensitivity(TRUTH, SCORES, sensitivity=sensitivity) == expected


def test_nothing_is_called_positive_when_no_score_is_strict_enough() -> None:
    point = sensitivity_at_specificity(
        np.array([False, True]), np.array([0.9, 0.1]), specificity=1.0
    )
    assert (point.threshold, point.sensitivity, point.specificity) == (math.inf, 0.0, 1.0)


@pytest.mark.parametrize("tenths", range(10))
def test_a_requirement_met_exactly_is_met(tenths: int) -> None:
    # 10 negatives below and above one positive: specificity is tenths / 10 at its score
    scores = np.append(np.arange(10.0), tenths - 0.5)
    truth = np.append(np.zeros(10, np.bool_), True)
    point = sensitivity_at_specificity(truth, scores, specificity=float(f"0.{tenths}"))
    assert (point.specificity, point.sensitivity) == (tenths / 10, 1.0)


@pytest.mark.parametrize("truth", [[True, True], [False, False]])
def test_an_absent_class_gives_nan(truth: list[bool]) -> None:
    flags, scores = np.array(truth), np.array([0.1, 0.2])
    for point in (
        sensitivity_at_specificity(flags, scores, specificity=0.9),
        specificity_at_sensitivity(flags, scores, sensitivity=0.9),
    ):
        assert all(math.isnan(v) for v in (point.threshold, point.sensitivity, point.specificity))
        assert (point.n_positive, point.n_negative) == (sum(truth), 2 - sum(truth))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=25),
    st.floats(0.0, 1.0),
)
def test_against_every_threshold(cases: list[tuple[bool, int]], required: float) -> None:
    truth, scores = np.array([t for t, _ in cases]), np.array([float(s) for _, s in cases])
    assume(truth.any() and not truth.all())
    tried = [
        (float(np.mean(scores[truth] >= t)), float(np.mean(scores[~truth] < t)))
        for t in [*np.unique(scores), math.inf]
    ]
    point = sensitivity_at_specificity(truth, scores, specificity=required)
    assert point.sensitivity == max(sens for sens, spec in tried if spec >= required)
    assert point.specificity >= required
    assert np.mean(scores[truth] >= point.threshold) == point.sensitivity
    assert np.mean(scores[~truth] < point.threshold) == point.specificity
    mirrored = specificity_at_sensitivity(truth, scores, sensitivity=required)
    assert mirrored.specificity == max(spec for sens, spec in tried if sens >= required)
    assert mirrored.sensitivity >= required


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_a_requirement_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(InvalidInputError, match=r"specificity: expected a number in \[0, 1\]"):
        sensitivity_at_specificity(TRUTH, SCORES, specificity=value)
    with pytest.raises(InvalidInputError, match=r"sensitivity: expected a number in \[0, 1\]"):
        specificity_at_sensitivity(TRUTH, SCORES, sensitivity=value)
