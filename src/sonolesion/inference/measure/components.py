"""Which parts of a mask are lesions: holes filled, parts told apart, specks dropped."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""bool (H, W), True inside."""

MIN_AREA_PX = 16
MIN_SHARE_OF_LARGEST = 0.02


@dataclass(frozen=True, slots=True)
class LesionRegions:
    """The lesions of one mask.

    Attributes:
        regions: bool (H, W) each, without holes, 8-connected, the largest first; equal areas in
            the order of their first pixel in row-major order.
        hole_areas_px: for each region, how many of its pixels the mask left open.
        n_specks: how many parts were dropped.
        speck_area_px: their pixels together, filled holes included.
    """

    regions: tuple[Mask, ...]
    hole_areas_px: tuple[int, ...]
    n_specks: int
    speck_area_px: int


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
    >>> [int(r.sum()) for r in found.regions], found.n_specks, found.speck_area_px
    ([64], 1, 4)
    """
    filled = fill_holes(mask)
    n, labels = cv2.connectedComponents(filled.astype(np.uint8), connectivity=8)
    if n == 1:
        return LesionRegions((), (), 0, 0)
    areas = np.bincount(labels.ravel(), minlength=n)[1:]
    order = np.argsort(-areas, kind="stable")
    least = max(MIN_AREA_PX, MIN_SHARE_OF_LARGEST * float(areas.max()))
    kept = [k for rank, k in enumerate(order) if rank == 0 or areas[k] >= least]
    regions = tuple(np.asarray(labels == k + 1) for k in kept)
    holes = tuple(int(np.count_nonzero(r & ~mask)) for r in regions)
    return LesionRegions(
        regions, holes, len(areas) - len(kept), int(areas.sum() - areas[kept].sum())
    )


def fill_holes(mask: Mask) -> Mask:
    """Fill what a mask encloses: background (4-connected) that does not reach the image's edge.

    >>> fill_holes(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.bool_)).sum()
    np.int64(5)
    """
    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    _, labels = cv2.connectedComponents(outside, connectivity=4)
    return np.asarray(labels[1:-1, 1:-1] != labels[0, 0])
