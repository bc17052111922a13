"""Which parts of a mask are lesions: holes filled, parts told apart, specks dropped."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.region import Mask, Region

MIN_AREA_PX = 16
MIN_SHARE_OF_LARGEST = 0.02


@dataclass(frozen=True, slots=True)
class LesionRegions:
    """The lesions of one mask.

    Attributes:
        regions: without holes, 8-connected, the largest first; equal areas in the order of their
            first pixel in row-major order.
        hole_areas_px: for each region, how many of its pixels the mask left open.
        n_specks: how many parts were dropped.
        speck_area_px: their pixels together, filled holes included.
    """

    regions: tuple[Region, ...]
    hole_areas_px: tuple[int, ...]
    n_specks: int
    speck_area_px: int


@dataclass(frozen=True, slots=True)
class FilledParts:
    """The 8-connected parts of a mask, holes filled, in the bounding box of them all.

    Attributes:
        labels: int32 or, of a single part, uint8 (h, w): 0 outside, k inside part k, from 1.
        areas_px: int64 (K,), pixels of each part.
        boxes: int64 (K, 4): top, left, height, width in `labels`.
        top_px, left_px: where `labels` begins in the image.
        image_shape: (H, W).
    """

    labels: NDArray[np.int32] | NDArray[np.uint8]
    areas_px: NDArray[np.int64]
    boxes: NDArray[np.int64]
    top_px: int
    left_px: int
    image_shape: tuple[int, int]

    def region(self, index: int) -> Region:
        """Part `index`, counted from 0."""
        top, left, height, width = self.boxes[index].tolist()
        inside = self.labels[top : top + height, left : left + width] == index + 1
        return Region(inside, self.top_px + top, self.left_px + left, self.image_shape)


def find_lesions(mask: Mask) -> LesionRegions:
    """Tell the lesions of a mask apart.

    Holes are filled first (a gap inside an outline is taken for a fault of the outline), so a
    part that lies in another's hole becomes one with it. A part is a speck, and dropped, when it
    has fewer than 16 pixels or less than 2 % of the largest part's. The largest part always
    stays: a mask that marks anything has a lesion.

    Args:
        mask: bool (H, W).

    >>> mask = np.zeros((20, 30), np.bool_)
    >>> mask[2:10, 2:10] = True
    >>> mask[15:17, 20:22] = True
    >>> found = find_lesions(mask)
    >>> [r.area_px for r in found.regions], found.n_specks, found.speck_area_px
    ([64], 1, 4)
    """
    parts = fill_parts(mask)
    if parts is None:
        return LesionRegions((), (), 0, 0)
    areas = parts.areas_px
    order = np.argsort(-areas, kind="stable")
    least = max(MIN_AREA_PX, MIN_SHARE_OF_LARGEST * float(areas.max()))
    kept = [int(k) for rank, k in enumerate(order) if rank == 0 or areas[k] >= least]
    regions = tuple(parts.region(k) for k in kept)
    holes = tuple(r.area_px - _count_marked(mask, r) for r in regions)
    return LesionRegions(
        regions, holes, len(areas) - len(kept), int(areas.sum() - areas[kept].sum())
    )


def fill_parts(mask: Mask) -> FilledParts | None:
    """Fill the holes of a mask and tell its parts apart; None for an empty mask.

    A hole is background (4-connected) that does not reach the image's edge.

    >>> parts = fill_parts(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.bool_))
    >>> parts.areas_px.tolist()
    [5]
    """
    levels = np.ascontiguousarray(mask).view(np.uint8)
    left, top, width, height = cv2.boundingRect(levels)
    if width == 0:
        return None
    shape = (mask.shape[0], mask.shape[1])
    box = np.ascontiguousarray(levels[top : top + height, left : left + width])
    # the outer borders alone, filled: what lies inside of one is then part of it
    outlines, _ = cv2.findContours(box, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = np.zeros_like(box)
    cv2.drawContours(filled, outlines, -1, 1, cv2.FILLED)
    if len(outlines) == 1:
        area = np.array([cv2.countNonZero(filled)], np.int64)
        boxes = np.array([[0, 0, height, width]], np.int64)
        return FilledParts(np.asarray(filled, np.uint8), area, boxes, top, left, shape)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(filled, connectivity=8)
    found = np.asarray(stats[1:], np.int64)
    boxes = found[:, [cv2.CC_STAT_TOP, cv2.CC_STAT_LEFT, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH]]
    return FilledParts(
        np.asarray(labels, np.int32), found[:, cv2.CC_STAT_AREA], boxes, top, left, shape
    )


def _count_marked(mask: Mask, region: Region) -> int:
    box = mask[region.top_px : region.bottom_px, region.left_px : region.right_px]
    return int(np.count_nonzero(box & region.inside))
