"""Outlines on images: contours, not fills, in colours that colour-blind readers can tell apart.

Prediction is orange, truth is bluish green (the palette of Okabe and Ito, 2008).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.imaging.geometry import resize

RGB = tuple[int, int, int]
PREDICTION_COLOUR: RGB = (255, 140, 0)
TRUTH_COLOUR: RGB = (0, 200, 140)
HALO_COLOUR: RGB = (0, 0, 0)
_SHIFT_BITS = 4
_PX_PER_LINE_PX = 300


def draw_overlay(
    pixels: NDArray[np.uint8],
    *,
    prediction: NDArray[np.bool_] | None = None,
    truth: NDArray[np.bool_] | None = None,
    scale: float = 1.0,
) -> NDArray[np.uint8]:
    """Outline masks on a grey image; the truth lies below the prediction.

    Lines are 2 px wide on an image of 600 px and grow with it, with a thin dark rim so that they
    stand out on bright tissue.

    Args:
        pixels: grey levels uint8 (H, W).
        prediction: bool (H, W), outlined in orange; None or empty draws nothing.
        truth: bool (H, W), outlined in green.
        scale: size of the result against the image; lines are drawn at the result's resolution.

    Returns:
        RGB uint8 (round(H * scale), round(W * scale), 3).

    Raises:
        InvalidInputError: a mask has another shape than the image.
    """
    rgb = grey_to_rgb(scale_grey(pixels, scale))
    width = line_width(rgb)
    factor = (rgb.shape[0] / pixels.shape[0], rgb.shape[1] / pixels.shape[1])
    for mask, colour in ((truth, TRUTH_COLOUR), (prediction, PREDICTION_COLOUR)):
        if mask is None:
            continue
        if mask.shape != pixels.shape:
            raise InvalidInputError(f"mask is {mask.shape}, its image {pixels.shape}.")
        lines = [line * factor for line in find_contours(mask)]
        draw_lines(rgb, lines, width_px=width + 2, colour=HALO_COLOUR)
        draw_lines(rgb, lines, width_px=width, colour=colour)
    return rgb


def find_contours(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Outlines of the regions of a bool (H, W) mask and of their holes.

    Returns:
        One (N, 2) array of points (row, col) per outline, pixel centres at .5; empty for an empty
        mask.
    """
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(line, np.float64).reshape(-1, 2)[:, ::-1] + 0.5 for line in found]


def scale_grey(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Resize uint8 (H, W) by a factor; each side stays at least 1 px."""
    height, width = (max(1, round(side * scale)) for side in pixels.shape)
    return resize(pixels, height_px=height, width_px=width).astype(np.uint8, copy=False)


def grey_to_rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Repeat uint8 (H, W) into three channels (H, W, 3)."""
    return np.repeat(pixels[:, :, np.newaxis], 3, axis=2)


def line_width(rgb: NDArray[np.uint8]) -> int:
    """Width in px of an outline on a picture of this size: 2 up to 600 px, then growing."""
    return max(2, round(max(int(side) for side in rgb.shape[:2]) / _PX_PER_LINE_PX))


def draw_lines(
    rgb: NDArray[np.uint8],
    lines: list[NDArray[np.float64]],
    *,
    width_px: int,
    colour: RGB,
    closed: bool = True,
) -> None:
    """Draw lines of points (row, col) into an RGB picture; pixel centres are at .5."""
    # OpenCV takes (x, y) with pixel centres at whole numbers, in fixed point
    points = [
        np.round((line - 0.5)[:, ::-1] * (1 << _SHIFT_BITS)).astype(np.int32) for line in lines
    ]
    if points:
        cv2.polylines(rgb, points, closed, colour, width_px, cv2.LINE_AA, _SHIFT_BITS)
