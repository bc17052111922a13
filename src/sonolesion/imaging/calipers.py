"""The two diameters of a lesion as thin lines with ticks at their ends.

Sky blue of the palette of Okabe and Ito (2008), which colour-blind readers tell from the orange
of the outline.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.imaging.draw import HALO_COLOUR, RGB, draw_lines, line_width
from sonolesion.types.lesion import LesionMeasurement, Point

CALIPER_COLOUR: RGB = (86, 200, 255)
_TICK_PER_LINE = 4.0
_MAX_TICK_SHARE = 0.1
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_calipers(
    rgb: NDArray[np.uint8], lesions: Sequence[LesionMeasurement], *, factor: tuple[float, float]
) -> None:
    """Draw the diameters of each lesion into `rgb`, and its number where there are several.

    Args:
        rgb: uint8 (H, W, 3), changed in place.
        lesions: the largest first, as they are numbered; none draws nothing.
        factor: size of `rgb` against the image that was measured, (row, col).
    """
    width = max(1, line_width(rgb) // 2)
    for lesion in lesions:
        lines = []
        for ends in (lesion.longest_ends_px, lesion.perpendicular_ends_px):
            lines += _cross_bars(ends, factor=factor, tick_px=_TICK_PER_LINE * (width + 1))
        draw_lines(rgb, lines, width_px=width + 2, colour=HALO_COLOUR, closed=False)
        draw_lines(rgb, lines, width_px=width, colour=CALIPER_COLOUR, closed=False)
    if len(lesions) > 1:
        for number, lesion in enumerate(lesions, 1):
            _write_number(rgb, str(number), lesion, factor=factor)


def _cross_bars(
    ends: tuple[Point, Point], *, factor: tuple[float, float], tick_px: float
) -> list[NDArray[np.float64]]:
    """The line and a short bar across each of its ends, in pixels of the picture."""
    line = (np.asarray(ends) + 0.5) * factor
    along = line[1] - line[0]
    length = float(np.hypot(*along))
    if length == 0.0:
        return []
    across = np.array([-along[1], along[0]]) * min(tick_px / length, _MAX_TICK_SHARE)
    return [line, *(np.array([end - across, end + across]) for end in line)]


def _write_number(
    rgb: NDArray[np.uint8], text: str, lesion: LesionMeasurement, *, factor: tuple[float, float]
) -> None:
    """Beside the right end of the longest diameter, moved into the picture where it must be."""
    width = line_width(rgb)
    size = width / 4.0
    (wide, high), _ = cv2.getTextSize(text, _FONT, size, width)
    row, col = max(lesion.longest_ends_px, key=lambda end: end[1])
    x = round((col + 0.5) * factor[1]) + 4 * width
    y = round((row + 0.5) * factor[0]) + high // 2
    at = (max(0, min(x, rgb.shape[1] - wide - 2)), max(high + 2, min(y, rgb.shape[0] - 4)))
    for colour, thickness in ((HALO_COLOUR, width + 2), (CALIPER_COLOUR, max(1, width - 1))):
        cv2.putText(rgb, text, at, _FONT, size, colour, thickness, cv2.LINE_AA)
