"""What is called positive as the threshold falls: ROC, precision-recall and operating points.

A case is called positive when its score is at or above the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.metrics._arguments import require_finite, require_flags, require_same_length


@dataclass(frozen=True, slots=True)
class ThresholdCounts:
    """What is called positive at each threshold, from the strictest to the most lenient.

    Attributes:
        thresholds: float64 (K + 1,), infinity (nothing is positive), then the K distinct scores
            falling.
        true_positives: int64 (K + 1,), positive cases at or above the threshold.
        false_positives: int64 (K + 1,), negative cases at or above the threshold.
        n_positive: positive cases in all.
        n_negative: negative cases in all.
    """

    thresholds: NDArray[np.float64]
    true_positives: NDArray[np.int64]
    false_positives: NDArray[np.int64]
    n_positive: int
    n_negative: int


def count_at_thresholds(truth: NDArray[np.bool_], scores: NDArray[np.floating]) -> ThresholdCounts:
    """Count true and false positives at every distinct score; ties share one threshold.

    Args:
        truth: bool (N,), True for a positive case.
        scores: float (N,), finite, higher for more likely positive; any range.

    Returns:
        The counts; one threshold (infinity) for N = 0.

    Raises:
        InvalidInputError: truth is not bool (N,), scores are not finite floats (N,), or the
            lengths differ.

    >>> count_at_thresholds(np.array([True, False]), np.array([0.5, 0.5])).true_positives.tolist()
    [0, 1]
    """
    positive, values = require_flags(truth, "truth"), require_finite(scores, "scores")
    require_same_length(positive, values)
    distinct, index = np.unique(-values, return_inverse=True)
    hits = np.bincount(index[positive], minlength=len(distinct))
    misses = np.bincount(index[~positive], minlength=len(distinct))
    return ThresholdCounts(
        thresholds=np.concatenate([[np.inf], -distinct]),
        true_positives=np.concatenate([[0], np.cumsum(hits)]),
        false_positives=np.concatenate([[0], np.cumsum(misses)]),
        n_positive=int(hits.sum()),
        n_negative=int(misses.sum()),
    )
