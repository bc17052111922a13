"""The patches of an occlusion map: where they lie, how they cover, and the map they add up to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_PATCHES = 49
_FULL_CELLS = 0.75
_REACH_CELLS = 1.25


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """Patches on the nodes of a regular grid, each reaching into its neighbours.

    A patch covers fully within .75 of a cell around its node and not at all beyond 1.25; in
    between it fades, so that no edge is drawn that a network could react to. At half strength it
    is two cells wide: neighbours overlap by half.

    Attributes:
        height_px, width_px: of the image.
        n_rows, n_cols: of patches.
    """

    height_px: int
    width_px: int
    n_rows: int
    n_cols: int

    @property
    def cell_px(self) -> tuple[float, float]:
        """Distance of the nodes, (row, col)."""
        return self.height_px / self.n_rows, self.width_px / self.n_cols

    def cover(
        self, pixels: NDArray[np.float32], fill: NDArray[np.float32]
    ) -> Iterator[NDArray[np.float32]]:
        """Give the image with one patch after the other covered, row by row of patches.

        Args:
            pixels: float32 (height, width).
            fill: what it is covered with, the same.
        """
        change = fill - pixels
        all_cols = _cover_weights(self.n_cols, self.width_px)
        for rows in _cover_weights(self.n_rows, self.height_px):
            for cols in all_cols:
                yield pixels + np.multiply.outer(rows, cols) * change

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn one value per patch into a smooth map.

        Args:
            values: float64 (n_rows, n_cols).

        Returns:
            float64 (height, width): at each pixel the mean of the patches that reach it, with
            weights that fall as a squared cosine from 1 at the node to 0 at 1.25 cells.
        """
        rows = _spread_weights(self.n_rows, self.height_px)
        cols = _spread_weights(self.n_cols, self.width_px)
        return np.asarray(rows.T @ values @ cols, dtype=np.float64)


def plan_patches(height_px: int, width_px: int, *, at_most: int = MAX_PATCHES) -> PatchGrid:
    """Lay nearly square cells over an image, `at_most` of them.

    >>> grid = plan_patches(112, 224)
    >>> grid.n_rows, grid.n_cols, grid.cell_px
    (5, 9, (22.4, 24.88888888888889))
    """
    side = (height_px * width_px / at_most) ** 0.5
    rows = min(height_px, at_most, max(1, round(height_px / side)))
    cols = min(width_px, max(1, at_most // rows))
    return PatchGrid(height_px, width_px, rows, cols)


def _cover_weights(n_cells: int, length_px: int) -> NDArray[np.float32]:
    """How strongly each patch covers each pixel along one side, float32 (cells, length)."""
    away = _cells_away(n_cells, length_px)
    ramp = np.clip((_REACH_CELLS - away) / (_REACH_CELLS - _FULL_CELLS), 0.0, 1.0)
    return np.asarray(ramp * ramp * (3.0 - 2.0 * ramp), dtype=np.float32)


def _spread_weights(n_cells: int, length_px: int) -> NDArray[np.float64]:
    """How much each patch says of each pixel along one side; each pixel's weights sum to 1."""
    away = np.minimum(_cells_away(n_cells, length_px) / _REACH_CELLS, 1.0)
    weights = np.cos(0.5 * np.pi * away) ** 2
    return np.asarray(weights / weights.sum(axis=0))


def _cells_away(n_cells: int, length_px: int) -> NDArray[np.float64]:
    nodes = np.arange(n_cells) + 0.5
    places = (np.arange(length_px) + 0.5) * n_cells / length_px
    return np.abs(nodes[:, None] - places[None, :])
