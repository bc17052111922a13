"""What lies behind a lesion: brighter (enhancement) or darker (shadow) than beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.components import Mask
from sonolesion.inference.measure.echo import Grey, row_means

GAP_SHARE = 0.08
DEPTH_SHARE = 0.8
FLANK_GAP_SHARE = 0.15
FLANK_SHARE = 0.6
MIN_ROWS_PX = 5
MIN_FLANK_PX = 3
_MIN_READ = 0.3
_FLOOR_GREY = 10.0


@dataclass(frozen=True, slots=True)
class LesionPosterior:
    """Grey levels in [0, 255] behind one lesion against tissue beside, at the same depth.

    Everything is None where fewer than 5 rows lie below the lesion, or no flank is in the image.

    Attributes:
        beneath_grey: mean behind the middle 70 % of the lesion's width.
        flank_grey: mean of the flanks in the same rows.
        change: (beneath - flank) / flank, the flank taken as 10 at least; above 0 enhancement.
        third_changes: the same for the left, middle and right third of the middle 70 %.
    """

    beneath_grey: float | None = None
    flank_grey: float | None = None
    change: float | None = None
    third_changes: tuple[float, float, float] | None = None


def measure_posterior(region: Mask, occupied: Mask, pixels: NDArray[np.uint8]) -> LesionPosterior:
    """Measure the tissue behind one lesion.

    Behind is, in each column, from 8 % of the lesion's height below its lowest pixel down over 80 %
    of its height. The outer 15 % of the columns on each side are left out: refraction at the edge
    of a round lesion makes thin shadows there. Flanks are the same rows of the columns from 15 %
    to 75 % of the lesion's width away from it, on both sides where both are in the image.

    Args:
        region: bool (H, W), the lesion.
        occupied: bool (H, W), all lesions; their pixels are neither behind nor flank.
        pixels: uint8 (H, W).
    """
    columns = np.flatnonzero(region.any(axis=0))
    left, right = int(columns[0]), int(columns[-1])
    width = right - left + 1
    height = int(np.count_nonzero(region.any(axis=1)))
    trim = round(0.15 * width)
    inner = np.arange(left + trim, right - trim + 1)
    gap, depth = max(1, round(GAP_SHARE * height)), max(MIN_ROWS_PX, round(DEPTH_SHARE * height))
    rows = np.flatnonzero(region.any(axis=1))
    read = slice(int(rows[0]), int(rows[-1]) + gap + depth + 1)
    region, occupied = region[read], occupied[read]
    grey = pixels[read].astype(np.float32)
    thirds = [
        _compare(grey, region, occupied, part, gap=gap, depth=depth, span=(left, right))
        for part in (inner, *np.array_split(inner, 3))
    ]
    whole, *parts = thirds
    if whole is None:
        return LesionPosterior()
    changes = [_change(*p) for p in parts if p is not None]
    return LesionPosterior(
        *whole,
        change=_change(*whole),
        third_changes=(changes[0], changes[1], changes[2]) if len(changes) == 3 else None,
    )


def _compare(
    grey: Grey,
    region: Mask,
    occupied: Mask,
    columns: NDArray[np.int64],
    *,
    gap: int,
    depth: int,
    span: tuple[int, int],
) -> tuple[float, float] | None:
    """Mean behind `columns` and of the flanks, weighted alike over rows; None if not to be read."""
    beneath = _find_beneath(region, columns, gap=gap, depth=depth) & ~occupied
    n_beneath = np.count_nonzero(beneath, axis=1)
    flank = np.zeros_like(region)
    width = span[1] - span[0] + 1
    away, reach = max(1, round(FLANK_GAP_SHARE * width)), max(2, round(FLANK_SHARE * width))
    flank[:, max(0, span[0] - away - reach) : max(0, span[0] - away)] = True
    flank[:, span[1] + 1 + away : span[1] + 1 + away + reach] = True
    flank &= ~occupied & (n_beneath > 0)[:, None]
    n_flank = np.count_nonzero(flank, axis=1)
    both = (n_beneath > 0) & (n_flank >= MIN_FLANK_PX)
    readable = n_beneath[both].sum() >= _MIN_READ * len(columns) * depth
    if np.count_nonzero(both) < MIN_ROWS_PX or not readable:
        return None
    weight = n_beneath[both] / n_beneath[both].sum()
    means = [float(row_means(grey, where)[0][both] @ weight) for where in (beneath, flank)]
    return means[0], means[1]


def _find_beneath(region: Mask, columns: NDArray[np.int64], *, gap: int, depth: int) -> Mask:
    height = region.shape[0]
    lowest = height - 1 - np.expand_dims(region[::-1].argmax(axis=0), 0)
    row = np.arange(height)[:, None]
    chosen = np.zeros(region.shape[1], np.bool_)
    chosen[columns] = region[:, columns].any(axis=0)
    return np.asarray((row > lowest + gap) & (row <= lowest + gap + depth) & chosen)


def _change(beneath: float, flank: float) -> float:
    return (beneath - flank) / max(flank, _FLOOR_GREY)
