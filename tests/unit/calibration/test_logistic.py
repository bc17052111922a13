"""The logistic fit against scikit-learn, by hand, and where plain Newton breaks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sonolesion.calibration.logistic import fit_logistic
from sonolesion.errors import InvalidInputError


def test_without_a_feature_it_is_the_log_odds() -> None:
    fit = fit_logistic(np.zeros((4, 0)), np.array([True, True, True, False]))
    assert fit.intercept == pytest.approx(math.log(3))
    assert fit.loss == pytest.approx(-3 * math.log(0.75) - math.log(0.25))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("ridge", "count"), [(0.1, 40), (1.0, 40), (1.0, 600), (30.0, 200)])
def test_agrees_with_scikit_learn(seed: int, ridge: float, count: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 2))
    truth = features @ [2.0, 1.0] + 1.5 + rng.logistic(size=count) > 0
    truth[:2] = [True, False]
    fit = fit_logistic(features, truth, ridge=ridge)
    other = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=10_000).fit(features, truth)
    np.testing.assert_allclose(fit.weights, other.coef_[0], atol=1e-4)
    assert fit.intercept == pytest.approx(other.intercept_[0], abs=1e-4)


def test_a_huge_ridge_gives_the_centre_and_fits_the_intercept() -> None:
    rng = np.random.default_rng(0)
    features, truth = rng.normal(size=(50, 2)), rng.random(50) < 0.3
    fit = fit_logistic(features, truth, ridge=1e8, centre=np.array([2.0, -1.0]))
    np.testing.assert_allclose(fit.weights, [2.0, -1.0], atol=1e-5)
    prob = 1 / (1 + np.exp(-(fit.intercept + features @ fit.weights)))
    assert prob.sum() == pytest.approx(truth.sum(), abs=1e-6)


def test_a_centre_at_the_free_optimum_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    features, truth = rng.normal(size=(200, 2)), rng.random(200) < 0.5
    free = fit_logistic(features, truth, ridge=1e-8)
    held = fit_logistic(features, truth, ridge=100.0, centre=free.weights)
    np.testing.assert_allclose(held.weights, free.weights, atol=1e-6)


def test_a_centre_of_another_length_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="centre"):
        fit_logistic(np.zeros((2, 1)), np.array([True, False]), centre=np.zeros(2))


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_separable_and_lopsided_data_stay_finite(scale: float) -> None:
    features = np.linspace(-1, 1, 1000)[:, None] * scale
    truth = features[:, 0] > 0.997 * scale  # 2 of 1000, separated without an error
    fit = fit_logistic(features, truth)
    assert truth.sum() == 2
    assert np.isfinite([fit.intercept, *fit.weights]).all()
    assert fit.weights[0] > 0
    # at the minimum the mean probability is the share of True: the intercept is not penalised
    prob = 1 / (1 + np.exp(-np.clip(fit.intercept + features[:, 0] * fit.weights[0], -700, 700)))
    assert prob.sum() == pytest.approx(2, abs=1e-3)


@pytest.mark.parametrize(
    ("features", "truth", "ridge"),
    [
        (np.zeros(3), np.array([True, False, True]), 1.0),
        (np.zeros((3, 1)), np.array([True, False]), 1.0),
        (np.zeros((2, 1)), np.array([1, 0]), 1.0),
        (np.zeros((2, 1)), np.array([True, True]), 1.0),
        (np.full((2, 1), np.nan), np.array([True, False]), 1.0),
        (np.zeros((2, 1)), np.array([True, False]), 0.0),
    ],
)
def test_bad_input_is_refused(features, truth, ridge) -> None:
    with pytest.raises(InvalidInputError):
        fit_logistic(features, truth, ridge=ridge)
