"""Grey levels: uint8 between files and geometry, float32 in [0, 1] at the network's door."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def to_unit_range(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Scale grey levels uint8, any shape, to float32 in [0, 1].

    >>> to_unit_range(np.array([0, 255], np.uint8)).tolist()
    [0.0, 1.0]
    """
    return pixels.astype(np.float32) / np.float32(255.0)
