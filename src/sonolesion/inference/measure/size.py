"""Size of a region: diameters, area, perimeter, extents along the axes of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from sonolesion.inference.measure.components import Mask
from sonolesion.inference.measure.contour import (
    FINE_WAVELENGTH_PX,
    Points,
    Spacing,
    contour_length,
    smooth_contour,
    trace_contour,
)
from sonolesion.inference.measure.diameters import Diameter, find_longest, find_perpendicular


@dataclass(frozen=True, slots=True)
class LesionSize:
    """Sizes of one lesion; everything in mm is None where the spacing is unknown.

    With a known spacing the diameters are found in mm, and `*_px` is the same line in pixels.

    Attributes:
        longest_px, longest_mm: longest diameter.
        perpendicular_px, perpendicular_mm: longest line at right angles to it.
        height_px, height_mm: anteroposterior extent, along the columns of the image.
        width_px, width_mm: transverse extent, along the rows.
        perimeter_px, perimeter_mm: length of the smooth contour.
        area_px, area_mm2: pixels inside, holes filled.
    """

    longest_px: float
    perpendicular_px: float
    height_px: float
    width_px: float
    perimeter_px: float
    area_px: float
    longest_mm: float | None = None
    perpendicular_mm: float | None = None
    height_mm: float | None = None
    width_mm: float | None = None
    perimeter_mm: float | None = None
    area_mm2: float | None = None


@dataclass(frozen=True, slots=True)
class SizedRegion:
    """A region with its size and the lines and contours that the size came from.

    Attributes:
        size: the sizes.
        longest, perpendicular: the lines, ends in px.
        contour_px: float64 (N, 2), the traced contour.
        smooth: float64 (M, 2), the smooth contour, in mm where the spacing is known, else in px.
        unit: size of a pixel in the unit of `smooth`: the spacing, or (1, 1).
        spacing_mm: the spacing, or None.
    """

    size: LesionSize
    longest: Diameter
    perpendicular: Diameter
    contour_px: Points
    smooth: Points
    unit: Spacing
    spacing_mm: Spacing | None


def measure_size(region: Mask, spacing_mm: Spacing | None) -> SizedRegion:
    """Measure one region.

    Args:
        region: bool (H, W), 8-connected, without holes, at least one pixel.
        spacing_mm: size of a pixel (row, col), or None.
    """
    unit = spacing_mm or (1.0, 1.0)
    contour = trace_contour(region)
    smooth = smooth_contour(contour * unit, wavelength=FINE_WAVELENGTH_PX * max(unit))
    smooth_px = smooth / unit
    longest = find_longest(smooth_px, unit)
    perpendicular = find_perpendicular(smooth_px, longest, unit)
    area = float(np.count_nonzero(region))
    height, width = np.ptp(contour, axis=0).tolist()
    size = LesionSize(
        longest_px=longest.length(),
        perpendicular_px=perpendicular.length(),
        height_px=height,
        width_px=width,
        perimeter_px=contour_length(smooth_px),
        area_px=area,
    )
    if spacing_mm is not None:
        row_mm, col_mm = spacing_mm
        size = replace(
            size,
            longest_mm=longest.length(spacing_mm),
            perpendicular_mm=perpendicular.length(spacing_mm),
            height_mm=height * row_mm,
            width_mm=width * col_mm,
            perimeter_mm=contour_length(smooth),
            area_mm2=area * row_mm * col_mm,
        )
    return SizedRegion(size, longest, perpendicular, contour, smooth, unit, spacing_mm)


def bound_sizes(sizes: Sequence[LesionSize]) -> tuple[LesionSize, LesionSize]:
    """Smallest and largest of each figure, over at least one size.

    >>> low, high = bound_sizes([LesionSize(3, 2, 3, 2, 9, 5), LesionSize(4, 1, 4, 1, 9, 4)])
    >>> (low.longest_px, high.longest_px), (low.area_px, high.area_px), low.longest_mm
    ((3, 4), (4, 5), None)
    """
    low: dict[str, float | None] = {}
    high: dict[str, float | None] = {}
    for item in fields(LesionSize):
        values = [v for s in sizes if (v := getattr(s, item.name)) is not None]
        low[item.name] = min(values, default=None)
        high[item.name] = max(values, default=None)
    return LesionSize(**low), LesionSize(**high)  # type: ignore[arg-type]
