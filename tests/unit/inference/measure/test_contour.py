from __future__ import annotations

import math

import numpy as np
import pytest
from drawn_shapes import draw_ellipse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special

from sonolesion.inference.measure.components import find_lesions
from sonolesion.inference.measure.contour import (
    FINE_WAVELENGTH_PX,
    contour_area,
    contour_length,
    smooth_contour,
    trace_contour,
    transform_contour,
)
from sonolesion.inference.measure.region import Region, crop_region

MASKS = arrays.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def edge_middles(mask: np.ndarray) -> set[tuple[float, float]]:
    """Every middle between a pixel inside and one outside, found one by one."""
    found = set()
    for row, col in zip(*np.nonzero(mask), strict=True):
        for dr, dc in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            r, c = row + dr, col + dc
            inside = 0 <= r < mask.shape[0] and 0 <= c < mask.shape[1] and mask[r, c]
            if not inside:
                found.add((row + dr / 2, col + dc / 2))
    return found


def uncropped(region: Region) -> np.ndarray:
    mask = np.zeros(region.image_shape, np.bool_)
    mask[region.top_px : region.bottom_px, region.left_px : region.right_px] = region.inside
    return mask


@given(MASKS)
def test_every_edge_is_passed_once(mask: np.ndarray) -> None:
    for region in find_lesions(mask).regions:
        points = [tuple(p) for p in trace_contour(region).tolist()]
        assert len(points) == len(set(points))
        assert set(points) == edge_middles(uncropped(region))


@given(MASKS)
def test_steps_are_short_and_the_curve_is_clockwise(mask: np.ndarray) -> None:
    for region in find_lesions(mask).regions:
        points = trace_contour(region)
        steps = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
        assert steps.max() <= 1.0
        row, col = points.T
        assert float(col @ np.roll(row, -1) - row @ np.roll(col, -1)) > 0.0


def test_two_pixels_that_touch_at_a_corner_by_hand() -> None:
    points = trace_contour(crop_region(np.array([[1, 0], [0, 1]], np.bool_))).tolist()
    assert points == [[-0.5, 0], [0, 0.5], [0.5, 1], [1, 1.5], [1.5, 1], [1, 0.5], [0.5, 0],
                      [0, -0.5]]  # fmt: skip


@pytest.mark.parametrize("half_axes", [(12, 12), (20, 10), (40, 25), (90, 40)])
@pytest.mark.parametrize("angle_deg", [0, 17, 45, 78])
def test_perimeter_and_area_of_ellipses(half_axes: tuple[int, int], angle_deg: int) -> None:
    a, b = half_axes
    mask = draw_ellipse((200, 200), centre=(99.3, 100.4), half_axes=half_axes, angle_deg=angle_deg)
    smooth = smooth_contour(
        transform_contour(trace_contour(crop_region(mask))), wavelength=FINE_WAVELENGTH_PX
    )
    perimeter = 4 * a * special.ellipe(1 - (b / a) ** 2)
    assert contour_length(smooth) == pytest.approx(perimeter, rel=0.01)
    assert contour_area(smooth) == pytest.approx(math.pi * a * b, rel=0.015)


@pytest.mark.parametrize("slope_deg", [0, 10, 26, 45, 60])
def test_perimeter_of_turned_rectangles(slope_deg: int) -> None:
    row, col = np.mgrid[:240, :240] - 119.6
    angle = math.radians(slope_deg)
    u = col * math.cos(angle) - row * math.sin(angle)
    v = col * math.sin(angle) + row * math.cos(angle)
    mask = (np.abs(u) <= 70) & (np.abs(v) <= 40)
    smooth = smooth_contour(
        transform_contour(trace_contour(crop_region(mask))), wavelength=FINE_WAVELENGTH_PX
    )
    # the four corners are rounded off by the filter: 1 to 2 px each
    assert contour_length(smooth) == pytest.approx(440.0, rel=0.015)


def test_smoothing_does_not_shrink_a_circle() -> None:
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = 10 * np.column_stack([np.sin(angle), np.cos(angle)])
    smooth = smooth_contour(transform_contour(circle), wavelength=15.0)
    assert np.hypot(*smooth.T) == pytest.approx(10.0, rel=0.001)
