from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from drawn_shapes import draw_ellipse

from sonolesion.inference.measure.region import crop_region
from sonolesion.inference.measure.size import bound_sizes, measure_size
from sonolesion.types.lesion import LesionSize


def test_rectangle_in_px_and_mm() -> None:
    mask = np.zeros((100, 160), np.bool_)
    mask[20:70, 30:150] = True  # 50 x 120 px
    size = measure_size(crop_region(mask), (0.2, 0.1)).size
    assert (size.height_px, size.width_px, size.area_px) == (50, 120, 6000)
    assert (size.height_mm, size.width_mm, size.area_mm2) == pytest.approx((10, 12, 120))
    assert size.longest_mm == pytest.approx(math.hypot(10, 12), rel=0.02)
    assert size.perimeter_mm == pytest.approx(44, rel=0.02)


def test_without_spacing_nothing_is_in_mm() -> None:
    size = measure_size(crop_region(np.ones((5, 5), np.bool_)), None).size
    values = dataclasses.asdict(size)
    assert all((v is None) == ("_mm" in k) for k, v in values.items())


def test_px_is_the_same_line_as_mm() -> None:
    # 60 px high, 40 px wide, but pixels are twice as wide as high: longest lies along the rows
    mask = draw_ellipse((90, 90), centre=(45, 45), half_axes=(20, 30))
    sized = measure_size(crop_region(mask), (1.0, 2.0))
    assert sized.size.longest_mm == pytest.approx(80, rel=0.02)
    assert sized.size.longest_px == pytest.approx(40, rel=0.02)
    assert sized.size.perpendicular_px == pytest.approx(60, rel=0.02)
    assert measure_size(crop_region(mask), None).size.longest_px == pytest.approx(60, rel=0.02)


def test_ends_of_the_longest_diameter() -> None:
    mask = draw_ellipse((120, 120), centre=(60, 50), half_axes=(40, 20), angle_deg=30)
    start, end = measure_size(crop_region(mask), None).longest.ends_px
    offset = (40 * math.sin(math.radians(30)), 40 * math.cos(math.radians(30)))
    assert sorted([start, end], key=lambda p: p[1]) == [
        pytest.approx((60 + offset[0], 50 - offset[1]), abs=1.5),
        pytest.approx((60 - offset[0], 50 + offset[1]), abs=1.5),
    ]


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (20, 1), (2, 2), (3, 1)])
def test_tiny_regions_have_finite_sizes(shape: tuple[int, int]) -> None:
    size = measure_size(crop_region(np.ones(shape, np.bool_)), None).size
    assert size.longest_px == pytest.approx(math.hypot(max(shape), 0), rel=0.3)
    assert 0 < size.perpendicular_px <= size.longest_px
    assert (size.height_px, size.width_px) == shape


def test_bounds_are_taken_figure_by_figure() -> None:
    first = LesionSize(5, 4, 5, 4, 20, 16, longest_mm=0.5)
    second = LesionSize(6, 3, 6, 3, 21, 15, longest_mm=0.6)
    low, high = bound_sizes([first, second])
    assert low == LesionSize(5, 3, 5, 3, 20, 15, longest_mm=0.5)
    assert high == LesionSize(6, 4, 6, 4, 21, 16, longest_mm=0.6)
