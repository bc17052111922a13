"""Temperature scaling: one number that makes class probabilities less (or more) sure.

Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.metrics.probability import softmax

TEMPERATURE_RANGE = (0.05, 20.0)
_HALVINGS = 100


def fit_temperature(class_logits: NDArray[np.float64], labels: NDArray[np.integer]) -> float:
    """Find the temperature that minimises the negative log-likelihood of the labels.

    With b = 1/T the likelihood of ``b * logits`` is concave, so its slope, the mean over cases of
    ``sum_c p_c z_c - z_label``, changes sign at most once: bisection on b finds the optimum.

    Args:
        class_logits: (N, C) outputs on held-out cases, N >= 1, finite.
        labels: (N,) class indices in [0, C).

    Returns:
        T in [0.05, 20]. A bound is returned where the optimum lies beyond it (0.05 when each
        case is classified right with any margin); 1.0 when the logits say nothing at all.

    Raises:
        InvalidInputError: empty, of unlike length, not finite, or a label out of range.
    """
    logits = np.asarray(class_logits, dtype=np.float64)
    if logits.ndim != 2 or len(logits) == 0 or labels.shape != (len(logits),):
        raise InvalidInputError(
            f"expected logits (N, C) and labels (N,) with N >= 1, got {logits.shape} and "
            f"{labels.shape}."
        )
    if not np.isfinite(logits).all():
        raise InvalidInputError("class_logits: expected finite values, got nan or infinity.")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise InvalidInputError(f"labels: expected integers from 0 to {logits.shape[1] - 1}.")
    if not np.ptp(logits, axis=1).any():
        return 1.0
    true_logit = logits[np.arange(len(logits)), labels]
    low, high = 1.0 / TEMPERATURE_RANGE[1], 1.0 / TEMPERATURE_RANGE[0]
    if _slope(logits, true_logit, low) >= 0:
        return TEMPERATURE_RANGE[1]
    if _slope(logits, true_logit, high) <= 0:
        return TEMPERATURE_RANGE[0]
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if _slope(logits, true_logit, middle) < 0:
            low = middle
        else:
            high = middle
    return 2.0 / (low + high)


def _slope(logits: NDArray[np.float64], true_logit: NDArray[np.float64], inverse: float) -> float:
    """Derivative by 1/T of the mean negative log-likelihood, at 1/T = `inverse`."""
    prob = softmax(logits, temperature=1.0 / inverse)
    return float(((prob * logits).sum(axis=1) - true_logit).mean())
