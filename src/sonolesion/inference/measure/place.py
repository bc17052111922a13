"""Where a lesion lies: depth below the skin side of the image, and which edges cut it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonolesion.inference.measure.components import Mask
from sonolesion.inference.measure.contour import Spacing

EDGES = ("top", "bottom", "left", "right")


@dataclass(frozen=True, slots=True)
class LesionPlace:
    """Place of one lesion; mm is None where the spacing is unknown.

    Attributes:
        centroid_px: mean (row, col) of its pixels.
        depth_top_px, depth_top_mm: from the skin side to the lesion's upper edge.
        depth_centroid_px, depth_centroid_mm: from the skin side to its centroid.
        cut_edges: edges of the image that it touches, of "top", "bottom", "left", "right". Where
            there is any, the lesion may go on outside, and every size is a lower bound.
    """

    centroid_px: tuple[float, float]
    depth_top_px: float
    depth_centroid_px: float
    depth_top_mm: float | None
    depth_centroid_mm: float | None
    cut_edges: tuple[str, ...]


def locate(region: Mask, spacing_mm: Spacing | None, skin_row_px: float) -> LesionPlace:
    """Find the place of a region.

    Args:
        region: bool (H, W), at least one pixel.
        spacing_mm: size of a pixel (row, col), or None.
        skin_row_px: upper edge of the scan area, 0 where the image begins with it.

    >>> mask = np.zeros((9, 9), np.bool_)
    >>> mask[4:6, 0:2] = True
    >>> place = locate(mask, (0.5, 0.5), 0.0)
    >>> place.depth_top_mm, place.depth_centroid_px, place.cut_edges
    (2.0, 5.0, ('left',))
    """
    rows, cols = np.nonzero(region)
    centroid = float(rows.mean()), float(cols.mean())
    top = max(0.0, float(rows.min()) - skin_row_px)
    middle = max(0.0, centroid[0] + 0.5 - skin_row_px)
    touched = (region[0].any(), region[-1].any(), region[:, 0].any(), region[:, -1].any())
    return LesionPlace(
        centroid_px=centroid,
        depth_top_px=top,
        depth_centroid_px=middle,
        depth_top_mm=None if spacing_mm is None else top * spacing_mm[0],
        depth_centroid_mm=None if spacing_mm is None else middle * spacing_mm[0],
        cut_edges=tuple(edge for edge, hit in zip(EDGES, touched, strict=True) if hit),
    )
