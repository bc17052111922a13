"""Logistic regression with a ridge, by Newton's method; finite on separable data.

Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., 4.4.1
    (iteratively reweighted least squares) and 3.4.1 (ridge).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError

_MAX_STEPS = 100
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """P(true) = sigmoid(intercept + features @ weights).

    Attributes:
        intercept: not penalised.
        weights: float64 (F,).
        loss: what was minimised: the summed negative log-likelihood plus
            ridge / 2 * sum((weights - centre) ** 2).
    """

    intercept: float
    weights: NDArray[np.float64]
    loss: float


def fit_logistic(
    features: NDArray[np.float64],
    truth: NDArray[np.bool_],
    *,
    ridge: float = 1.0,
    centre: NDArray[np.float64] | None = None,
) -> LogisticFit:
    """Fit a logistic regression whose weights, not its intercept, are held back by a ridge.

    The ridge makes the minimum unique and finite, also where a feature separates the classes.
    Scale the features to a standard deviation of 1 before, or the ridge means something else for
    each of them.

    Args:
        features: float64 (N, F), finite; F may be 0.
        truth: bool (N,), with at least one True and one False.
        ridge: above 0; in units of cases.
        centre: float64 (F,), the weights that cost nothing; zeros if not given.

    Raises:
        InvalidInputError: another shape, nan, one class only, or a ridge of 0 or less.
    """
    x = np.asarray(features, np.float64)
    if x.ndim != 2 or truth.shape != (len(x),) or truth.dtype != np.bool_:
        raise InvalidInputError(
            f"expected features (N, F) and truth bool (N,), got {x.shape} and "
            f"{truth.dtype} {truth.shape}."
        )
    if not np.isfinite(x).all():
        raise InvalidInputError("features: expected finite values, got nan or infinity.")
    if truth.all() or not truth.any():
        raise InvalidInputError(f"truth: expected both classes, got {len(truth)} of one.")
    if not ridge > 0:
        raise InvalidInputError(f"ridge: expected a number above 0, got {ridge}.")
    target = np.zeros(x.shape[1]) if centre is None else np.asarray(centre, np.float64)
    if target.shape != (x.shape[1],) or not np.isfinite(target).all():
        raise InvalidInputError(f"centre: expected {x.shape[1]} finite values, got {target}.")
    x = np.column_stack([np.ones(len(x)), x])
    target = np.concatenate([[0.0], target])
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 0.0
    beta = np.zeros(x.shape[1])
    beta[0] = np.log(truth.sum() / (~truth).sum())

    def loss_of(beta: NDArray[np.float64]) -> float:
        log_odds = x @ beta
        likelihood = np.logaddexp(0.0, np.where(truth, -log_odds, log_odds)).sum()
        return float(likelihood + 0.5 * (penalty * (beta - target) ** 2).sum())

    loss = loss_of(beta)
    for _ in range(_MAX_STEPS):
        prob = 0.5 * (1.0 + np.tanh(0.5 * (x @ beta)))
        slope = x.T @ (prob - truth) + penalty * (beta - target)
        curvature = (x.T * (prob * (1.0 - prob))) @ x + np.diag(penalty)
        step = np.linalg.lstsq(curvature, slope, rcond=None)[0]
        size = 1.0
        while (after := loss_of(beta - size * step)) > loss and size > 1e-8:
            size *= 0.5
        if after > loss:
            break
        beta, gain, loss = beta - size * step, loss - after, after
        if gain <= _TOLERANCE * (1.0 + loss) and np.abs(step).max() < 1e-6:
            break
    return LogisticFit(float(beta[0]), beta[1:], loss)
