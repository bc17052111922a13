"""Where in the same image lies tissue that can cover a region: free of lesion, alike at its rim.

Looked for at a reduced size: every shift of the region is scored at once by correlations.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SEARCH_SIDE_PX = 192
DEPTH_OF_HEIGHT = 0.14  # tissue may come from this much above or below
_ALONG_PX, _ACROSS_PX = 4.0, 1.0
_LAG_PX = 12
_CHANGE_MIN = 0.03  # of empty rows; in units of 64 grey levels
_ABOVE_WEIGHT = 0.35  # of the rim above and below against that at the sides
_RING_PX = 6  # at the reduced size
_MARKED_MAX = 0.03  # share of the source that may have been under a mark
_AGAIN_MAX = 0.6  # share of the source that may have been copied before
_NEAR_BEST = 1.1
_LEVELS = 64.0  # grey levels that count as one


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the tissue comes from: pixel (row, col) is covered by (row + dy_px, col + dx_px).

    Attributes:
        dy_px, dx_px: at the image's own size.
        mismatch: of the rims, in units of what tissue changes by itself over such a distance.
    """

    dy_px: int
    dx_px: int
    mismatch: float


@dataclass(frozen=True, slots=True)
class Ground:
    """An image reduced for the search.

    Attributes:
        levels: float32 (h, w), grey levels / 64, averaged along the rows more than across them, so
            that layers are compared and speckle is not.
        hidden: float32 (h, w), share of each pixel that `levels` say nothing about.
        scale: of it against the image.
    """

    levels: NDArray[np.float32]
    hidden: NDArray[np.float32]
    scale: float


def survey(pixels: NDArray[np.float32], hidden: NDArray[np.bool_]) -> Ground:
    """Reduce an image for the search.

    Args:
        pixels: grey levels, float32 (H, W) in [0, 255].
        hidden: bool (H, W), pixels to leave out of all averages.
    """
    scale = min(1.0, SEARCH_SIDE_PX / max(pixels.shape))
    share = _shrink(hidden.astype(np.float32), scale)
    seen = np.clip(1.0 - share, 1e-4, 1.0).astype(np.float32)
    weighted = _shrink(np.where(hidden, np.float32(0.0), pixels), scale)
    total = cv2.GaussianBlur(weighted, (0, 0), sigmaX=_ALONG_PX, sigmaY=_ACROSS_PX)
    count = cv2.GaussianBlur(seen, (0, 0), sigmaX=_ALONG_PX, sigmaY=_ACROSS_PX)
    return Ground(np.asarray(total / count / _LEVELS, np.float32), share, scale)


def find_shift(
    source: Ground,
    target: Ground,
    piece: NDArray[np.bool_],
    *,
    forbidden: NDArray[np.bool_],
    used: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Shift | None:
    """Find tissue for a region.

    Args:
        source: result of `survey` of the image that tissue is taken from; marks hidden.
        target: result of `survey` of the image as it is now; what is to be covered hidden.
        piece: bool (H, W), the region to cover; not empty.
        forbidden: bool (H, W), pixels that may not be copied.
        used: bool (H, W), pixels copied already; tissue that is mostly such would show twice.
        rng: chooses among the shifts that are nearly as good as the best.

    Returns:
        None if no shift stays inside the image and clear of what is forbidden.
    """
    small = shrink_region(piece, source.scale)
    around = cv2.dilate(small.astype(np.uint8), _disc(_RING_PX)) > 0
    rows, cols = np.flatnonzero(around.any(axis=1)), np.flatnonzero(around.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
    inner = small[box].astype(np.float32)
    beside = cv2.dilate(small[box].astype(np.uint8), np.ones((1, 2 * _RING_PX + 1), np.uint8))
    weight = np.where(beside > 0, np.float32(1.0), np.float32(_ABOVE_WEIGHT))  # layers end at sides
    rim = np.where(small[box] | ~around[box], np.float32(0.0), weight * (1.0 - target.hidden[box]))
    rim = rim.astype(np.float32)
    if rim.sum() < 4:
        return None
    bad = cv2.dilate(
        shrink_region(forbidden, source.scale).astype(np.uint8), np.ones((3, 3), np.uint8)
    )
    blocked = _correlate(bad.astype(np.float32), inner) > 0.5
    blocked |= _correlate(source.hidden, inner) > _MARKED_MAX * inner.sum()
    if used.any():
        again = shrink_region(used, source.scale).astype(np.float32)
        blocked |= _correlate(again, inner) > _AGAIN_MAX * inner.sum()
    dy = np.arange(blocked.shape[0])[:, None] - int(rows[0])
    dx = np.arange(blocked.shape[1])[None, :] - int(cols[0])
    blocked |= np.abs(dy) > DEPTH_OF_HEIGHT * small.shape[0]
    if blocked.all():
        return None
    cost = _score(source.levels, target.levels[box], inner=inner, rim=rim)
    cost = cost + (0.5 * dy / (DEPTH_OF_HEIGHT * small.shape[0])) ** 2 * 0.1
    cost[blocked] = np.inf
    near = np.flatnonzero(cost <= cost.min() * _NEAR_BEST + 1e-4)
    chosen = np.unravel_index(int(rng.choice(near)), cost.shape)
    usual = usual_change(target, rows=box[0])
    mismatch = float(np.sqrt(max(0.0, float(cost[chosen])))) / usual
    return Shift(round(int(dy[chosen[0], 0]) / source.scale),
                 round(int(dx[0, chosen[1]]) / source.scale), mismatch)  # fmt: skip


def moved_region(piece: NDArray[np.bool_], shift: Shift) -> NDArray[np.bool_]:
    """Where the tissue of a piece comes from, bool (H, W)."""
    rows, cols = np.nonzero(piece)
    rows, cols = rows + shift.dy_px, cols + shift.dx_px
    inside = (rows >= 0) & (rows < piece.shape[0]) & (cols >= 0) & (cols < piece.shape[1])
    out = np.zeros(piece.shape, np.bool_)
    out[rows[inside], cols[inside]] = True
    return out


def shrink_region(region: NDArray[np.bool_], scale: float) -> NDArray[np.bool_]:
    """Reduce a region; a pixel belongs to it where any of what it covers does."""
    return np.asarray(_shrink(region.astype(np.float32), scale) > 1e-3)


def usual_change(ground: Ground, *, rows: slice) -> float:
    """How much tissue changes along a row over the width of a rim, root mean square.

    Small in smooth layers, where a step is seen at once; large in coarse speckle.

    Args:
        ground: result of `survey`.
        rows: which of its rows to look at.
    """
    levels, seen = ground.levels[rows], 1.0 - ground.hidden[rows]
    step = min(_LAG_PX, levels.shape[1] - 1)
    weight = seen[:, step:] * seen[:, :-step]
    change = (weight * (levels[:, step:] - levels[:, :-step]) ** 2).sum()
    return max(float(np.sqrt(change / max(float(weight.sum()), 1e-6))), _CHANGE_MIN)


def _score(
    levels: NDArray[np.float32],
    here: NDArray[np.float32],
    *,
    inner: NDArray[np.float32],
    rim: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Spread of the rims' difference, its mean in part, and how the source stands out itself."""
    n_rim, n_inner = float(rim.sum()), float(inner.sum())
    there = _correlate(levels, rim) / n_rim
    square = _correlate(levels * levels, rim) / n_rim
    cross = _correlate(levels, rim * here) / n_rim
    own = float((rim * here).sum()) / n_rim
    own_square = float((rim * here * here).sum()) / n_rim
    offset = there - own
    spread = np.maximum(square - 2.0 * cross + own_square - offset**2, 0.0)
    contrast = _correlate(levels, inner) / n_inner - there
    return np.asarray(spread + 0.3 * offset**2 + 0.7 * contrast**2, np.float32)


def _correlate(values: NDArray[np.float32], kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(
        cv2.matchTemplate(values, np.ascontiguousarray(kernel, np.float32), cv2.TM_CCORR)
    )


def _shrink(values: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    height, width = (max(1, round(n * scale)) for n in values.shape)
    if (height, width) == values.shape:
        return values
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _disc(radius: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
