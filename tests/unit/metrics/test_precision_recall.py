"""Precision-recall curve and average precision: by hand and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import average_precision, precision_recall_curve


def test_curve_by_hand() -> None:
    truth = np.array([True, False, True, False])
    curve = precision_recall_curve(truth, np.array([0.9, 0.7, 0.7, 0.1]))
    assert curve.thresholds.tolist() == [0.9, 0.7, 0.1]
    assert curve.precision.tolist() == [1.0, 2 / 3, 0.5]
    assert curve.recall.tolist() == [0.5, 1.0, 1.0]
    # 0.5 * 1 + 0.5 * 2/3
    assert average_precision(truth, np.array([0.9, 0.7, 0.7, 0.1])) == pytest.approx(5 / 6)


@pytest.mark.parametrize("decimals", [1, 2, 9])
@pytest.mark.parametrize("seed", range(6))
def test_against_scikit_learn(seed: int, decimals: int) -> None:
    rng = np.random.default_rng(seed)
    truth = np.append(rng.random(60) < 0.2, True)
    scores = np.round(rng.random(61) + 0.3 * truth, decimals)
    precision, recall, thresholds = sk.precision_recall_curve(truth, scores)
    curve = precision_recall_curve(truth, scores)
    np.testing.assert_allclose(curve.precision, precision[:-1][::-1])
    np.testing.assert_allclose(curve.recall, recall[:-1][::-1])
    np.testing.assert_allclose(curve.thresholds, thresholds[::-1])
    expected = sk.average_precision_score(truth, scores)
    assert average_precision(truth, scores) == pytest.approx(expected, abs=1e-12)


def test_without_positives_or_without_cases() -> None:
    negatives = np.zeros(2, np.bool_)
    assert math.isnan(average_precision(negatives, np.array([0.1, 0.2])))
    assert np.isnan(precision_recall_curve(negatives, np.array([0.1, 0.2])).recall).all()
    nothing = precision_recall_curve(np.zeros(0, np.bool_), np.zeros(0))
    assert nothing.precision.shape == nothing.recall.shape == nothing.thresholds.shape == (0,)
    assert math.isnan(average_precision(np.zeros(0, np.bool_), np.zeros(0)))


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=1, max_size=30))
def test_laws_of_average_precision(cases: list[tuple[bool, int]]) -> None:
    truth = np.array([t for t, _ in cases])
    assume(truth.any())
    scores = np.array([s for _, s in cases], np.float64)
    value = average_precision(truth, scores)
    assert 0.0 < value <= 1.0 + 1e-12
    assert value == average_precision(truth, np.exp(scores))
    assert average_precision(truth, np.zeros(len(cases))) == pytest.approx(truth.mean())
    assert average_precision(truth, truth.astype(float)) == 1.0


def test_nan_scores_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="scores: expected finite values, got 1 nan"):
        average_precision(np.array([True]), np.array([math.nan]))
