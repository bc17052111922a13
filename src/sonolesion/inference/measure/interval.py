"""How far the size of a lesion depends on where its soft border is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.components import Mask, fill_holes
from sonolesion.inference.measure.contour import Spacing
from sonolesion.inference.measure.size import LesionSize, bound_sizes, measure_size

SOFT_THRESHOLDS = (0.3, 0.5, 0.7)


@dataclass(frozen=True, slots=True)
class SizeRange:
    """Smallest and largest of each size figure over several cuts of the soft border.

    It says how soft the border is, not how likely the true size lies inside.

    Attributes:
        low, high: the ends; the measured size lies between them. `low` is 0 throughout where
            the lesion vanishes at a threshold.
    """

    low: LesionSize
    high: LesionSize


def measure_ranges(
    regions: Sequence[Mask],
    sizes: Sequence[LesionSize],
    lesion_prob: NDArray[np.float32],
    spacing_mm: Spacing | None,
) -> tuple[SizeRange, ...]:
    """Measure each lesion again with its border at probabilities .3, .5 and .7.

    At each threshold the part of the map that overlaps the lesion most is taken, with its holes
    filled; where lesions run together, a pixel belongs to the lesion that is nearest.

    Args:
        regions: bool (H, W) each, the lesions.
        sizes: theirs, in the same order.
        lesion_prob: float32 (H, W) in [0, 1].
        spacing_mm: size of a pixel, or None.
    """
    if not regions:
        return ()
    owner = _nearest_region(regions)
    ranges = []
    for index, (region, size) in enumerate(zip(regions, sizes, strict=True)):
        found = [size]
        for threshold in SOFT_THRESHOLDS:
            mask = (lesion_prob >= np.float32(threshold)) & (owner == index)
            part = _overlapping_part(mask, region)
            found.append(_nothing(size) if part is None else measure_size(part, spacing_mm).size)
        ranges.append(SizeRange(*bound_sizes(found)))
    return tuple(ranges)


def _nearest_region(regions: Sequence[Mask]) -> NDArray[np.int64]:
    """Index of the nearest region at each pixel, (H, W)."""
    distances = [
        cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for region in regions
    ]
    return np.asarray(np.stack(distances).argmin(axis=0), dtype=np.int64)


def _overlapping_part(mask: Mask, region: Mask) -> Mask | None:
    """The filled part of `mask` that shares most pixels with `region`; None where none does."""
    filled = fill_holes(mask)
    n, labels = cv2.connectedComponents(filled.astype(np.uint8), connectivity=8)
    shared = np.bincount(labels[region], minlength=n)[1:]
    if not shared.any():
        return None
    return np.asarray(labels == int(shared.argmax()) + 1)


def _nothing(like: LesionSize) -> LesionSize:
    values = {f.name: None if getattr(like, f.name) is None else 0.0 for f in fields(LesionSize)}
    return LesionSize(**values)  # type: ignore[arg-type]
