"""From probabilities to a mask and remarks, at the image's own resolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.types import LesionClass


def threshold_mask(lesion_prob: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Mark the pixels of float32 (H, W) at or above `threshold`; bool (H, W).

    >>> threshold_mask(np.array([[0.4, 0.5]], np.float32), 0.5).tolist()
    [[False, True]]
    """
    return np.asarray(lesion_prob >= np.float32(threshold), dtype=np.bool_)


def measure_coverage(mask: NDArray[np.bool_]) -> float:
    """Share of the image that a bool (H, W) mask marks, [0, 1]; 0 for an array without pixels.

    >>> measure_coverage(np.array([[True, False, False, False]]))
    0.25
    """
    return float(np.count_nonzero(mask) / mask.size) if mask.size else 0.0


def describe_conflict(label: LesionClass, mask_coverage: float) -> tuple[str, ...]:
    """Remark on a class and a mask that contradict each other; empty when they agree."""
    if label is LesionClass.NORMAL and mask_coverage > 0:
        return (f"class is normal, but the mask marks {mask_coverage:.1%} of the image",)
    if label is not LesionClass.NORMAL and mask_coverage == 0:
        return (f"class is {label.value}, but the mask is empty",)
    return ()
