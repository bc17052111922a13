"""From colour to grey: luma by ITU-R BT.601, and how much colour there was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_COLOUR_TOLERANCE = 24


def rgb_to_luma(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make uint8 (H, W, 3) grey, uint8 (H, W).

    >>> rgb_to_luma(np.array([[[255, 0, 0]]], np.uint8)).tolist()
    [[76]]
    """
    return np.array(Image.fromarray(np.ascontiguousarray(rgb)).convert("L"))


def measure_colour_fraction(rgb: NDArray[np.uint8]) -> float:
    """Share of the pixels of uint8 (H, W, 3) whose channels differ by more than 24; [0, 1]."""
    if not (rgb[..., 0] != rgb[..., 1]).any() and not (rgb[..., 1] != rgb[..., 2]).any():
        return 0.0
    spread = rgb.max(axis=2).astype(np.int16) - rgb.min(axis=2)
    return float((spread > _COLOUR_TOLERANCE).mean())
