"""Do the probabilities mean what they say.

Confidence is the highest class probability of a case, and the case is right when that class is
the true one (the lowest index of a tie).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sonolesion.metrics._arguments import require_at_least, require_class_prob


class Binning(StrEnum):
    """How cases are put into bins of confidence.

    EQUAL_WIDTH cuts [0, 1] into equal pieces, upper edges inside. EQUAL_MASS cuts at quantiles;
    cases of one confidence stay together, so ties make bins differ in size or stay empty.
    """

    EQUAL_WIDTH = "equal-width"
    EQUAL_MASS = "equal-mass"


@dataclass(frozen=True, slots=True)
class ReliabilityBins:
    """Confidence against accuracy, per bin of confidence.

    Attributes:
        confidence: float64 (B,), mean confidence in [0, 1]; nan in an empty bin.
        accuracy: float64 (B,), share of right cases in [0, 1]; nan in an empty bin.
        count: int64 (B,), cases in the bin.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    count: NDArray[np.int64]


def reliability_bins(
    truth: NDArray[np.integer],
    class_prob: NDArray[np.floating],
    *,
    n_bins: int = 15,
    binning: Binning = Binning.EQUAL_WIDTH,
) -> ReliabilityBins:
    """Compare confidence with accuracy, in bins that rise with confidence.

    Args:
        truth: integer (N,), class indices in [0, C).
        class_prob: float (N, C), rows sum to 1.
        n_bins: number of bins B, at least 1.
        binning: equal width or equal mass.

    Returns:
        The bins, the empty ones too; all empty for N = 0.

    Raises:
        InvalidInputError: an array has another type or shape, a row is no probabilities, an
            index is out of range, or n_bins is below 1.

    Source: Guo et al., ICML 2017 (equal width); Nixon et al., CVPRW 2019 (equal mass).

    >>> bins = reliability_bins(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), n_bins=2)
    >>> bins.count.tolist(), bins.confidence.tolist(), bins.accuracy.tolist()
    ([0, 2], [nan, 0.75], [nan, 0.5])
    """
    n_bins = require_at_least(n_bins, "n_bins", least=1)
    labels, prob = require_class_prob(truth, class_prob)
    confidence, right = prob.max(axis=1, initial=0.0), prob.argmax(axis=1) == labels
    last = np.arange(1, n_bins + 1)
    if binning is Binning.EQUAL_WIDTH:
        upper_edges = last / n_bins
    else:
        taken = -(-last * len(labels) // n_bins)  # ceil: cases up to and with each bin
        upper_edges = np.concatenate([[-np.inf], np.sort(confidence)])[taken]
    # The last edge is passed only by rounding (a probability of 1 + 1e-7).
    index = np.minimum(np.searchsorted(upper_edges, confidence, side="left"), n_bins - 1)
    count = np.bincount(index, minlength=n_bins)
    divisor = np.where(count > 0, count, math.nan)
    return ReliabilityBins(
        confidence=np.bincount(index, weights=confidence, minlength=n_bins) / divisor,
        accuracy=np.bincount(index, weights=right, minlength=n_bins) / divisor,
        count=count,
    )


def expected_calibration_error(
    truth: NDArray[np.integer],
    class_prob: NDArray[np.floating],
    *,
    n_bins: int = 15,
    binning: Binning = Binning.EQUAL_WIDTH,
) -> float:
    """Mean gap between confidence and accuracy over the bins, weighted by their cases.

    Args:
        truth: integer (N,), class indices in [0, C).
        class_prob: float (N, C), rows sum to 1.
        n_bins: number of bins, at least 1.
        binning: equal width or equal mass.

    Returns:
        A number in [0, 1], 0 best; nan for N = 0. It depends on the bins and on N: state both.

    Raises:
        InvalidInputError: as `reliability_bins`.

    Source: Naeini et al., AAAI 2015; Guo et al., ICML 2017, equation 3.

    >>> expected_calibration_error(np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]), n_bins=2)
    0.25
    """
    bins = reliability_bins(truth, class_prob, n_bins=n_bins, binning=binning)
    n = int(bins.count.sum())
    if n == 0:
        return math.nan
    filled = bins.count > 0
    gap = np.abs(bins.accuracy[filled] - bins.confidence[filled])
    return float(np.sum(bins.count[filled] * gap) / n)


def brier_score(truth: NDArray[np.integer], class_prob: NDArray[np.floating]) -> float:
    """Mean squared error of the class probabilities, summed over classes.

    Args:
        truth: integer (N,), class indices in [0, C).
        class_prob: float (N, C), rows sum to 1.

    Returns:
        A number in [0, 2], 0 best; nan for N = 0. Binary definitions with one term give half.

    Raises:
        InvalidInputError: an array has another type or shape, a row is no probabilities, or an
            index is out of range.

    Source: Brier, Monthly Weather Review 78 (1950) 1.

    >>> brier_score(np.array([0, 1]), np.array([[1.0, 0.0], [0.5, 0.5]]))
    0.25
    """
    labels, prob = require_class_prob(truth, class_prob)
    if len(labels) == 0:
        return math.nan
    return float(np.mean(np.sum((prob - np.eye(prob.shape[1])[labels]) ** 2, axis=1)))
