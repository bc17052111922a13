"""The threshold at which one of sensitivity and specificity is held and the other is best.

Only thresholds that the scores themselves offer are used: no interpolation of the ROC curve.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.metrics.threshold_counts import count_at_thresholds


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold and what it gives; all nan when a class is absent.

    Attributes:
        threshold: positive is a score at or above it; infinity calls nothing positive.
        sensitivity: share of positive cases called positive, [0, 1].
        specificity: share of negative cases not called positive, [0, 1].
        n_positive: positive cases behind the sensitivity.
        n_negative: negative cases behind the specificity.
    """

    threshold: float
    sensitivity: float
    specificity: float
    n_positive: int
    n_negative: int


def sensitivity_at_specificity(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], *, specificity: float
) -> OperatingPoint:
    """Find the most sensitive threshold whose specificity is at least `specificity`.

    Among equally sensitive thresholds the most specific is taken, then the highest.

    Args:
        truth: bool (N,), True for a positive case.
        scores: float (N,), finite, higher for more likely positive.
        specificity: the specificity to hold, [0, 1].

    Returns:
        The point; its threshold is infinity (sensitivity 0) when no score is strict enough.

    Raises:
        InvalidInputError: specificity is outside [0, 1], truth is not bool (N,), scores are not
            finite floats (N,), or the lengths differ.

    >>> truth, scores = np.array([False, False, True, True]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> sensitivity_at_specificity(truth, scores, specificity=0.9).threshold
    0.9
    """
    return _choose(truth, scores, required=specificity, hold="specificity")


def specificity_at_sensitivity(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], *, sensitivity: float
) -> OperatingPoint:
    """Find the most specific threshold whose sensitivity is at least `sensitivity`.

    Among equally specific thresholds the most sensitive is taken.

    Args:
        truth: bool (N,), True for a positive case.
        scores: float (N,), finite, higher for more likely positive.
        sensitivity: the sensitivity to hold, [0, 1].

    Returns:
        The point; a sensitivity of 1 can always be held.

    Raises:
        InvalidInputError: sensitivity is outside [0, 1], truth is not bool (N,), scores are not
            finite floats (N,), or the lengths differ.

    >>> truth, scores = np.array([False, False, True, True]), np.array([0.1, 0.6, 0.4, 0.9])
    >>> specificity_at_sensitivity(truth, scores, sensitivity=0.9).specificity
    0.5
    """
    return _choose(truth, scores, required=sensitivity, hold="sensitivity")


def _choose(
    truth: NDArray[np.bool_], scores: NDArray[np.floating], *, required: float, hold: str
) -> OperatingPoint:
    if not 0.0 <= required <= 1.0:
        raise InvalidInputError(f"{hold}: expected a number in [0, 1], got {required}.")
    counts = count_at_thresholds(truth, scores)
    n_positive, n_negative = counts.n_positive, counts.n_negative
    if n_positive == 0 or n_negative == 0:
        return OperatingPoint(math.nan, math.nan, math.nan, n_positive, n_negative)
    # Ratios of counts, not 1 minus a rate: 9 of 10 must meet a requirement of 0.9 exactly.
    sensitivity = counts.true_positives / n_positive
    specificity = (n_negative - counts.false_positives) / n_negative
    held, wanted = (
        (specificity, sensitivity) if hold == "specificity" else (sensitivity, specificity)
    )
    allowed = np.flatnonzero(held >= required)
    # lexsort sorts by its last key first: best `wanted`, then best `held`, then strictest.
    best = int(allowed[np.lexsort((allowed, -held[allowed], -wanted[allowed]))[0]])
    return OperatingPoint(
        threshold=float(counts.thresholds[best]),
        sensitivity=float(sensitivity[best]),
        specificity=float(specificity[best]),
        n_positive=n_positive,
        n_negative=n_negative,
    )
