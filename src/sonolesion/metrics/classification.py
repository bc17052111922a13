"""Scores of decided classes: precision, recall and F1, per class and averaged.

All of them follow from a confusion matrix, see `confusion`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sonolesion.metrics.confusion import require_confusion


class Average(StrEnum):
    """How per-class scores become one: each class alike, or weighted by its cases."""

    MACRO = "macro"
    WEIGHTED = "weighted"


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of each class, see `class_scores`.

    Attributes:
        precision: float64 (C,), right ones among the cases given the class, [0, 1].
        recall: float64 (C,), right ones among the cases of the class, [0, 1].
        f1: float64 (C,), harmonic mean of the two, [0, 1].
        support: int64 (C,), cases of the class.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]
    support: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class AveragedScores:
    """One precision, recall and F1 over all classes, each in [0, 1], and the n cases behind it."""

    precision: float
    recall: float
    f1: float
    n: int


def class_scores(confusion: NDArray[np.integer], *, zero_division: float = 0.0) -> ClassScores:
    """Work out precision, recall and F1 of each class.

    Args:
        confusion: integer (C, C), rows true, columns predicted.
        zero_division: what a score is whose denominator is 0: precision of a class that is never
            predicted, recall of one without cases, F1 of one that is neither.

    Returns:
        The scores, each (C,).

    Raises:
        InvalidInputError: not a square matrix of counts.

    >>> class_scores(np.array([[1, 1], [0, 2]])).precision.tolist()
    [1.0, 0.6666666666666666]
    """
    counts = require_confusion(confusion)
    right, support, given = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)

    def ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.where(whole > 0, part / np.maximum(whole, 1), zero_division)

    return ClassScores(
        precision=ratio(right, given),
        recall=ratio(right, support),
        f1=ratio(2 * right, support + given),
        support=support,
    )


def average_scores(scores: ClassScores, average: Average) -> AveragedScores:
    """Average the scores of the classes.

    MACRO weighs every class alike, also one without cases. WEIGHTED weighs by support, so that a
    class without cases drops out. A nan (from `zero_division`) makes the result nan, except with
    weight 0 (scikit-learn leaves nan classes out). Without any case all three are nan.

    Args:
        scores: per-class scores from `class_scores`.
        average: macro or weighted.

    Returns:
        The averages, each in [0, 1], with their n.

    >>> scores = class_scores(np.array([[5, 8, 0], [0, 37, 7], [0, 7, 14]]))
    >>> round(average_scores(scores, Average.WEIGHTED).precision, 4)
    0.7475
    """
    n = int(scores.support.sum())
    if n == 0:
        return AveragedScores(math.nan, math.nan, math.nan, 0)
    everyone = np.ones(len(scores.support), np.int64)
    weights = everyone if average is Average.MACRO else scores.support
    kept = weights > 0

    def mean(values: NDArray[np.float64]) -> float:
        return float(np.average(values[kept], weights=weights[kept]))

    return AveragedScores(mean(scores.precision), mean(scores.recall), mean(scores.f1), n)
