from __future__ import annotations

import numpy as np

from sonolesion.inference.measure.region import Region, crop_region, open_window


def make() -> tuple[np.ndarray, Region]:
    mask = np.zeros((20, 30), np.bool_)
    mask[5:9, 10:16] = True
    mask[5, 10] = False
    return mask, crop_region(mask)


def test_box_of_a_mask() -> None:
    _, region = make()
    assert (region.top_px, region.bottom_px, region.left_px, region.right_px) == (5, 9, 10, 16)
    assert region.inside.shape == (4, 6)
    assert region.area_px == 23
    assert region.image_shape == (20, 30)


def test_a_window_is_cut_to_the_image() -> None:
    mask, region = make()
    window = open_window(region, below_px=3, beside_px=12)
    assert (window.top_px, window.bottom_px, window.left_px, window.right_px) == (5, 12, 0, 28)
    np.testing.assert_array_equal(window.place(region), mask[5:12, :28])
    np.testing.assert_array_equal(window.cut(mask), mask[5:12, :28])
    assert open_window(region, below_px=99).bottom_px == 20


def test_a_crop_of_a_crop_keeps_its_place() -> None:
    mask, region = make()
    moved = crop_region(mask[4:, 8:], top_px=4, left_px=8, image_shape=(20, 30))
    assert (moved.top_px, moved.left_px, moved.image_shape) == (5, 10, (20, 30))
    np.testing.assert_array_equal(moved.inside, region.inside)
