"""The smooth surface that spans a region from values at its rim: Laplace's equation."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE_PX = 56  # of the grid on which it is solved: it is smooth, so few points hold it
_ROUNDS = 220


def span_membrane(
    values: NDArray[np.float32],
    *,
    piece: NDArray[np.bool_],
    known: NDArray[np.bool_],
    rim_px: float,
) -> NDArray[np.float32]:
    """Continue rim values into a region.

    Args:
        values: float32 (H, W); read where `known` and near the piece.
        piece: bool (H, W), where the surface is wanted.
        known: bool (H, W), where `values` hold; its complement is a free edge.
        rim_px: the rim's width, over which values are averaged.

    Returns:
        float32 (H, W): the surface inside the piece and close around it; 0 far from it. Without any
        known value near the piece it is 0 everywhere.
    """
    height, width = piece.shape
    pad = int(3 * rim_px) + 2
    rows, cols = np.flatnonzero(piece.any(axis=1)), np.flatnonzero(piece.any(axis=0))
    box = (slice(max(0, rows[0] - pad), min(height, rows[-1] + 1 + pad)),
           slice(max(0, cols[0] - pad), min(width, cols[-1] + 1 + pad)))  # fmt: skip
    inner = piece[box].astype(np.uint8)
    near = cv2.dilate(inner, np.ones((2 * int(2 * rim_px) + 1,) * 2, np.uint8)) > 0
    weights = (known[box] & near).astype(np.float32)
    out = np.zeros(piece.shape, np.float32)
    if not weights.any():
        return out
    scale = min(1.0, _SIDE_PX / max(inner.shape))
    size = tuple(max(3, round(n * scale)) for n in inner.shape[::-1])
    sigma = max(0.8, rim_px * scale)
    mean, weight = (
        cv2.GaussianBlur(cv2.resize(a, size, interpolation=cv2.INTER_AREA), (0, 0), sigma)
        for a in (np.where(weights > 0, values[box], np.float32(0.0)), weights)
    )
    fixed = cv2.resize(weights, size, interpolation=cv2.INTER_AREA) > 0.35
    if not fixed.any():
        fixed = weight >= weight.max()
    start = mean / np.maximum(weight, 1e-6)
    surface = _relax(np.where(fixed, start, np.float32(start[fixed].mean())), fixed)
    out[box] = cv2.resize(surface, inner.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return out


def _relax(surface: NDArray[np.float32], fixed: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Solve by successive over-relaxation, two colours in turn; edges of the grid are free."""
    grid = surface.astype(np.float64)
    omega = 2.0 / (1.0 + np.sin(np.pi / max(grid.shape)))
    row, col = np.indices(grid.shape)
    turns = [((row + col) % 2 == colour) & ~fixed for colour in (0, 1)]
    for _ in range(_ROUNDS):
        for turn in turns:
            wide = np.pad(grid, 1, mode="edge")
            mean = (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:]) / 4.0
            grid[turn] += omega * (mean - grid)[turn]
    return grid.astype(np.float32)
