"""One figure of each reader in each arm, and how these figures vary together over cases.

Arrays of reads are (A, R, N): arm, reader, case. Here nothing may be missing; designs with gaps
go through `two_way_bootstrap` only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class CovarianceMethod(StrEnum):
    """How the covariances of readers' AUCs over cases are estimated."""

    JACKKNIFE = "jackknife"
    DELONG = "delong"


@dataclass(frozen=True, slots=True)
class ReaderValues:
    """One figure (an AUC, a share) of each reader in each arm.

    Attributes:
        values: float64 (A, R), arms by readers.
        covariance: float64 (A, R, A, R), their covariances over cases; nan with fewer than 2
            cases of a kind that the figure needs.
    """

    values: FloatArray
    covariance: FloatArray


def auc_values(
    scores: FloatArray,
    positive: BoolArray,
    *,
    method: CovarianceMethod = CovarianceMethod.JACKKNIFE,
) -> ReaderValues:
    """Area under the empirical ROC curve of each reader in each arm; ties count half.

    Args:
        scores: float64 (A, R, N), finite, higher for more likely malignant.
        positive: bool (N,), True for malignant, with at least one of each kind.
        method: jackknife over all cases, or DeLong's structural components.

    Raises:
        InvalidInputError: a score is missing, or there is no positive or no negative case.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837; the jackknife in closed
        form: leaving out positive i gives (n1 AUC - V10_i) / (n1 - 1).

    >>> scores = np.array([[[0.1, 0.4, 0.4, 0.8]]])
    >>> auc_values(scores, np.array([False, False, True, True])).values.tolist()
    [[0.875]]
    """
    _check(scores, positive)
    arms, readers, _ = scores.shape
    above = np.empty((arms, readers, int(positive.sum())))  # V10: share of negatives below
    below = np.empty((arms, readers, int((~positive).sum())))  # V01: share of positives above
    for a in range(arms):
        for r in range(readers):
            high, low = scores[a, r, positive], scores[a, r, ~positive]
            above[a, r] = _share_below(high, low)
            below[a, r] = 1.0 - _share_below(low, high)
    values = above.mean(axis=2)
    n1, n0 = above.shape[2], below.shape[2]
    if n1 < 2 or n0 < 2:
        return ReaderValues(values, np.full((arms, readers, arms, readers), np.nan))
    if method is CovarianceMethod.DELONG:
        covariance = _spread(above) / n1 + _spread(below) / n0
    else:
        n = n1 + n0
        covariance = (n - 1) / n * (_spread(above) / (n1 - 1) + _spread(below) / (n0 - 1))
    return ReaderValues(values, covariance)


def share_values(calls: FloatArray) -> ReaderValues:
    """Share of 1 of each reader in each arm: sensitivity on malignant cases, for example.

    Args:
        calls: float64 (A, R, N), 0 or 1, N at least 1: only the cases that the share is of.

    Returns:
        The shares; their covariances are sample covariances over N, which DeLong's method and
        the jackknife both give.

    Raises:
        InvalidInputError: a call is missing, or there is no case.

    >>> share_values(np.array([[[1.0, 0.0, 1.0, 1.0]]])).values.tolist()
    [[0.75]]
    """
    _check(calls, None)
    arms, readers, n = calls.shape
    values = calls.mean(axis=2)
    if n < 2:
        return ReaderValues(values, np.full((arms, readers, arms, readers), np.nan))
    return ReaderValues(values, _spread(calls) / n)


def _share_below(scores: FloatArray, others: FloatArray) -> FloatArray:
    """Of each score, the share of the others that lie below it, ties counting half."""
    ordered = np.sort(others)
    left = np.searchsorted(ordered, scores, side="left")
    right = np.searchsorted(ordered, scores, side="right")
    share: FloatArray = (left + right) / (2.0 * len(ordered))
    return share


def _spread(values: FloatArray) -> FloatArray:
    """Sample covariances over the last axis: (A, R, n) to (A, R, A, R)."""
    arms, readers, n = values.shape
    flat = values.reshape(arms * readers, n)
    centred = flat - flat.mean(axis=1, keepdims=True)
    covariance: FloatArray = centred @ centred.T / (n - 1)
    return covariance.reshape(arms, readers, arms, readers)


def _check(values: FloatArray, positive: BoolArray | None) -> None:
    if values.ndim != 3 or 0 in values.shape or not np.isfinite(values).all():
        raise InvalidInputError(
            f"expected finite reads (arm, reader, case), got {values.shape} with "
            f"{int(np.count_nonzero(~np.isfinite(values)))} missing. Use the bootstrap for these."
        )
    if positive is not None and (positive.all() or not positive.any()):
        raise InvalidInputError("expected malignant and other cases, got only one kind.")
