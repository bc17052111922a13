"""From a mask and its image to one `LesionMeasurement` per lesion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.arguments import check_arguments
from sonolesion.inference.measure.components import find_lesions
from sonolesion.inference.measure.draft import draft_lexicon
from sonolesion.inference.measure.echo import measure_echo
from sonolesion.inference.measure.form import measure_form
from sonolesion.inference.measure.interval import measure_ranges
from sonolesion.inference.measure.margin import measure_margin
from sonolesion.inference.measure.place import locate
from sonolesion.inference.measure.posterior import measure_posterior
from sonolesion.inference.measure.region import Mask, Region
from sonolesion.inference.measure.size import SizedRegion, measure_size
from sonolesion.types.lesion import LesionMeasurement, MeasuredLesions, SizeRange, Spacing


def measure_lesions(
    mask: NDArray[np.bool_],
    pixels: NDArray[np.uint8],
    *,
    spacing_mm: Spacing | None = None,
    lesion_prob: NDArray[np.float32] | None = None,
    skin_row_px: float = 0.0,
) -> MeasuredLesions:
    """Measure every lesion of a mask, at the image's own resolution.

    Args:
        mask: bool (H, W).
        pixels: uint8 (H, W), the scan with the skin side on top.
        spacing_mm: size of a pixel (row, col) in mm, or None; without it nothing is in mm.
        lesion_prob: float32 (H, W) in [0, 1], for ranges of the sizes.
        skin_row_px: upper edge of the scan area, where the image does not begin with it.

    Returns:
        The lesions; none for an empty mask.

    Raises:
        InvalidInputError: a wrong dtype or shape, no pixels, nan in the map, or a spacing or skin
            row that is not finite and positive (the row may be 0).

    >>> mask = np.zeros((60, 80), np.bool_)
    >>> mask[20:40, 10:50] = True
    >>> found = measure_lesions(mask, np.full((60, 80), 99, np.uint8), spacing_mm=(0.1, 0.1))
    >>> size = found.lesions[0].size
    >>> size.area_px, size.area_mm2, round(size.width_mm, 3), found.lesions[0].form.height_to_width
    (800.0, 8.0, 4.0, 0.5)
    """
    spacing = check_arguments(mask, pixels, spacing_mm, lesion_prob, skin_row_px)
    found = find_lesions(mask)
    sized = [measure_size(region, spacing) for region in found.regions]
    ranges: tuple[SizeRange | None, ...] = (None,) * len(sized)
    if lesion_prob is not None:
        ranges = measure_ranges(found.regions, [s.size for s in sized], lesion_prob, spacing)
    occupied = mask.copy()
    for region in found.regions:
        box = occupied[region.top_px : region.bottom_px, region.left_px : region.right_px]
        box |= region.inside
    lesions = tuple(
        _gather(region, item, size_range, holes, pixels, occupied, skin_row_px)
        for region, item, size_range, holes in zip(
            found.regions, sized, ranges, found.hole_areas_px, strict=True
        )
    )
    return MeasuredLesions(lesions, found.n_specks, found.speck_area_px, spacing)


def _gather(
    region: Region,
    sized: SizedRegion,
    size_range: SizeRange | None,
    hole_area_px: int,
    pixels: NDArray[np.uint8],
    occupied: Mask,
    skin_row_px: float,
) -> LesionMeasurement:
    place = locate(region, sized.spacing_mm, skin_row_px)
    measured = LesionMeasurement(
        size=sized.size,
        size_range=size_range,
        longest_ends_px=sized.longest.ends_px,
        perpendicular_ends_px=sized.perpendicular.ends_px,
        place=place,
        is_lower_bound=bool(place.cut_edges),
        form=measure_form(region, sized),
        margin=measure_margin(sized.spectrum, sized.unit, pixels),
        echo=measure_echo(region, occupied, pixels),
        posterior=measure_posterior(region, occupied, pixels),
        hole_area_px=hole_area_px,
    )
    return replace(measured, draft=draft_lexicon(measured))
