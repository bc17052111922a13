"""Is there any picture at all: not constant, not a mask, not a gradient, not pure noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_LEVELS = 16
MIN_STD = 4.0
MIN_TEXTURE = 0.05
MIN_CORRELATION = 0.3


def find_emptiness(pixels: NDArray[np.uint8]) -> str:
    """Say why a picture holds nothing; "" when it holds something.

    Nothing is: fewer than 16 grey levels (constant, black, a mask); a standard deviation under 4
    grey levels; hardly any pixel that differs from its neighbour by more than one level (a
    gradient, no speckle); neighbours that know nothing of each other (pure noise). On all 780 BUSI
    and 1,875 BUS-BRA images the closest to the first two limits have 122 levels and a deviation of
    15.6; on 968 of them the closest to the others have 23 % of such pixels, a correlation of .94.

    Args:
        pixels: uint8 (H, W), at least 2 px wide.
    """
    levels = int(np.count_nonzero(np.bincount(pixels.ravel(), minlength=256)))
    if levels < MIN_LEVELS:
        return f"{levels} grey level{'s' if levels > 1 else ''}"
    wide = pixels.astype(np.float32)
    deviation = float(wide.std())
    if deviation < MIN_STD:
        return f"contrast of {deviation:.1f} grey levels"
    left, right = wide[:, :-1], wide[:, 1:]
    texture = float(np.count_nonzero(np.abs(right - left) > 1) / left.size)
    if texture < MIN_TEXTURE:
        return "no speckle texture"
    correlation = _correlate(left, right)
    return "pure noise" if correlation < MIN_CORRELATION else ""


def _correlate(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    a, b = first - first.mean(), second - second.mean()
    scale = float(np.sqrt(np.vdot(a, a) * np.vdot(b, b)))
    return float(np.vdot(a, b)) / scale if scale > 0 else 0.0
