"""Pictures of single cases for the page: the grey image with both outlines drawn over it.

The image is a small JPEG inside the page, the outlines are SVG paths over it: sharp at any size,
and the reader can hide them.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import ImageError
from sonolesion.evaluation.case_table import CaseResult, ScoredCase
from sonolesion.evaluation.scoring import case_of
from sonolesion.imaging.geometry import image_to_square, resize
from sonolesion.imaging.read import read_image
from sonolesion.types import LesionClass

TILE_WIDTH_PX = 420
_JPEG_QUALITY = 82
_OUTLINE_TOLERANCE_PX = 0.6


@dataclass(frozen=True, slots=True)
class Tile:
    """One case as the page shows it.

    Attributes:
        result: the case's row.
        picture: the grey image as a data address; empty when the image cannot be read.
        width, height: of the picture's own coordinate system.
        truth_path, predicted_path: SVG path data in it; empty for an empty mask.
        description: alt text.
    """

    result: CaseResult
    picture: str
    width: int
    height: int
    truth_path: str
    predicted_path: str
    description: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """Which cases the page shows.

    Attributes:
        worst: lesion cases of lowest Dice, the lowest first.
        best: lesion cases of highest Dice, the highest first; none that is among the worst.
        missed_malignant: malignant cases read as another class or not marked.
        false_positive_normals: normal cases with a mark or read as a lesion class.
    """

    worst: tuple[ScoredCase, ...]
    best: tuple[ScoredCase, ...]
    missed_malignant: tuple[ScoredCase, ...]
    false_positive_normals: tuple[ScoredCase, ...]


def choose_gallery(cases: Sequence[ScoredCase], *, count: int) -> Gallery:
    """Choose what to show; ties are broken by case id, cases without a prediction come first."""
    lesions = [c for c in cases if c.result.is_lesion and c.result.dice is not None]
    lesions.sort(key=lambda c: (c.result.dice, not c.result.error, c.result.case_id))
    worst = lesions[: min(count, (len(lesions) + 1) // 2)]
    best = lesions[len(worst) :][::-1][:count]
    return Gallery(
        worst=tuple(worst),
        best=tuple(best),
        missed_malignant=tuple(c for c in cases if is_missed_malignant(c.result)),
        false_positive_normals=tuple(c for c in cases if is_false_positive_normal(c.result)),
    )


def is_missed_malignant(result: CaseResult) -> bool:
    """Say whether a malignant case was read as another class, or its lesion not marked."""
    wrong = result.predicted is not LesionClass.MALIGNANT or result.missed
    return result.label is LesionClass.MALIGNANT and wrong


def is_false_positive_normal(result: CaseResult) -> bool:
    """Say whether a normal case was marked, or read as a lesion class."""
    wrong = result.predicted is not LesionClass.NORMAL or result.false_positive
    return result.label is LesionClass.NORMAL and wrong


def draw_tile(case: ScoredCase, root: Path) -> Tile:
    """Draw one case; an unreadable image gives a tile without a picture, never an error."""
    result = case.result
    try:
        pixels = read_image(case_of(case.row, root).image_path).pixels
    except ImageError:
        return Tile(result, "", 0, 0, "", "", f"{result.case_id}: the image cannot be read")
    if case.fit is not None:
        pixels = image_to_square(pixels, case.fit)
    width = min(TILE_WIDTH_PX, pixels.shape[1])
    height = max(1, round(pixels.shape[0] * width / pixels.shape[1]))
    small = np.asarray(resize(pixels, height_px=height, width_px=width), np.uint8)
    scale = (height / case.truth.shape[0], width / case.truth.shape[1])
    return Tile(
        result=result,
        picture=_jpeg_address(small),
        width=width,
        height=height,
        truth_path=outline_path(case.truth.unpack(), scale=scale),
        predicted_path="" if result.error else outline_path(case.predicted.unpack(), scale=scale),
        description=_describe(result),
    )


def outline_path(mask: NDArray[np.bool_], *, scale: tuple[float, float]) -> str:
    """Trace a mask's outlines, holes included, as SVG path data.

    Args:
        mask: bool (H, W).
        scale: picture units per mask pixel, (row, col).

    Returns:
        Closed sub-paths "M x y L x y ... Z"; empty for an empty mask. Outlines run through
        pixel centres and are simplified by at most 0.6 px.
    """
    import cv2

    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    parts: list[str] = []
    for contour in contours:
        simple = cv2.approxPolyDP(contour, _OUTLINE_TOLERANCE_PX, True).reshape(-1, 2)
        xy = (simple + 0.5) * np.array([scale[1], scale[0]])
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in xy) + "Z")
    return "".join(parts)


def _jpeg_address(pixels: NDArray[np.uint8]) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=_JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _describe(result: CaseResult) -> str:
    said = "no prediction" if result.predicted is None else f"read as {result.predicted}"
    overlap = "" if result.dice is None else f", Dice {result.dice:.2f}"
    return (
        f"Ultrasound image {result.case_id}, {result.label}, {said}{overlap}; the true outline is "
        "green, the predicted one magenta."
    )
