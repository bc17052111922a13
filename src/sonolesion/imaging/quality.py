"""A small gate: pictures that hold no ultrasound are refused, odd ones are remarked upon.

It knows nothing of what a breast looks like; it keeps a confident class from being written
under a black frame, a mask file or a plain gradient.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import UnsupportedImageError
from sonolesion.types import UltrasoundImage

MIN_LEVELS = 16
MIN_STD = 4.0
MIN_TEXTURE = 0.05
MIN_CORRELATION = 0.3
COLOUR_REMARK = 0.002


def check_content(image: UltrasoundImage, *, name: str) -> tuple[str, ...]:
    """Refuse an image without ultrasound content; remark on one that is odd.

    Refused are: fewer than 16 grey levels (constant, black, a mask); a standard deviation under 4
    grey levels; hardly any pixel that differs from its neighbour by more than one level (a
    gradient, no speckle); neighbours that know nothing of each other (pure noise). On all 780 BUSI
    and 188 BUS-BRA images the closest to a limit have 140 levels, a deviation of 16, 23 % of such
    pixels and a correlation of .94.

    Args:
        image: the decoded image.
        name: what to call it in messages.

    Returns:
        Remarks for the result; empty for an ordinary image.

    Raises:
        UnsupportedImageError: no ultrasound content, with the reason.
    """
    reason = _find_reason(image.pixels)
    if reason:
        raise UnsupportedImageError(
            f"{name}: no ultrasound content ({reason}). "
            "Give a B-mode image as the scanner saved it."
        )
    if image.colour_fraction > COLOUR_REMARK:
        return (f"{image.colour_fraction:.1%} of the pixels are coloured (Doppler or marks)",)
    return ()


def _find_reason(pixels: NDArray[np.uint8]) -> str:
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
