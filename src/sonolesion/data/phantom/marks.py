"""What a scanner writes over the picture: calipers and text."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sonolesion.data.phantom.settings import PhantomSettings

_INK = 230
_SIDES = ("RT", "LT", "RIGHT BREAST", "LEFT BREAST")
_QUADRANTS = ("", " UOQ", " UIQ", " LOQ", " LIQ", " AX", " 3", " 10 O'CLOCK")


@dataclass(frozen=True, slots=True)
class Marks:
    """What was written over a picture.

    Attributes:
        calipers: number of measured lines, 0 or 2 per lesion.
        text: the line of screen text, empty for none.
    """

    calipers: int = 0
    text: str = ""


def annotate(
    rng: np.random.Generator,
    pixels: NDArray[np.uint8],
    masks: tuple[NDArray[np.bool_], ...],
    settings: PhantomSettings,
) -> tuple[NDArray[np.uint8], Marks]:
    """Write calipers and text at the rates that `settings` ask for.

    Args:
        rng: source of randomness.
        pixels: uint8 (H, W), left as it is.
        masks: bool (H, W) each; calipers measure each connected lesion of their union.
        settings: holds `caliper_fraction` and `text_fraction`.

    Returns:
        The marked picture, uint8 (H, W), and what was written.
    """
    caliper_draw, text_draw = rng.random(2)
    text = str(rng.choice(_SIDES)) + str(rng.choice(_QUADRANTS))
    place = rng.random(2)
    marked = pixels.copy()
    measured = 0
    if masks and caliper_draw < settings.caliper_fraction:
        union = np.any(masks, axis=0).astype(np.uint8)
        outlines, _ = cv2.findContours(union, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            if len(outline) >= 12:
                measured += _measure(marked, outline[:, 0, :].astype(np.float64), measured)
    if text_draw < settings.text_fraction:
        marked = _write(marked, text, place)
    else:
        text = ""
    return marked, Marks(calipers=measured, text=text)


def caliper_ends(
    outline_xy: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the longest diameter and of the widest one across it.

    Args:
        outline_xy: float64 (N, 2), columns and rows of the outline's points.

    Returns:
        Two arrays, float64 (2, 2): two points of (column, row) each.

    >>> box = np.array([[0, 0], [9, 0], [9, 3], [0, 3.0]])
    >>> long, short = caliper_ends(box)
    >>> float(np.hypot(*(long[1] - long[0]))) > float(np.hypot(*(short[1] - short[0])))
    True
    """
    points = outline_xy[:: max(1, len(outline_xy) // 180)]
    apart = points[:, None, :] - points[None, :, :]
    square = (apart**2).sum(axis=2)
    first, second = np.unravel_index(int(square.argmax()), square.shape)
    direction = (points[second] - points[first]) / np.sqrt(max(square[first, second], 1.0))
    slant = np.abs(apart @ direction)
    steep = np.where(slant <= 0.12 * np.sqrt(square) + 1.0, square, -1.0)
    third, fourth = np.unravel_index(int(steep.argmax()), steep.shape)
    return points[[first, second]], points[[third, fourth]]


def _measure(pixels: NDArray[np.uint8], outline_xy: NDArray[np.float64], done: int) -> int:
    """Draw both diameters of one lesion, numbered from `done` + 1; return how many: 2."""
    for number, ends in enumerate(caliper_ends(outline_xy), start=done + 1):
        length = float(np.hypot(*(ends[1] - ends[0])))
        for step in np.arange(6.0, length - 5.0, 4.0):
            x, y = ends[0] + (ends[1] - ends[0]) * step / max(length, 1.0)
            pixels[round(y), round(x) : round(x) + 2] = _INK
        for x, y in np.rint(ends).astype(int):
            cv2.line(pixels, (x - 6, y), (x + 6, y), _INK, 2)
            cv2.line(pixels, (x, y - 6), (x, y + 6), _INK, 2)
        x, y = np.rint(ends[0]).astype(int)
        at = (int(x) - 12, int(y) + 18)
        cv2.putText(pixels, str(number), at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 2, cv2.LINE_AA)
    return 2


def _write(pixels: NDArray[np.uint8], text: str, place: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Write one line of white text in the lower half, cut off by the image where it is too long."""
    height, width = pixels.shape
    canvas = Image.fromarray(pixels)
    font = ImageFont.load_default(size=max(12, height // 26))
    at = (int((0.55 * place[0] - 0.02) * width), int((0.6 + 0.3 * place[1]) * height))
    pen = ImageDraw.Draw(canvas)
    for letter in text:
        pen.text(at, letter, fill=_INK, font=font, stroke_width=1)
        at = (at[0] + int(font.getlength(letter)) + 3, at[1])
    return np.asarray(canvas, dtype=np.uint8)
