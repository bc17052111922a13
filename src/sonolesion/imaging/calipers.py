"""Diameters on pictures, drawn as a reader sets calipers: a thin line with a cross at each end."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.imaging.draw import RGB

CALIPER_COLOUR: RGB = (86, 180, 233)  # sky blue of Okabe and Ito, 2008
_HALO_COLOUR: RGB = (0, 0, 0)
_SHIFT_BITS = 4
_PX_PER_CROSS_PX = 80
_MIN_CROSS_PX = 4

Line = tuple[tuple[float, float], tuple[float, float]]
"""Two ends (row, col) in px of the image, whole numbers at pixel centres."""


def draw_calipers(
    rgb: NDArray[np.uint8], lines: Sequence[Line], *, scale: float = 1.0
) -> NDArray[np.uint8]:
    """Draw straight lines with crosses at their ends.

    Args:
        rgb: uint8 (H, W, 3), not changed.
        lines: in px of the image before it was scaled; none draws nothing.
        scale: size of `rgb` against that image.

    Returns:
        uint8 (H, W, 3).

    >>> picture = draw_calipers(np.zeros((40, 60, 3), np.uint8), [((20.0, 10.0), (20.0, 50.0))])
    >>> bool(picture[20, 30].all()), bool(picture[5].any())
    (True, False)
    """
    picture = np.ascontiguousarray(rgb).copy()
    arm = max(_MIN_CROSS_PX, round(max(rgb.shape[:2]) / _PX_PER_CROSS_PX))
    strokes = [stroke for line in lines for stroke in _strokes(line, scale, arm)]
    for width, colour in ((3, _HALO_COLOUR), (1, CALIPER_COLOUR)):
        for start, end in strokes:
            cv2.line(picture, start, end, colour, width, cv2.LINE_AA, _SHIFT_BITS)
    return picture


def _strokes(
    line: Line, scale: float, arm_px: int
) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The line and its two crosses in fixed point, (x, y)."""
    ends = [_to_picture(end, scale) for end in line]
    arm = arm_px << _SHIFT_BITS
    strokes = [(ends[0], ends[1])]
    for x, y in ends:
        strokes += [((x - arm, y), (x + arm, y)), ((x, y - arm), (x, y + arm))]
    return strokes


def _to_picture(end: tuple[float, float], scale: float) -> tuple[int, int]:
    row, col = ((value + 0.5) * scale - 0.5 for value in end)
    return round(col * (1 << _SHIFT_BITS)), round(row * (1 << _SHIFT_BITS))
