"""Where a lesion lies: depth below the skin side of the image, and which edges cut it."""

from __future__ import annotations

import cv2
import numpy as np

from sonolesion.inference.measure.region import Region
from sonolesion.types.lesion import LesionPlace, Spacing

EDGES = ("top", "bottom", "left", "right")


def locate(region: Region, spacing_mm: Spacing | None, skin_row_px: float) -> LesionPlace:
    """Find the place of a region.

    Args:
        region: the lesion.
        spacing_mm: size of a pixel (row, col), or None.
        skin_row_px: upper edge of the scan area, 0 where the image begins with it.

    >>> mask = np.zeros((9, 9), np.bool_)
    >>> mask[4:6, 0:2] = True
    >>> from sonolesion.inference.measure.region import crop_region
    >>> place = locate(crop_region(mask), (0.5, 0.5), 0.0)
    >>> place.depth_top_mm, place.depth_centroid_px, place.cut_edges
    (2.0, 5.0, ('left',))
    """
    sums = cv2.moments(region.inside.view(np.uint8), binaryImage=True)
    row, col = sums["m01"] / sums["m00"], sums["m10"] / sums["m00"]
    centroid = region.top_px + row, region.left_px + col
    top = max(0.0, region.top_px - skin_row_px)
    middle = max(0.0, centroid[0] + 0.5 - skin_row_px)
    height, width = region.image_shape
    touched = (
        region.top_px == 0,
        region.bottom_px == height,
        region.left_px == 0,
        region.right_px == width,
    )
    return LesionPlace(
        centroid_px=centroid,
        depth_top_px=top,
        depth_centroid_px=middle,
        depth_top_mm=None if spacing_mm is None else top * spacing_mm[0],
        depth_centroid_mm=None if spacing_mm is None else middle * spacing_mm[0],
        cut_edges=tuple(edge for edge, hit in zip(EDGES, touched, strict=True) if hit),
    )
