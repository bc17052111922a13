"""Size of a region: diameters, area, perimeter, extents along the axes of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from sonolesion.inference.measure.contour import (
    FINE_WAVELENGTH_PX,
    ContourSpectrum,
    Points,
    contour_length,
    smooth_contour,
    trace_contour,
    transform_contour,
)
from sonolesion.inference.measure.diameters import (
    Diameter,
    find_hull,
    find_longest_of_hull,
    find_perpendicular,
)
from sonolesion.inference.measure.region import Region
from sonolesion.types.lesion import LesionSize, Spacing


@dataclass(frozen=True, slots=True)
class SizedRegion:
    """A region with its size and the lines and contours that the size came from.

    Attributes:
        size: the sizes.
        longest, perpendicular: the lines, ends in px.
        spectrum: the traced contour, in the unit of `smooth`.
        smooth: float64 (M, 2), the smooth contour, in mm where the spacing is known, else in px.
        hull: float64 (K, 2), corners of the convex hull of `smooth`, in its unit.
        unit: size of a pixel in the unit of `smooth`: the spacing, or (1, 1).
        spacing_mm: the spacing, or None.
    """

    size: LesionSize
    longest: Diameter
    perpendicular: Diameter
    spectrum: ContourSpectrum
    smooth: Points
    hull: Points
    unit: Spacing
    spacing_mm: Spacing | None


def measure_size(region: Region, spacing_mm: Spacing | None) -> SizedRegion:
    """Measure one region.

    Args:
        region: 8-connected, without holes.
        spacing_mm: size of a pixel (row, col), or None.
    """
    unit = spacing_mm or (1.0, 1.0)
    spectrum = transform_contour(trace_contour(region) * unit)
    smooth = smooth_contour(spectrum, wavelength=FINE_WAVELENGTH_PX * max(unit))
    smooth_px = smooth / unit
    hull_px = find_hull(smooth_px)
    longest = find_longest_of_hull(hull_px, unit)
    perpendicular = find_perpendicular(smooth_px, longest, unit)
    area = float(region.area_px)
    height, width = (float(side) for side in region.inside.shape)
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
    return SizedRegion(
        size, longest, perpendicular, spectrum, smooth, hull_px * unit, unit, spacing_mm
    )


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
