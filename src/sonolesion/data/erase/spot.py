"""Where a control is covered: a lesion-free spot, of the shape that erasing covers."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.erase.room import SEARCH_SIDE_PX, shrink_region

_DEPTH_OF_HEIGHT = 0.25  # a spot lies so much above or below the shape's own place at most
_AREA_MIN = 0.002  # of the image; a smaller spot is none
_BLOB_AREA = (0.02, 0.12)
_TRAIL_SHARE = 0.4  # of blobs that go on downward, as regions with a shadow do


def choose_spot(
    shape: NDArray[np.bool_],
    *,
    forbidden: NDArray[np.bool_],
    scale: float,
    rng: np.random.Generator,
) -> NDArray[np.bool_] | None:
    """Place a scaled copy of a region at random, clear of what is forbidden.

    Args:
        shape: bool (H, W), the region whose shape to take; not empty.
        forbidden: bool (H, W), pixels that must stay as they are.
        scale: of the copy against the region, (0, 1].
        rng: source of randomness.

    Returns:
        bool (H, W); None if the copy fits nowhere or is too small to matter.
    """
    height, width = shape.shape
    top, copy = _scaled_copy(shape, scale)
    if copy.sum() < _AREA_MIN * shape.size:
        return None
    small = min(1.0, SEARCH_SIDE_PX / max(shape.shape))
    kernel = shrink_region(copy, small)
    barred = cv2.dilate(shrink_region(forbidden, small).astype(np.uint8), np.ones((3, 3), np.uint8))
    if any(k > b for k, b in zip(kernel.shape, barred.shape, strict=True)):
        return None
    hits = cv2.matchTemplate(barred.astype(np.float32), kernel.astype(np.float32), cv2.TM_CCORR)
    depth = np.arange(hits.shape[0])[:, None] - small * top
    free = np.flatnonzero((hits < 0.5) & (np.abs(depth) <= _DEPTH_OF_HEIGHT * barred.shape[0]))
    if not len(free):
        return None
    row, col = np.unravel_index(int(rng.choice(free)), hits.shape)
    row_px = min(round(int(row) / small), height - copy.shape[0])
    col_px = min(round(int(col) / small), width - copy.shape[1])
    spot = np.zeros(shape.shape, np.bool_)
    spot[row_px : row_px + copy.shape[0], col_px : col_px + copy.shape[1]] = copy
    return None if (spot & forbidden).any() else spot


def draw_blob(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw a region as erasing covers them, for an image without a lesion.

    Args:
        shape: (H, W) of the image.
        rng: source of randomness.

    Returns:
        bool (H, W): a wavy ellipse, some of them drawn out downward; never empty.
    """
    height, width = shape
    area = np.exp(rng.uniform(*np.log(_BLOB_AREA))) * height * width
    aspect = rng.uniform(1.1, 1.9)
    across = min(np.sqrt(area * aspect / np.pi), 0.3 * width)
    along = min(np.sqrt(area / aspect / np.pi), 0.2 * height)
    row = rng.uniform(0.2, 0.55) * height
    waves = rng.normal(0.0, 0.06, 3), rng.uniform(0.0, 2.0 * np.pi, 3)
    drawn_out, depth = rng.random(2)
    rows, cols = np.mgrid[:height, :width]
    up, aside = (rows - row) / along, (cols - width / 2.0) / across
    angle = np.arctan2(up, aside)
    edge = 1.0 + sum(
        size * np.cos((k + 2) * angle + phase)
        for k, (size, phase) in enumerate(zip(*waves, strict=True))
    )
    blob = np.hypot(up, aside) <= edge
    if drawn_out < _TRAIL_SHARE:
        end = row + along + depth * (height - row - along)
        blob |= (rows > row) & (rows < end) & (np.abs(aside) <= 0.9)
    return np.asarray(blob)


def _scaled_copy(shape: NDArray[np.bool_], scale: float) -> tuple[int, NDArray[np.bool_]]:
    """Top row of the region's box, and what the box holds, scaled."""
    rows, cols = np.flatnonzero(shape.any(axis=1)), np.flatnonzero(shape.any(axis=0))
    box = shape[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1].astype(np.uint8)
    size = tuple(max(1, round(n * scale)) for n in box.shape[::-1])
    copy = cv2.resize(box, size, interpolation=cv2.INTER_NEAREST_EXACT) > 0
    return int(rows[0]), np.asarray(copy)
