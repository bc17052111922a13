"""Change of lesions between two visits, with the measurement error of the change.

**Error.** Of one size x, measured between `low` and `high` as the soft border is cut at .3 to .7:

    e(x) = max(high - x, x - low, floor)

The floor is what the pixel grid leaves open even for a hard border: one pixel for a diameter, half
a pixel along the whole contour for an area. The error of a difference of two independent
measurements is sqrt(e_earlier^2 + e_later^2); a change "exceeds" it when it is larger.

The error says how well this outline fixes the size. It does not hold what another plane, pressure
or angle of the probe changes, nor an outline that is wrong; both are usually larger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sonolesion.types.change import Change, LesionChange, Visit, VisitChange
from sonolesion.types.lesion import LesionMeasurement, LesionSize

MAX_MISMATCH = 1.0
"""Lesions are not matched at or above this `_mismatch`."""

PX_WARNING = (
    "The scale of at least one image is unknown: sizes are in px, and px of two visits compare "
    "only where both images have the same scale (same depth setting, same export size)."
)


def compare_visits(earlier: Visit, later: Visit) -> VisitChange:
    """Match the lesions of two visits and say how each changed.

    In mm where both visits know their scale, else in px with a warning. One lesion at each visit
    is taken for the same. Of several, the pairs that agree best in place (centroid as a share of
    the image) and in area are matched first, each lesion once; lesions that no other is like stay
    unmatched.

    Args:
        earlier: the first visit; without a lesion, nothing is matched.
        later: the second one.
    """
    in_mm = earlier.measured.spacing_mm is not None and later.measured.spacing_mm is not None
    first, second = earlier.measured.lesions, later.measured.lesions
    pairs = _match(earlier, later, in_mm=in_mm)
    changes = []
    for a, b in pairs:
        both = first[a], second[b]
        is_cut = any(lesion.is_lower_bound for lesion in both)
        longest = [_measure_longest(lesion, in_mm=in_mm) for lesion in both]
        area = [_measure_area(lesion, in_mm=in_mm) for lesion in both]
        changes.append(
            LesionChange(
                earlier_number=a + 1,
                later_number=b + 1,
                longest=_change(*longest, is_cut=is_cut),
                area=_change(*area, is_cut=is_cut),
            )
        )
    matched_first, matched_second = {a for a, _ in pairs}, {b for _, b in pairs}
    return VisitChange(
        in_mm=in_mm,
        lesions=tuple(changes),
        only_earlier=tuple(i + 1 for i in range(len(first)) if i not in matched_first),
        only_later=tuple(i + 1 for i in range(len(second)) if i not in matched_second),
        warnings=_warn(earlier, later, in_mm=in_mm),
    )


def _match(earlier: Visit, later: Visit, *, in_mm: bool) -> list[tuple[int, int]]:
    first, second = earlier.measured.lesions, later.measured.lesions
    if len(first) == 1 and len(second) == 1:
        return [(0, 0)]
    costs = sorted(
        (_mismatch(a, earlier, b, later, in_mm=in_mm), i, j)
        for i, a in enumerate(first)
        for j, b in enumerate(second)
    )
    pairs: dict[int, int] = {}
    for cost, i, j in costs:
        if cost < MAX_MISMATCH and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return sorted(pairs.items())


def _mismatch(
    first: LesionMeasurement,
    earlier: Visit,
    second: LesionMeasurement,
    later: Visit,
    *,
    in_mm: bool,
) -> float:
    """Distance of the centroids, in shares of the image, plus half of |log| of the areas' ratio."""
    places = (
        (lesion.place.centroid_px[axis] + 0.5) / visit.image_shape[axis]
        for axis in (0, 1)
        for lesion, visit in ((first, earlier), (second, later))
    )
    row_a, row_b, col_a, col_b = places
    areas = [_measure_area(lesion, in_mm=in_mm).value for lesion in (first, second)]
    distance = math.hypot(row_b - row_a, col_b - col_a)
    return distance + 0.5 * abs(math.log(areas[1] / areas[0]))


@dataclass(frozen=True, slots=True)
class _Measured:
    """A figure and its error, in the unit of the comparison."""

    value: float
    error: float


def _measure_longest(lesion: LesionMeasurement, *, in_mm: bool) -> _Measured:
    name = "longest_mm" if in_mm else "longest_px"
    value = _read(lesion.size, name)
    pixel = value / lesion.size.longest_px  # along the diameter; 1 in px
    return _Measured(value, _error(lesion, name, floor=pixel))


def _measure_area(lesion: LesionMeasurement, *, in_mm: bool) -> _Measured:
    name = "area_mm2" if in_mm else "area_px"
    value = _read(lesion.size, name)
    pixel = value / lesion.size.area_px
    return _Measured(value, _error(lesion, name, floor=0.5 * lesion.size.perimeter_px * pixel))


def _read(size: LesionSize, name: str) -> float:
    value: float = getattr(size, name)
    return value


def _error(lesion: LesionMeasurement, name: str, *, floor: float) -> float:
    if lesion.size_range is None:
        return floor
    value = _read(lesion.size, name)
    low, high = (_read(s, name) for s in (lesion.size_range.low, lesion.size_range.high))
    return max(high - value, value - low, floor)


def _change(first: _Measured, second: _Measured, *, is_cut: bool) -> Change:
    difference = second.value - first.value
    error = math.hypot(first.error, second.error)
    return Change(
        earlier=first.value,
        later=second.value,
        difference=difference,
        share=difference / first.value,
        error=error,
        exceeds_error=None if is_cut else abs(difference) > error,
    )


def _warn(earlier: Visit, later: Visit, *, in_mm: bool) -> tuple[str, ...]:
    warnings = []
    if not in_mm:
        warnings.append(PX_WARNING)
        if earlier.image_shape != later.image_shape:
            sizes = " and ".join(f"{w} x {h}" for h, w in (earlier.image_shape, later.image_shape))
            warnings.append(f"The images differ in size ({sizes} px), so the scale may differ.")
    for name, visit in (("earlier", earlier), ("later", later)):
        lesions = visit.measured.lesions
        if not lesions:
            warnings.append(f"No lesion was outlined in the {name} image.")
        if any(lesion.is_lower_bound for lesion in lesions):
            warnings.append(
                f"An edge of the {name} image cuts a lesion: its size is only a lower bound."
            )
    if max(len(earlier.measured.lesions), len(later.measured.lesions)) > 1:
        warnings.append(
            "There are several lesions: they were matched by place and size. Check the pairs "
            "on the picture."
        )
    return tuple(warnings)
