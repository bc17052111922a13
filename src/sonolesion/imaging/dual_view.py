"""Two images side by side in one picture, as scanners save a dual view: where is the seam?

In one B-mode image a column looks like the next ones, because speckle is wider than a pixel.
Across a seam it does not: what is left and right of it was recorded apart. A caliper line or the
edge of a shadow does not break this, since the columns on both sides of it still agree.
"""

from __future__ import annotations

import numpy as np

from sonolesion.imaging.texture import Grey

MIDDLE = (0.35, 0.65)
MAX_SEAM_CORRELATION = -0.08
_REACH = 3
_NO_DETAIL = 1e-6  # squared grey levels: what rounding leaves of a flat column


def find_seam(fine: Grey) -> float | None:
    """Find the seam of a dual view.

    Three pairs of columns straddle each candidate, 1, 3 and 5 px apart. Their mean correlation
    is mostly above .1 anywhere in a single image and under -.1 at a seam, with or without a gap
    (docs/explanation/input-gate.md has the measurement).

    Args:
        fine: float32 (H, W), what is finer than 4 px, from `split_layers`; 32 px a side at least.

    Returns:
        Where the seam is, as a share of the width, [.35, .65]; None for one image.
    """
    place, correlation = measure_seam(fine)
    return place if correlation < MAX_SEAM_CORRELATION else None


def measure_seam(fine: Grey) -> tuple[float, float]:
    """Return the most seam-like place of the middle (share of the width), and its correlation.

    The correlation is that of what is finer than 4 px, [-1, 1]; 1 where there is no detail at all.
    """
    width = fine.shape[1]
    low, high = int(MIDDLE[0] * width), int(MIDDLE[1] * width)
    middle = fine[:, low - _REACH : high + _REACH]
    power = np.einsum("ij,ij->j", middle, middle) / len(fine)
    total = np.zeros(high - low)
    for step in range(_REACH):
        left = slice(_REACH - 1 - step, _REACH - 1 - step + high - low)
        right = slice(_REACH + step, _REACH + step + high - low)
        product = np.einsum("ij,ij->j", middle[:, left], middle[:, right]) / len(fine)
        scale = np.sqrt(power[left] * power[right])
        total += np.where(scale > _NO_DETAIL, product / np.maximum(scale, _NO_DETAIL), 1.0)
    total /= _REACH
    at = int(total.argmin())
    return (low + at) / width, float(total[at])
