"""Reliability bins, calibration error and Brier score: by hand and against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import (
    Binning,
    brier_score,
    expected_calibration_error,
    reliability_bins,
)

LAWS = settings(max_examples=30, deadline=None, derandomize=True)


def rows(*confidence: float) -> np.ndarray:
    return np.array([[c, 1.0 - c] for c in confidence])


def sample(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 3, n), rng.dirichlet([0.5, 0.5, 0.5], size=n)


def test_equal_width_bins_by_hand() -> None:
    # (0, .25] (.25, .5] (.5, .75] (.75, 1]: .75 belongs to the third
    truth, prob = np.array([0, 1, 0, 0]), rows(0.6, 0.75, 0.8, 1.0)
    bins = reliability_bins(truth, prob, n_bins=4)
    assert bins.count.tolist() == [0, 0, 2, 2]
    np.testing.assert_allclose(bins.confidence, [np.nan, np.nan, 0.675, 0.9])
    np.testing.assert_allclose(bins.accuracy, [np.nan, np.nan, 0.5, 1.0])
    got = expected_calibration_error(truth, prob, n_bins=4)
    assert got == pytest.approx(0.5 * 0.175 + 0.5 * 0.1)


def test_equal_mass_bins_by_hand() -> None:
    truth, prob = np.array([0, 1, 0, 0, 0]), rows(0.95, 0.6, 0.7, 0.8, 0.9)
    bins = reliability_bins(truth, prob, n_bins=2, binning=Binning.EQUAL_MASS)
    assert bins.count.tolist() == [3, 2]  # .6 .7 .8 and .9 .95
    np.testing.assert_allclose(bins.confidence, [0.7, 0.925])
    np.testing.assert_allclose(bins.accuracy, [2 / 3, 1.0])


def test_equal_mass_keeps_ties_together() -> None:
    truth, prob = np.array([0, 1, 0, 1]), rows(0.7, 0.7, 0.7, 0.9)
    bins = reliability_bins(truth, prob, n_bins=4, binning=Binning.EQUAL_MASS)
    assert bins.count.tolist() == [3, 0, 0, 1]


@pytest.mark.parametrize("n_bins", [1, 4, 10, 15])
@pytest.mark.parametrize("seed", range(4))
def test_equal_width_against_scikit_learn(seed: int, n_bins: int) -> None:
    truth, prob = sample(seed, 300)
    right, confidence = prob.argmax(axis=1) == truth, prob.max(axis=1)
    expected = calibration_curve(right, confidence, n_bins=n_bins, strategy="uniform")
    bins = reliability_bins(truth, prob, n_bins=n_bins)
    filled = bins.count > 0
    np.testing.assert_allclose(bins.accuracy[filled], expected[0])
    np.testing.assert_allclose(bins.confidence[filled], expected[1])


@pytest.mark.parametrize("n_bins", [1, 3, 10])
def test_equal_mass_without_ties_is_a_split_of_the_sorted_cases(n_bins: int) -> None:
    truth, prob = sample(9, 90)
    order = np.argsort(prob.max(axis=1))
    bins = reliability_bins(truth, prob, n_bins=n_bins, binning=Binning.EQUAL_MASS)
    right, confidence = prob.argmax(axis=1) == truth, prob.max(axis=1)
    for k, part in enumerate(np.split(order, n_bins)):
        assert bins.count[k] == len(part)
        assert bins.accuracy[k] == pytest.approx(right[part].mean())
        assert bins.confidence[k] == pytest.approx(confidence[part].mean())


@LAWS
@given(st.integers(0, 10**6), st.integers(1, 50), st.integers(1, 20), st.sampled_from(Binning))
def test_laws_of_calibration_error(seed: int, n: int, n_bins: int, binning: Binning) -> None:
    truth, prob = sample(seed, n)
    prob = np.round(prob * 20) / 20  # ties
    prob[:, 0] = 1.0 - prob[:, 1:].sum(axis=1)
    prob = np.abs(prob) / np.abs(prob).sum(axis=1, keepdims=True)
    error = expected_calibration_error(truth, prob, n_bins=n_bins, binning=binning)
    assert 0.0 <= error <= 1.0
    bins = reliability_bins(truth, prob, n_bins=n_bins, binning=binning)
    assert bins.count.sum() == n
    assert bins.count.shape == (n_bins,)
    assert (np.diff(bins.confidence[bins.count > 0]) > 0).all()
    shuffled = np.random.default_rng(seed).permutation(n)
    again = expected_calibration_error(
        truth[shuffled], prob[shuffled], n_bins=n_bins, binning=binning
    )
    assert again == pytest.approx(error, abs=1e-12)
    gap = abs((prob.argmax(axis=1) == truth).mean() - prob.max(axis=1).mean())
    assert error >= gap - 1e-12  # one bin is the least that any binning can give


def test_sure_and_right_is_perfect_sure_and_wrong_is_worst() -> None:
    sure = np.eye(3)
    assert expected_calibration_error(np.arange(3), sure) == 0.0
    assert expected_calibration_error(np.array([1, 2, 0]), sure) == 1.0
    assert brier_score(np.arange(3), sure) == 0.0
    assert brier_score(np.array([1, 2, 0]), sure) == 2.0


def test_float32_softmax_is_taken() -> None:
    logits = np.random.default_rng(0).normal(0, 30, (200, 3)).astype(np.float32)
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    prob = exp / exp.sum(axis=1, keepdims=True)
    assert 0.0 <= expected_calibration_error(prob.argmax(axis=1), prob) < 0.1


@pytest.mark.parametrize("seed", range(4))
def test_brier_against_scikit_learn(seed: int) -> None:
    truth, prob = sample(seed, 50)
    expected = sk.brier_score_loss(truth, prob, labels=[0, 1, 2], scale_by_half=False)
    assert brier_score(truth, prob) == pytest.approx(expected, abs=1e-12)


def test_no_case_gives_nan_and_empty_bins() -> None:
    truth, prob = np.zeros(0, np.int64), np.zeros((0, 3))
    assert math.isnan(brier_score(truth, prob))
    for binning in Binning:
        assert math.isnan(expected_calibration_error(truth, prob, binning=binning))
        assert reliability_bins(truth, prob, n_bins=3, binning=binning).count.tolist() == [0, 0, 0]


@pytest.mark.parametrize("score", [brier_score, expected_calibration_error, reliability_bins])
def test_what_is_no_probability_is_refused(score) -> None:
    with pytest.raises(InvalidInputError, match=r"got \[2.0, -1.0\] in row 1 \(1 such rows\)"):
        score(np.array([0, 0]), np.array([[0.5, 0.5], [2.0, -1.0]]))


@pytest.mark.parametrize("n_bins", [0, 2.0])
def test_unusable_number_of_bins_is_refused(n_bins) -> None:
    with pytest.raises(InvalidInputError, match="n_bins: expected an integer of at least 1"):
        reliability_bins(np.array([0]), rows(0.5), n_bins=n_bins)
