"""What lies behind a lesion: brighter (enhancement) or darker (shadow) than beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.echo import Grey, row_means
from sonolesion.inference.measure.region import Mask, Region, open_window
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
    grey = window.cut(pixels).astype(np.float32)
    free = ~window.cut(occupied)
    left = region.left_px - window.left_px
    sides = (slice(0, max(0, left - away)), slice(left + width + away, None))
    beside = np.concatenate([free[:, side] for side in sides], axis=1)
    flank = _Rows(*row_means(np.concatenate([grey[:, s] for s in sides], axis=1), beside))
    inner = slice(left + trim, left + width - trim)
    beneath = _find_beneath(
        region.inside[:, trim : width - trim], len(grey), gap=gap, depth=depth
    ) & free[:, inner]  # fmt: skip
    below = np.ascontiguousarray(grey[:, inner])
    whole = _compare(below, beneath, flank, depth=depth)
    if whole is None:
        return LesionPosterior()
    changes = []
    for part in np.array_split(np.arange(beneath.shape[1]), 3):
        columns = slice(int(part[0]), int(part[-1]) + 1) if part.size else slice(0)
        found = _compare(below[:, columns], beneath[:, columns], flank, depth=depth)
        if found is not None:
            changes.append(_change(*found))
    return LesionPosterior(
        *whole,
        change=_change(*whole),
        third_changes=(changes[0], changes[1], changes[2]) if len(changes) == 3 else None,
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Mean of each row, float64 (H,), and from how many pixels, int64 (H,)."""

    mean: NDArray[np.float64]
    count: NDArray[np.int64]


def _compare(grey: Grey, beneath: Mask, flank: _Rows, *, depth: int) -> tuple[float, float] | None:
    """Mean behind and of the flanks, weighted alike over rows; None if not to be read."""
    mean, count = row_means(grey, beneath)
    both = (count > 0) & (flank.count >= MIN_FLANK_PX)
    total = count[both].sum()
    readable = total >= _MIN_READ * beneath.shape[1] * depth
    if np.count_nonzero(both) < MIN_ROWS_PX or not readable:
        return None
    weight = count[both] / total
    return float(mean[both] @ weight), float(flank.mean[both] @ weight)


def _find_beneath(inside: Mask, n_rows: int, *, gap: int, depth: int) -> Mask:
    """Pixels behind each column of a region, bool (`n_rows`, columns), from its box's top down."""
    lowest = inside.shape[0] - 1 - np.expand_dims(inside[::-1].argmax(axis=0), 0)
    row = np.arange(n_rows)[:, None]
    return np.asarray((row > lowest + gap) & (row <= lowest + gap + depth) & inside.any(axis=0))


def _change(beneath: float, flank: float) -> float:
    return (beneath - flank) / max(flank, _FLOOR_GREY)
