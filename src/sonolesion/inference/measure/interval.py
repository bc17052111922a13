"""How far the size of a lesion depends on where its soft border is cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.components import fill_parts
from sonolesion.inference.measure.region import Mask, Region, Window
from sonolesion.inference.measure.size import bound_sizes, measure_size
from sonolesion.types.lesion import LesionSize, SizeRange, Spacing

SOFT_THRESHOLDS = (0.3, 0.5, 0.7)


def measure_ranges(
    regions: Sequence[Region],
    sizes: Sequence[LesionSize],
    lesion_prob: NDArray[np.float32],
    spacing_mm: Spacing | None,
) -> tuple[SizeRange, ...]:
    """Measure each lesion again with its border at probabilities .3, .5 and .7.

    At each threshold the part of the map that overlaps the lesion most is taken, with its holes
    filled; where lesions run together, a pixel belongs to the lesion that is nearest.

    Args:
        regions: the lesions.
        sizes: theirs, in the same order.
        lesion_prob: float32 (H, W) in [0, 1].
        spacing_mm: size of a pixel, or None.
    """
    if not regions:
        return ()
    window = _find_window(regions, lesion_prob)
    prob = window.cut(lesion_prob)
    owner = _nearest_region(regions, window) if len(regions) > 1 else None
    ranges = []
    for index, (region, size) in enumerate(zip(regions, sizes, strict=True)):
        found = [size]
        for threshold in SOFT_THRESHOLDS:
            mask = prob >= np.float32(threshold)
            if owner is not None:
                mask &= owner == index
            part = _overlapping_part(mask, region, window)
            if part is None:
                found.append(_nothing(size))
            elif not _is_same(part, region):
                found.append(measure_size(part, spacing_mm).size)
        ranges.append(SizeRange(*bound_sizes(found)))
    return tuple(ranges)


def _find_window(regions: Sequence[Region], lesion_prob: NDArray[np.float32]) -> Window:
    """Everything at or above the lowest threshold, and all regions."""
    above = lesion_prob >= np.float32(min(SOFT_THRESHOLDS))
    left, top, width, height = cv2.boundingRect(above.view(np.uint8))
    boxes = [(r.top_px, r.bottom_px, r.left_px, r.right_px) for r in regions]
    if width:
        boxes.append((top, top + height, left, left + width))
    tops, bottoms, lefts, rights = zip(*boxes, strict=True)
    return Window(min(tops), max(bottoms), min(lefts), max(rights))


def _nearest_region(regions: Sequence[Region], window: Window) -> NDArray[np.int64]:
    """Index of the nearest region at each pixel of the window; of several the first."""
    owner: NDArray[np.int64] | None = None
    nearest: NDArray[np.float32] | None = None
    for index, region in enumerate(regions):
        outside = (~window.place(region)).view(np.uint8)
        found = cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        distance = np.asarray(found, np.float32)
        if owner is None or nearest is None:
            owner, nearest = np.zeros(distance.shape, np.int64), distance
            continue
        nearer = distance < nearest
        owner[nearer] = index
        nearest = np.minimum(nearest, distance)
    assert owner is not None  # there is a region at least
    return owner


def _overlapping_part(mask: Mask, region: Region, window: Window) -> Region | None:
    """The filled part of `mask` that shares most pixels with `region`; None where none does."""
    parts = fill_parts(mask)
    if parts is None:
        return None
    top, left = window.top_px + parts.top_px, window.left_px + parts.left_px
    height, width = parts.labels.shape
    rows = slice(max(region.top_px, top), min(region.bottom_px, top + height))
    cols = slice(max(region.left_px, left), min(region.right_px, left + width))
    if rows.start >= rows.stop or cols.start >= cols.stop:
        return None
    here = _shift(rows, region.top_px), _shift(cols, region.left_px)
    labels = parts.labels[_shift(rows, top), _shift(cols, left)] * region.inside[here]
    if not labels.any():
        return None
    best = 0
    if len(parts.areas_px) > 1:
        best = int(np.bincount(labels.ravel())[1:].argmax())
    part = parts.region(best)
    return replace(
        part,
        top_px=part.top_px + window.top_px,
        left_px=part.left_px + window.left_px,
        image_shape=region.image_shape,
    )


def _shift(span: slice, origin: int) -> slice:
    return slice(span.start - origin, span.stop - origin)


def _is_same(part: Region, region: Region) -> bool:
    return (part.top_px, part.left_px) == (region.top_px, region.left_px) and np.array_equal(
        part.inside, region.inside
    )


def _nothing(like: LesionSize) -> LesionSize:
    values = {f.name: None if getattr(like, f.name) is None else 0.0 for f in fields(LesionSize)}
    return LesionSize(**values)  # type: ignore[arg-type]
