"""What has to be covered so that a lesion is gone: it, its halo, and a strong shadow below it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

HALO_OF_DIAMETER = 0.08
HALO_OF_SIDE = 0.010
_UNEVEN = 1.4
_TRAIL_MIN = 17.0  # grey levels by which a shadow or an enhancement differs from both its sides
_TRAIL_END = 8.0
_SMOOTH_OF_HEIGHT = 0.015
_GAP_OF_HEIGHT = 0.05  # a trail begins, and may pause, within this
_REST_OF_HEIGHT = 0.1  # what is left under a trail is covered too if it is less than this


def halo_width(lesion: NDArray[np.bool_]) -> int:
    """Width of the rim around a lesion that is covered with it, in pixels (at least 4).

    >>> halo_width(np.ones((100, 100), np.bool_))
    10
    """
    diameter = 2.0 * float(np.sqrt(float(lesion.sum()) / np.pi))
    longer_side = float(max(lesion.shape))
    return max(4, round(HALO_OF_DIAMETER * diameter + HALO_OF_SIDE * longer_side))


def cover_lesion(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the region that hides every lesion of a mask.

    Args:
        pixels: grey levels without marks, uint8 (H, W).
        mask: bool (H, W), the lesions.

    Returns:
        bool (H, W): each connected lesion with its halo and, where a strong shadow or enhancement
        follows below, with that; empty for an empty mask.
    """
    covered = np.zeros(mask.shape, np.bool_)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    for number in range(1, count):
        lesion = labels == number
        halo = halo_width(lesion)
        region = lesion.copy()
        end = find_trail_end(pixels, lesion, mask)
        rows = np.flatnonzero(lesion.any(axis=1))
        cols = np.flatnonzero(lesion.any(axis=0))
        if end > rows[-1] + 1:
            region[(rows[0] + rows[-1]) // 2 : end, cols[0] : cols[-1] + 1] = True
        covered |= grow_unevenly(region, halo)
    return covered


def grow(region: NDArray[np.bool_], radius_px: int) -> NDArray[np.bool_]:
    """Widen a region by a disc of `radius_px`, bool (H, W)."""
    side = 2 * radius_px + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.dilate(region.astype(np.uint8), disc) > 0)


def grow_unevenly(region: NDArray[np.bool_], radius_px: int) -> NDArray[np.bool_]:
    """Widen a region by at least `radius_px` and at most `_UNEVEN` times that, bool (H, W).

    A straight edge across layers is seen, a ragged one is not. The same region gives the same edge.
    """
    away = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    noise = np.random.default_rng(0).normal(size=region.shape).astype(np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), sigmaX=0.8 * radius_px, sigmaY=max(1.0, 0.2 * radius_px))
    rough = np.clip(0.5 + 0.5 * fine / max(float(fine.std()), 1e-6), 0.0, 1.0)
    grown = away <= radius_px * (1.0 + (_UNEVEN - 1.0) * rough)
    return _drop_islands(grown, region)


def _drop_islands(grown: NDArray[np.bool_], region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Leave out what is not connected with the region, and fill holes."""
    _, labels = cv2.connectedComponents(grown.astype(np.uint8), connectivity=4)
    kept = np.isin(labels, np.unique(labels[region]))
    outlines, _ = cv2.findContours(kept.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(
        cv2.drawContours(np.zeros(kept.shape, np.uint8), outlines, -1, 1, cv2.FILLED) > 0
    )


def find_trail_end(
    pixels: NDArray[np.uint8], lesion: NDArray[np.bool_], lesions: NDArray[np.bool_]
) -> int:
    """Row at which the shadow or enhancement below a lesion ends; the lesion's own end if none.

    The middle of the lesion's columns is compared, row by row, with as much tissue on either
    side: a shadow is darker than both sides, an enhancement brighter than both.

    Args:
        pixels: grey levels, uint8 (H, W).
        lesion: bool (H, W), one connected lesion.
        lesions: bool (H, W), all of them; never taken for a side.
    """
    height, width = pixels.shape
    rows, cols = np.flatnonzero(lesion.any(axis=1)), np.flatnonzero(lesion.any(axis=0))
    start, left, right = int(rows[-1]) + 1, int(cols[0]), int(cols[-1]) + 1
    if start >= height - 4:
        return start
    span = right - left
    inset, gap = round(0.2 * span), halo_width(lesion)
    usable = ~grow(lesions, gap)
    middle = _row_means(pixels, None, left + inset, max(right - inset, left + inset + 1))
    sides = [
        _row_means(pixels, usable, max(0, left - gap - span), left - gap),
        _row_means(pixels, usable, right + gap, min(width, right + gap + span)),
    ]
    known = [side for side in sides if np.isfinite(side[start:]).mean() > 0.6]
    if not known:
        return start
    stacked = np.stack([np.where(np.isfinite(s), s, np.nanmean(s[start:])) for s in known])
    strength = np.maximum(stacked.min(axis=0) - middle, middle - stacked.max(axis=0))
    sigma = max(1.0, _SMOOTH_OF_HEIGHT * height)
    smooth = _blur_line(strength[start:].astype(np.float32), sigma)
    return _follow(smooth, start=start, height=height)


def _follow(strength: NDArray[np.float32], *, start: int, height: int) -> int:
    pause = max(3, round(_GAP_OF_HEIGHT * height))
    strong = np.flatnonzero(strength >= _TRAIL_MIN)
    if not len(strong) or strong[0] > pause:
        return start
    weak = strength < _TRAIL_END
    end, run = int(strong[0]), 0
    for row in range(int(strong[0]), len(strength)):
        run = run + 1 if weak[row] else 0
        if run > pause:
            break
        end = row if not weak[row] else end
    end += start + 1
    return height if height - end < _REST_OF_HEIGHT * height else end


def _blur_line(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    reach = int(3 * sigma) + 1
    padded = np.pad(values, reach, mode="edge")
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    blurred = np.convolve(padded, weights / weights.sum(), mode="valid")
    return np.asarray(blurred, np.float32)


def _row_means(
    pixels: NDArray[np.uint8], usable: NDArray[np.bool_] | None, left: int, right: int
) -> NDArray[np.float64]:
    """Mean of columns [left, right) per row; nan where under 4 pixels are usable."""
    if right - left < 1:
        return np.full(pixels.shape[0], np.nan)
    part = pixels[:, left:right].astype(np.float64)
    weights = np.ones(part.shape) if usable is None else usable[:, left:right].astype(np.float64)
    count = weights.sum(axis=1)
    least = 1 if usable is None else 4
    sums = (part * weights).sum(axis=1)
    return np.where(count >= least, sums / np.maximum(count, 1), np.nan)
