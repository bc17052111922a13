"""Precision against recall, for a score whose positives are rare."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.metrics.threshold_counts import count_at_thresholds


@dataclass(frozen=True, slots=True)
class PrecisionRecallCurve:
    """Points of a precision-recall curve, one per distinct score, from the strictest on.

    The point (precision 1, recall 0), at which nothing is called positive, is not added.

    Attributes:
        precision: float64 (K,), right ones among those called positive, [0, 1].
        recall: float64 (K,), rising, [0, 1]; all nan without positives.
        thresholds: float64 (K,), falling; positive is a score at or above.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def precision_recall_curve(
    truth: NDArray[np.bool_], scores: NDArray[np.floating]
) -> PrecisionRecallCurve:
    """Trace the precision-recall curve.

    Args:
        truth: bool (N,), True for a positive case.
        scores: float (N,), finite, higher for more likely positive; ties share a point.

    Returns:
        The curve; without points for N = 0.

    Raises:
        InvalidInputError: truth is not bool (N,), scores are not finite floats (N,), or the
            lengths differ.

    >>> curve = precision_recall_curve(np.array([True, False, True]), np.array([0.9, 0.5, 0.1]))
    >>> curve.precision.tolist(), curve.recall.tolist()
    ([1.0, 0.5, 0.6666666666666666], [0.5, 0.5, 1.0])
    """
    counts = count_at_thresholds(truth, scores)
    hits = counts.true_positives[1:]
    return PrecisionRecallCurve(
        precision=hits / (hits + counts.false_positives[1:]),
        recall=hits / (counts.n_positive or math.nan),
        thresholds=counts.thresholds[1:],
    )


def average_precision(truth: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """Mean of the precisions, each weighted by the recall gained: no interpolation.

    Args:
        truth: bool (N,), True for a positive case.
        scores: float (N,), finite, higher for more likely positive; ties share a point.

    Returns:
        A number in (0, 1]; a score that is the same for all cases gets the share of positives;
        nan without positives (scikit-learn gives 0).

    Raises:
        InvalidInputError: truth is not bool (N,), scores are not finite floats (N,), or the
            lengths differ.

    Source: scikit-learn's `average_precision_score`, the sum of (R_k - R_{k-1}) P_k.

    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.5, 0.1]))
    0.8333333333333333
    """
    curve = precision_recall_curve(truth, scores)
    if not np.any(truth):
        return math.nan
    return float(np.sum(np.diff(curve.recall, prepend=0.0) * curve.precision))
