"""Two images side by side in one picture, as scanners save a dual view: where is the seam?

In one B-mode image a column looks like the next ones, because speckle is wider than a pixel.
Across a seam it does not: what is left and right of it was recorded apart. A caliper line or the
edge of a shadow does not break this, since the columns on both sides of it still agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.imaging.texture import fine_detail, reduce_to_limit

MIDDLE = (0.35, 0.65)
MAX_SEAM_CORRELATION = -0.08
_REACH = 3
_SIGMA_PX = 4.0


def find_seam(pixels: NDArray[np.uint8]) -> float | None:
    """Find the seam of a dual view.

    Three pairs of columns straddle each candidate, 1, 3 and 5 px apart. Their mean correlation
    is mostly above .1 anywhere in a single image and under -.1 at a seam, with or without a gap
    (docs/explanation/input-gate.md has the measurement).

    Args:
        pixels: uint8 (H, W), at least 32 px a side.

    Returns:
        Where the seam is, as a share of the width, [.35, .65]; None for one image.
    """
    place, correlation = measure_seam(pixels)
    return place if correlation < MAX_SEAM_CORRELATION else None


def measure_seam(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Return the most seam-like place of the middle (share of the width), and its correlation.

    The correlation is that of what is finer than 4 px, [-1, 1]; 1 where there is no detail at all.
    """
    detail = fine_detail(reduce_to_limit(pixels), _SIGMA_PX)
    width = detail.shape[1]
    power = (detail * detail).mean(axis=0)
    low, high = int(MIDDLE[0] * width), int(MIDDLE[1] * width)
    total = np.zeros(high - low)
    for step in range(_REACH):
        left = slice(low - 1 - step, high - 1 - step)
        right = slice(low + step, high + step)
        product = (detail[:, left] * detail[:, right]).mean(axis=0)
        scale = np.sqrt(power[left] * power[right])
        total += np.where(scale > 0, product / np.maximum(scale, 1e-6), 1.0)
    total /= _REACH
    at = int(total.argmin())
    return (low + at) / width, float(total[at])
