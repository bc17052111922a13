"""Sizes of lesions in words, for pictures and texts alike: mm where the scale is known, else px."""

from __future__ import annotations

from collections.abc import Sequence

from sonolesion.types.lesion import LesionMeasurement

SCALE_UNKNOWN = "Scale unknown: sizes are in pixels."
SHOWN_AT_MOST = 4


def format_length(length_px: float, length_mm: float | None) -> str:
    """One length with its unit.

    >>> format_length(231.4, 23.14), format_length(231.4, None)
    ('23.1 mm', '231 px')
    """
    return f"{length_px:.0f} px" if length_mm is None else f"{length_mm:.1f} mm"


def format_area(area_px: float, area_mm2: float | None) -> str:
    """One area with its unit; square millimetres or a count of pixels.

    >>> format_area(20123.0, 201.23), format_area(20123.0, None)
    ('201.2 mm2', '20123 px')
    """
    return f"{area_px:.0f} px" if area_mm2 is None else f"{area_mm2:.1f} mm2"


def format_diameters(lesion: LesionMeasurement) -> str:
    """Longest diameter and the one at right angles, e.g. "23.1 x 12.0 mm" or "231 x 120 px"."""
    size = lesion.size
    if size.longest_mm is None or size.perpendicular_mm is None:
        return f"{size.longest_px:.0f} x {size.perpendicular_px:.0f} px"
    return f"{size.longest_mm:.1f} x {size.perpendicular_mm:.1f} mm"


def caption_lesions(lesions: Sequence[LesionMeasurement]) -> str:
    """The diameters of the lesions of an image in one line; empty for none.

    Several are numbered as they are on the picture, the largest first, and at most four are
    written out. A lesion that an edge of the image cuts is "at least" as large.
    """
    parts = []
    for number, lesion in enumerate(lesions[:SHOWN_AT_MOST], 1):
        least = "at least " if lesion.is_lower_bound else ""
        label = f"{number}: " if len(lesions) > 1 else ""
        parts.append(f"{label}{least}{format_diameters(lesion)}")
    if len(lesions) > SHOWN_AT_MOST:
        parts.append(f"and {len(lesions) - SHOWN_AT_MOST} more")
    if not parts:
        return ""
    scale = " (scale unknown)" if lesions[0].size.longest_mm is None else ""
    return f"Diameters {', '.join(parts)}{scale}"
