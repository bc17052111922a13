"""Measurements of a frame that shows more than the scan: of the scan, placed on the frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sonolesion.imaging.scan_area import crop_array, crop_to_area
from sonolesion.inference.measure.measurement import measure_lesions
from sonolesion.types import MeasuredLesions, UltrasoundImage
from sonolesion.types.lesion import Point


def measure_image(
    image: UltrasoundImage,
    *,
    mask: NDArray[np.bool_],
    lesion_prob: NDArray[np.float32] | None = None,
) -> MeasuredLesions:
    """Measure the lesions of an image on its scan area alone.

    Depth counts from the area's upper edge, the area's edges are what may cut a lesion, and
    nothing outside of it is taken for tissue. Places are given on the whole frame.

    Args:
        image: the frame; figures are in mm where it knows its spacing.
        mask: bool (H, W) of the frame, empty outside of the area.
        lesion_prob: float32 (H, W) in [0, 1], for ranges of the sizes; None for an outline that
            was drawn by hand.

    Raises:
        InvalidInputError: see `measure_lesions`.
    """
    found = measure_lesions(
        crop_array(mask, image.area),
        crop_to_area(image).pixels,
        spacing_mm=image.spacing_mm,
        lesion_prob=None if lesion_prob is None else crop_array(lesion_prob, image.area),
    )
    if image.area is None:
        return found
    return _move(found, rows_px=image.area.top_px, cols_px=image.area.left_px)


def _move(found: MeasuredLesions, *, rows_px: int, cols_px: int) -> MeasuredLesions:
    """Give the places of lesions, measured on a part of a frame, on the whole frame.

    Depths and edges stay those of the part.

    Args:
        found: what was measured.
        rows_px: row of the frame in which the part begins.
        cols_px: its column.
    """

    def move(point: Point) -> Point:
        return point[0] + rows_px, point[1] + cols_px

    def move_both(ends: tuple[Point, Point]) -> tuple[Point, Point]:
        return move(ends[0]), move(ends[1])

    lesions = tuple(
        replace(
            lesion,
            longest_ends_px=move_both(lesion.longest_ends_px),
            perpendicular_ends_px=move_both(lesion.perpendicular_ends_px),
            place=replace(lesion.place, centroid_px=move(lesion.place.centroid_px)),
        )
        for lesion in found.lesions
    )
    return replace(found, lesions=lesions)
