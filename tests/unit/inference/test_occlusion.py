from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.inference.occlusion import MAX_PATCHES, PatchGrid, plan_patches

GRID = PatchGrid(height_px=60, width_px=80, n_rows=3, n_cols=4)


def covers() -> list[np.ndarray]:
    return list(GRID.cover(np.zeros((60, 80), np.float32), np.ones((60, 80), np.float32)))


def test_each_patch_covers_its_node_fully_and_nothing_far_away() -> None:
    found = covers()
    assert len(found) == 12
    for index, cover in enumerate(found):
        row, col = 20 * (index // 4) + 10, 20 * (index % 4) + 10
        assert cover[row - 1 : row + 1, col - 1 : col + 1] == pytest.approx(1.0)
        away = np.zeros((60, 80), np.bool_)
        away[max(0, row - 25) : row + 25, max(0, col - 25) : col + 25] = True
        assert cover[~away].max(initial=0.0) == 0.0


def test_a_cover_is_two_cells_wide_at_half_strength_and_has_no_edge() -> None:
    profile = covers()[5][30]
    assert int((profile >= 0.5).sum()) == 40
    # smoothstep over half a cell: at most 1.5 / 10 px a pixel
    assert np.abs(np.diff(profile)).max() <= 0.151


def test_every_pixel_is_fully_covered_once_at_least() -> None:
    assert np.max(covers(), axis=0) == pytest.approx(1.0)


def test_a_constant_spreads_to_a_constant() -> None:
    assert GRID.spread(np.full((3, 4), 2.5)) == pytest.approx(2.5)


def test_one_value_spreads_around_its_node_only() -> None:
    values = np.zeros((3, 4))
    values[1, 2] = 1.0
    spread = GRID.spread(values)
    assert spread.shape == (60, 80)
    top = np.unravel_index(int(spread.argmax()), spread.shape)
    assert top[0] in (29, 30)
    assert top[1] in (49, 50)
    far = np.ones((60, 80), np.bool_)
    far[5:55, 25:75] = False
    assert spread[far] == pytest.approx(0.0)


@given(st.integers(1, 600), st.integers(1, 600))
def test_there_are_never_too_many_patches(height: int, width: int) -> None:
    grid = plan_patches(height, width)
    assert 1 <= grid.n_rows * grid.n_cols <= MAX_PATCHES
    assert grid.n_rows <= height
    assert grid.n_cols <= width


def test_the_cells_of_an_ordinary_image_are_nearly_square() -> None:
    grid = plan_patches(180, 224)
    high, wide = grid.cell_px
    assert (grid.n_rows, grid.n_cols) == (6, 8)
    assert high / wide == pytest.approx(1.0, abs=0.1)
