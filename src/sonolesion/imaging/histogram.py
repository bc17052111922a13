"""How often each grey level occurs: counted once, asked by several checks."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

N_LEVELS = 256
LevelCounts = NDArray[np.int64]
"""int64 (256,), how many pixels have each grey level."""

_EXACT_PX = 2**24  # OpenCV gives its counts as float32


def count_levels(pixels: NDArray[np.uint8]) -> LevelCounts:
    """Count the grey levels of uint8 (H, W); all 0 for an array without pixels.

    >>> counts = count_levels(np.array([[0, 7], [7, 255]], np.uint8))
    >>> counts[[0, 7, 8, 255]].tolist()
    [1, 2, 0, 1]
    """
    if pixels.size == 0 or pixels.size > _EXACT_PX:
        return np.bincount(pixels.ravel(), minlength=N_LEVELS)
    counts = cv2.calcHist([pixels], [0], None, [N_LEVELS], [0, N_LEVELS])
    return counts.reshape(N_LEVELS).astype(np.int64)  # OpenCV 4 gives (256, 1), 5 gives (256,)
