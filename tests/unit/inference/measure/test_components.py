from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import ndimage

from sonolesion.inference.measure.components import fill_parts, find_lesions

MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 14), st.integers(1, 14)))


def test_empty_mask_has_no_lesion() -> None:
    found = find_lesions(np.zeros((5, 6), np.bool_))
    assert (found.regions, found.n_specks, found.speck_area_px) == ((), 0, 0)


def test_a_single_pixel_stays_when_it_is_all_there_is() -> None:
    mask = np.zeros((5, 6), np.bool_)
    mask[2, 3] = True
    found = find_lesions(mask)
    assert len(found.regions) == 1
    region = found.regions[0]
    assert (region.top_px, region.left_px, region.area_px) == (2, 3, 1)


def test_largest_first_and_specks_dropped() -> None:
    mask = np.zeros((60, 60), np.bool_)
    mask[0:3, 0:5] = True  # 15 px: a speck, one pixel short of 16
    mask[10:14, 10:14] = True  # 16 px; 2 % of 400 is 8, so it stays
    mask[30:50, 30:50] = True  # 400 px
    found = find_lesions(mask)
    assert [r.area_px for r in found.regions] == [400, 16]
    assert (found.n_specks, found.speck_area_px) == (1, 15)


def test_share_of_the_largest() -> None:
    mask = np.zeros((60, 120), np.bool_)
    mask[:50, :40] = True  # 2,000 px: 2 % are 40
    mask[0:3, 60:73] = True  # 39 px
    mask[10:14, 60:70] = True  # 40 px
    assert [r.area_px for r in find_lesions(mask).regions] == [2000, 40]


def test_diagonal_neighbours_are_one_lesion() -> None:
    assert len(find_lesions(np.eye(6, dtype=np.bool_)).regions) == 1


def test_holes_are_filled_and_counted() -> None:
    mask = np.zeros((20, 20), np.bool_)
    mask[4:16, 4:16] = True
    mask[8:12, 8:11] = False
    found = find_lesions(mask)
    assert found.hole_areas_px == (12,)
    assert found.regions[0].area_px == 144


def test_a_part_inside_a_hole_becomes_one_with_it() -> None:
    mask = np.zeros((30, 30), np.bool_)
    mask[2:28, 2:28] = True
    mask[5:25, 5:25] = False
    mask[10:20, 10:20] = True
    found = find_lesions(mask)
    assert len(found.regions) == 1
    assert found.hole_areas_px == (20 * 20 - 10 * 10,)


@pytest.mark.parametrize("edge", [np.s_[0, 2], np.s_[4, 2], np.s_[2, 0], np.s_[2, 4]])
def test_a_bay_open_at_the_edge_is_no_hole(edge: tuple[int, int]) -> None:
    mask = np.ones((5, 5), np.bool_)
    mask[edge] = False
    parts = fill_parts(mask)
    assert parts is not None
    assert parts.areas_px.tolist() == [24]


@given(MASKS)
def test_parts_are_those_of_scipy(mask: np.ndarray) -> None:
    filled = ndimage.binary_fill_holes(mask)
    labels, n = ndimage.label(filled, np.ones((3, 3)))
    parts = fill_parts(mask)
    if parts is None:
        assert not mask.any()
        return
    assert sorted(parts.areas_px.tolist()) == sorted(np.bincount(labels.ravel())[1:].tolist())
    found = np.zeros(mask.shape, np.int64)
    for index in range(n):
        region = parts.region(index)
        box = found[region.top_px : region.bottom_px, region.left_px : region.right_px]
        assert not box[region.inside].any()
        box[region.inside] = index + 1
        assert len(np.unique(labels[found == index + 1])) == 1
        assert region.area_px == parts.areas_px[index]
    assert np.array_equal(found > 0, filled)
