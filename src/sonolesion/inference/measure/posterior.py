"""What lies behind a lesion: brighter (enhancement) or darker (shadow) than beside it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.region import Mask, Region, open_window
from sonolesion.inference.measure.rows import RowIntegral, RowSums
from sonolesion.types.lesion import LesionPosterior

GAP_SHARE = 0.08
DEPTH_SHARE = 0.8
FLANK_GAP_SHARE = 0.15
FLANK_SHARE = 0.6
MIN_ROWS_PX = 5
MIN_FLANK_PX = 3
_MIN_READ = 0.3
_FLOOR_GREY = 10.0


def measure_posterior(region: Region, occupied: Mask, pixels: NDArray[np.uint8]) -> LesionPosterior:
    """Measure the tissue behind one lesion.

    Behind is, in each column, from 8 % of the lesion's height below its lowest pixel down over 80 %
    of its height. The outer 15 % of the columns on each side are left out: refraction at the edge
    of a round lesion makes thin shadows there. Flanks are the same rows of the columns from 15 %
    to 75 % of the lesion's width away from it, on both sides where both are in the image.

    Args:
        region: the lesion.
        occupied: bool (H, W), all lesions; their pixels are neither behind nor flank.
        pixels: uint8 (H, W).
    """
    height, width = region.inside.shape
    trim = round(0.15 * width)
    gap, depth = max(1, round(GAP_SHARE * height)), max(MIN_ROWS_PX, round(DEPTH_SHARE * height))
    away, reach = max(1, round(FLANK_GAP_SHARE * width)), max(2, round(FLANK_SHARE * width))
    window = open_window(region, below_px=gap + depth, beside_px=away + reach)
    grey, free = window.cut(pixels), ~window.cut(occupied)
    left = region.left_px - window.left_px
    beside = RowIntegral(grey, free)
    flank = beside.between(0, max(0, left - away)) + beside.between(
        min(grey.shape[1], left + width + away), grey.shape[1]
    )
    inner = slice(left + trim, left + width - trim)
    beneath = free[:, inner] & _find_beneath(
        region.inside[:, trim : width - trim], len(grey), gap=gap, depth=depth
    )
    below = RowIntegral(grey[:, inner], beneath)
    n_cols = beneath.shape[1]
    whole = _compare(below.between(0, n_cols), flank, n_cols, depth=depth)
    if whole is None:
        return LesionPosterior()
    changes = []
    for first, stop in pairwise(_third_edges(n_cols)):
        found = _compare(below.between(first, stop), flank, stop - first, depth=depth)
        if found is not None:
            changes.append(_change(*found))
    return LesionPosterior(
        *whole,
        change=_change(*whole),
        third_changes=(changes[0], changes[1], changes[2]) if len(changes) == 3 else None,
    )


def _third_edges(n_cols: int) -> tuple[int, int, int, int]:
    """Where three parts of some columns begin and the last ends; the first take what is over.

    >>> _third_edges(8), _third_edges(1)
    ((0, 3, 6, 8), (0, 1, 1, 1))
    """
    size, over = divmod(n_cols, 3)
    second = size + (over > 0)
    return 0, second, second + size + (over > 1), n_cols


def _compare(
    beneath: RowSums, flank: RowSums, n_cols: int, *, depth: int
) -> tuple[float, float] | None:
    """Mean behind and of the flanks, weighted alike over rows; None if not to be read."""
    count = beneath.count
    both = (count > 0) & (flank.count >= MIN_FLANK_PX)
    total = count[both].sum()
    readable = total >= _MIN_READ * n_cols * depth
    if np.count_nonzero(both) < MIN_ROWS_PX or not readable:
        return None
    weight = count[both] / total
    return float(beneath.mean()[both] @ weight), float(flank.mean()[both] @ weight)


def _find_beneath(inside: Mask, n_rows: int, *, gap: int, depth: int) -> Mask:
    """Pixels behind each column of a region, bool (`n_rows`, columns), from its box's top down."""
    lowest = inside.shape[0] - 1 - np.expand_dims(inside[::-1].argmax(axis=0), 0)
    row = np.arange(n_rows)[:, None]
    return np.asarray((row > lowest + gap) & (row <= lowest + gap + depth) & inside.any(axis=0))


def _change(beneath: float, flank: float) -> float:
    return (beneath - flank) / max(flank, _FLOOR_GREY)
