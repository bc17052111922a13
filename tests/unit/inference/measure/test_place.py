from __future__ import annotations

import numpy as np
import pytest

from sonolesion.inference.measure.place import locate
from sonolesion.inference.measure.region import crop_region


def test_depth_is_taken_from_the_skin_side() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 5:15] = True
    place = locate(crop_region(mask), (0.2, 0.1), 4.0)
    assert (place.depth_top_px, place.depth_centroid_px) == (6.0, 11.0)
    assert (place.depth_top_mm, place.depth_centroid_mm) == pytest.approx((1.2, 2.2))
    assert place.centroid_px == (14.5, 9.5)
    assert place.cut_edges == ()


def test_above_the_skin_row_is_depth_zero() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[2:6, 5:15] = True
    assert locate(crop_region(mask), None, 20.0).depth_centroid_px == 0.0
    assert locate(crop_region(mask), None, 20.0).depth_top_mm is None


@pytest.mark.parametrize(
    ("window", "edges"),
    [
        (np.s_[0:3, 4:6], ("top",)),
        (np.s_[7:10, 4:6], ("bottom",)),
        (np.s_[4:6, 0:3], ("left",)),
        (np.s_[4:6, 7:10], ("right",)),
        (np.s_[:, :], ("top", "bottom", "left", "right")),
        (np.s_[1:9, 1:9], ()),
    ],
)
def test_cut_edges(window: tuple[slice, slice], edges: tuple[str, ...]) -> None:
    mask = np.zeros((10, 10), np.bool_)
    mask[window] = True
    assert locate(crop_region(mask), None, 0.0).cut_edges == edges
