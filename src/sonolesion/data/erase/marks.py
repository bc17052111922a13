"""Calipers and text: thin marks that the scanner wrote over the picture.

A mark has upright strokes of a few pixels, near-saturated, with an edge of one pixel; what is as
bright in tissue (skin, fascia, speckle) is drawn out along the rows or has softer edges.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_STROKE_OF_SIDE = 0.011  # width of the widest stroke, as a share of the longer side
_HEIGHT_OF_SIDE = 0.0065  # of the lowest stroke, likewise; calcium is lower
_ARM_OF_SIDE = 0.024  # length of a caliper's arm, likewise
_LEVEL_MIN = 120  # grey level of a stroke
_LIFTS = (
    50,
    65,
    80,
    100,
    120,
    140,
    160,
)  # of a stroke over both its sides; the first that is rare enough
_COMMON = 5e-3  # share of the image above which strokes are taken for speckle
_BODY_LIFT = 40  # what joins a stroke and stands out by this much belongs to the mark


def find_marks(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Find calipers, dotted lines and letters.

    Args:
        pixels: grey levels, uint8 (H, W).

    Returns:
        bool (H, W), true on marks with a rim of one pixel; empty where there are none.

    >>> plain = np.full((64, 64), 60, np.uint8)
    >>> bool(find_marks(plain).any())
    False
    >>> plain[20:33, 30:32] = plain[26:28, 26:37] = 240
    >>> bool(find_marks(plain)[26, 27])
    True
    """
    side = max(pixels.shape)
    line = max(5, round(_STROKE_OF_SIDE * side) + 2) | 1  # odd: an even one would shift edges
    across = _lift(pixels, np.ones((1, line), np.uint8))
    along = _lift(pixels, np.ones((line, 1), np.uint8))
    bright = pixels >= _LEVEL_MIN
    for lift in _LIFTS:
        seeds = _drop_specks(
            (across >= lift) & bright, min_px=max(3, round(_HEIGHT_OF_SIDE * side))
        )
        if seeds.mean() <= _COMMON:
            break
    if not seeds.any():
        return np.zeros(pixels.shape, np.bool_)
    body = (np.maximum(across, along) >= _BODY_LIFT) & (pixels >= 0.6 * _LEVEL_MIN)
    reach = 2 * max(3, round(_ARM_OF_SIDE * side / 2)) + 1
    near = cv2.dilate(seeds.astype(np.uint8), np.ones((reach, reach), np.uint8))
    found = (body & (near > 0)) | seeds
    return np.asarray(cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)


def remove_marks(pixels: NDArray[np.uint8], marks: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the picture with marks filled from their rims; the picture itself if there are none.

    Source: Telea, J. Graphics Tools 9 (2004) 23-34.
    """
    if not marks.any():
        return pixels
    return np.asarray(cv2.inpaint(pixels, marks.astype(np.uint8), 3, cv2.INPAINT_TELEA), np.uint8)


def _lift(pixels: NDArray[np.uint8], kernel: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How much a pixel stands above both sides along a line (0 in what is wider than the line)."""
    return np.asarray(cv2.subtract(pixels, cv2.morphologyEx(pixels, cv2.MORPH_OPEN, kernel)))


def _drop_specks(seeds: NDArray[np.bool_], *, min_px: int) -> NDArray[np.bool_]:
    """Keep connected strokes that are at least `min_px` high."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(seeds.astype(np.uint8), connectivity=8)
    keep = stats[:, cv2.CC_STAT_HEIGHT] >= min_px
    keep[0] = False
    return np.asarray(keep[labels])
