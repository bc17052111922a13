"""Receiver operating characteristic: how well a score ranks cases, whatever the threshold.

With no positive or no negative case there is nothing to rank: the areas are nan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.metrics._arguments import require_class_prob
from sonolesion.metrics.threshold_counts import count_at_thresholds
from sonolesion.types import CLASS_INDEX, LesionClass


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Points of a ROC curve, from (0, 0) to (1, 1), one per distinct score.

    Attributes:
        false_positive_rate: float64 (K + 1,), rising in [0, 1]; all nan without negatives.
        true_positive_rate: float64 (K + 1,), rising in [0, 1]; all nan without positives.
        thresholds: float64 (K + 1,), falling from infinity.
    """

    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def roc_curve(truth: NDArray[np.bool_], scores: NDArray[np.floating]) -> RocCurve:
    """Trace the ROC curve.

    Args:
        truth: bool (N,), True for a positive case.
        scores: float (N,), finite, higher for more likely positive; any range.

    Returns:
        The curve; the single point of threshold infinity for N = 0.

    Raises:
        InvalidInputError: truth is not bool (N,), scores are not finite floats (N,), or the
            lengths differ.

    >>> curve = roc_curve(np.array([False, True, True]), np.array([0.2, 0.1, 0.9]))
    >>> curve.true_positive_rate.tolist(), curve.false_positive_rate.tolist()
    ([0.0, 0.5, 0.5, 1.0], [0.0, 0.0, 1.0, 1.0])
    """
    counts = count_at_thresholds(truth, scores)
    return RocCurve(
        false_positive_rate=counts.false_positives / (counts.n_negative or math.nan),
        true_positive_rate=counts.true_positives / (counts.n_positive or math.nan),
        thresholds=counts.thresholds,
    )


def roc_auc(truth: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    """Area under the ROC curve: the chance that a positive outranks a negative, ties counting half.

    Args:
        truth: bool (N,), True for a positive case.
        scores: float (N,), finite, higher for more likely positive; any range.

    Returns:
        A number in [0, 1]; nan without a positive or without a negative case.

    Raises:
        InvalidInputError: truth is not bool (N,), scores are not finite floats (N,), or the
            lengths differ.

    Source: Hanley and McNeil, Radiology 143 (1982) 29.

    >>> roc_auc(np.array([False, True, True]), np.array([0.2, 0.2, 0.9]))
    0.75
    """
    counts = count_at_thresholds(truth, scores)
    if counts.n_positive == 0 or counts.n_negative == 0:
        return math.nan
    hits, passed = counts.true_positives, counts.false_positives
    twice_area = int(np.sum(np.diff(passed) * (hits[1:] + hits[:-1])))
    return twice_area / (2 * counts.n_positive * counts.n_negative)


def one_vs_rest_auc(
    truth: NDArray[np.integer], class_prob: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Rank each class's probability against all other classes.

    Args:
        truth: integer (N,), class indices in [0, C).
        class_prob: float (N, C), rows sum to 1.

    Returns:
        float64 (C,), each in [0, 1]; nan for a class that no case has, or that every case has.

    Raises:
        InvalidInputError: an array has another type or shape, a row is no probabilities, or an
            index is out of range.

    >>> one_vs_rest_auc(np.array([0, 1]), np.array([[0.9, 0.1, 0.0], [0.2, 0.6, 0.2]])).tolist()
    [1.0, 1.0, nan]
    """
    labels, prob = require_class_prob(truth, class_prob)
    return np.array([roc_auc(labels == k, prob[:, k]) for k in range(prob.shape[1])])


def malignant_vs_benign_auc(truth: NDArray[np.integer], class_prob: NDArray[np.floating]) -> float:
    """Rank malignant against benign, over the cases whose truth is one of the two.

    The score is p_malignant / (p_malignant + p_benign), and 0.5 where both are 0.

    Args:
        truth: integer (N,), class indices in `LesionClass` order.
        class_prob: float (N, 3), rows sum to 1, columns in `LesionClass` order.

    Returns:
        A number in [0, 1]; nan when no case is malignant or none is benign.

    Raises:
        InvalidInputError: as `one_vs_rest_auc`, or there are not 3 columns.

    >>> prob = np.array([[0.8, 0.1, 0.1], [0.0, 0.7, 0.3], [0.6, 0.1, 0.3]])
    >>> malignant_vs_benign_auc(np.array([0, 1, 2]), prob)
    1.0
    """
    labels, prob = require_class_prob(truth, class_prob)
    if prob.shape[1] != len(LesionClass):
        raise InvalidInputError(
            f"class_prob: expected {len(LesionClass)} columns, got {prob.shape[1]}."
        )
    malignant, benign = CLASS_INDEX[LesionClass.MALIGNANT], CLASS_INDEX[LesionClass.BENIGN]
    kept = (labels == malignant) | (labels == benign)
    lesion_prob = prob[kept, malignant] + prob[kept, benign]
    share = prob[kept, malignant] / np.where(lesion_prob > 0, lesion_prob, 1.0)
    scores = np.where(lesion_prob > 0, share, 0.5)
    return roc_auc(labels[kept] == malignant, scores)
