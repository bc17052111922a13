"""The size of a pixel, given by hand."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from sonolesion.errors import InvalidInputError
from sonolesion.types import UltrasoundImage

MAX_SPACING_MM = 10.0


def parse_spacing(text: str) -> tuple[float, float]:
    """Read "0.08" or "0.08x0.1" (row x column) as mm per pixel (row, col).

    Raises:
        InvalidInputError: not one or two numbers, or not above 0 and at most 10 mm.

    >>> parse_spacing("0.08"), parse_spacing("0.08x0.1")
    ((0.08, 0.08), (0.08, 0.1))
    """
    try:
        sides = tuple(float(part) for part in text.lower().split("x"))
    except ValueError:
        sides = ()
    if len(sides) == 1:
        sides *= 2
    if len(sides) != 2:
        raise InvalidInputError(
            f"mm per pixel: expected a number such as 0.08, or ROWxCOL such as 0.08x0.1, "
            f"got {text!r}."
        )
    return check_spacing(sides)


def check_spacing(spacing_mm: Sequence[float]) -> tuple[float, float]:
    """Return the size of a pixel (row, col) in mm if it can be one.

    Raises:
        InvalidInputError: not two numbers above 0 and at most 10 mm.
    """
    if len(spacing_mm) != 2 or not all(
        math.isfinite(side) and 0 < side <= MAX_SPACING_MM for side in spacing_mm
    ):
        raise InvalidInputError(
            f"mm per pixel: expected two numbers (row, col) above 0 and at most "
            f"{MAX_SPACING_MM:g} mm, got {spacing_mm!r}."
        )
    return float(spacing_mm[0]), float(spacing_mm[1])


def set_spacing(image: UltrasoundImage, spacing_mm: tuple[float, float]) -> UltrasoundImage:
    """Return the image with this size of a pixel (row, col) in place of its file's, and a note.

    Raises:
        InvalidInputError: see `check_spacing`.
    """
    row, col = check_spacing(spacing_mm)
    note = f"pixel size given by hand: {row:g} x {col:g} mm (row x column)"
    return dataclasses.replace(image, spacing_mm=(row, col), notes=(*image.notes, note))
