from __future__ import annotations

import math

import numpy as np
import pytest
from drawn_shapes import draw_ellipse
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sonolesion.inference.measure.diameters import Diameter, find_longest, find_perpendicular
from sonolesion.inference.measure.region import crop_region
from sonolesion.inference.measure.size import measure_size
from sonolesion.types.lesion import LesionSize

POINTS = arrays.arrays(
    np.float64,
    st.tuples(st.integers(3, 25), st.just(2)),
    elements=st.integers(-40, 40).map(float),
)
SPACINGS = st.tuples(st.sampled_from([0.1, 0.5, 1.0]), st.sampled_from([0.2, 1.0, 3.0]))


@given(POINTS, SPACINGS)
def test_longest_is_that_of_brute_force(points: np.ndarray, spacing: tuple[float, float]) -> None:
    brute = max(math.dist(p * spacing, q * spacing) for p in points for q in points)
    found = find_longest(points, spacing)
    assert found.length(spacing) == pytest.approx(brute, rel=1e-6)
    assert all(list(end) in points.tolist() for end in found.ends_px)


def test_perpendicular_of_a_kite_by_hand() -> None:
    kite = np.array([[0.0, 0.0], [-3.0, 4.0], [0.0, 20.0], [5.0, 4.0]])
    longest = find_longest(kite, (1.0, 1.0))
    assert longest.ends_px == ((0.0, 0.0), (0.0, 20.0))
    found = find_perpendicular(kite, longest, (1.0, 1.0))
    assert found.length() == pytest.approx(8.0, rel=1e-3)
    assert [e[1] for e in found.ends_px] == pytest.approx([4.0, 4.0], abs=0.01)


def test_perpendicular_spans_a_bay() -> None:
    # a "U" lying on its side; the outermost borders count
    u = np.array([[0, 0], [0, 30], [2, 30], [2, 5], [8, 5], [8, 30], [10, 30], [10, 0.0]])
    longest = Diameter(((5.0, 0.0), (5.0, 30.0)))
    assert find_perpendicular(u, longest, (1.0, 1.0)).length() == pytest.approx(10.0)


def test_a_point_has_no_length() -> None:
    point = np.zeros((4, 2))
    longest = find_longest(point, (1.0, 1.0))
    assert longest.length() == find_perpendicular(point, longest, (1.0, 1.0)).length() == 0.0


@given(POINTS)
def test_perpendicular_is_at_right_angles_and_not_longer(points: np.ndarray) -> None:
    longest = find_longest(points, (1.0, 1.0))
    assume(longest.length() > 0)
    found = find_perpendicular(points, longest, (1.0, 1.0))
    (a, b), (c, d) = (np.asarray(x.ends_px) for x in (longest, found))
    assert abs(float((b - a) @ (d - c))) <= 1e-6 * longest.length() * max(1.0, found.length())
    assert found.length() <= longest.length() * (1 + 1e-9)


SPACED = [(1.0, 1.0), (0.2, 0.2), (0.1, 0.2), (0.15, 0.08)]


@pytest.mark.parametrize("spacing", SPACED)
@pytest.mark.parametrize("half_px", [(12.5, 11.5), (20, 11), (30, 22), (55, 25)])
@pytest.mark.parametrize("angle_deg", [0, 15, 45, 70, -30, 90])
def test_diameters_of_ellipses(
    half_px: tuple[float, float], angle_deg: int, spacing: tuple[float, float]
) -> None:
    """Under 2 % wrong above 20 px, at every angle and spacing."""
    unit = max(spacing)  # so that there are at least 20 of the coarser pixels
    half_axes = (half_px[0] * unit, half_px[1] * unit)
    mask = draw_ellipse(
        (290, 290), centre=(144.3, 145.1), half_axes=half_axes, angle_deg=angle_deg, spacing=spacing
    )
    size = measure_size(crop_region(mask), spacing).size
    assert size.longest_mm == pytest.approx(2 * half_axes[0], rel=0.02)
    assert size.perpendicular_mm == pytest.approx(2 * half_axes[1], rel=0.02)


def measure_ellipse(
    half_px: tuple[float, float],
    *,
    angle_deg: float,
    spacing: tuple[float, float],
    centre: tuple[float, float],
) -> tuple[LesionSize, float, float]:
    """Its size, and both half axes in mm; half axes are given in the coarser pixels."""
    a, b = (half * max(spacing) for half in half_px)
    side = [2 * math.ceil(max(a, b) / s) + 20 for s in spacing]
    mask = draw_ellipse(
        (side[0], side[1]),
        centre=(side[0] // 2 + centre[0], side[1] // 2 + centre[1]),
        half_axes=(a, b),
        angle_deg=angle_deg,
        spacing=spacing,
    )
    return measure_size(crop_region(mask), spacing).size, max(a, b), min(a, b)


@given(
    half_px=st.tuples(st.floats(10.5, 60.0), st.floats(10.5, 60.0)),
    angle_deg=st.floats(-90.0, 90.0),
    spacing=st.tuples(st.floats(0.1, 0.3), st.floats(0.1, 0.3)),
    centre=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
)
def test_any_ellipse_is_within_2_percent_or_what_its_pixels_leave_open(
    half_px: tuple[float, float],
    angle_deg: float,
    spacing: tuple[float, float],
    centre: tuple[float, float],
) -> None:
    """A row of pixels more or less, where the border touches their centres, is in the mask."""
    size, a, b = measure_ellipse(half_px, angle_deg=angle_deg, spacing=spacing, centre=centre)
    pixel = 1.1 * max(spacing)
    assert size.longest_mm == pytest.approx(2 * a, abs=max(0.02 * 2 * a, pixel))
    assert size.area_mm2 == pytest.approx(math.pi * a * b, rel=0.05)
    if a / b > 1.2:  # of a disc, the direction of the longest is left to chance
        assert size.perpendicular_mm == pytest.approx(2 * b, abs=max(0.02 * 2 * b, pixel))


@pytest.mark.parametrize(("least_px", "share_within"), [(20.0, 0.9), (40.0, 0.999)])
def test_ellipses_anywhere_on_the_grid(least_px: float, share_within: float) -> None:
    """Under 2 % wrong above 20 px: nine in ten at 20 to 30 px, all from 40 px; unbiased."""
    rng = np.random.default_rng(7)
    wrong = []
    for _ in range(200):
        b = rng.uniform(1.0, 1.5) * least_px / 2
        size, a, b = measure_ellipse(
            (b * rng.uniform(1.25, 2.0), b),
            angle_deg=rng.uniform(-90, 90),
            spacing=(0.1, rng.choice([0.1, 0.07, 0.14])),
            centre=tuple(rng.uniform(-0.5, 0.5, 2)),
        )
        assert size.longest_mm is not None
        assert size.perpendicular_mm is not None
        wrong += [size.longest_mm / (2 * a) - 1, size.perpendicular_mm / (2 * b) - 1]
    assert np.mean(np.abs(wrong) < 0.02) >= share_within
    assert abs(np.mean(wrong)) < 0.005
