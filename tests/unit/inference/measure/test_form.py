from __future__ import annotations

import math

import numpy as np
import pytest
from drawn_shapes import draw_ellipse, draw_star, draw_wave

from sonolesion.inference.measure.form import measure_form
from sonolesion.inference.measure.region import crop_region
from sonolesion.inference.measure.size import measure_size
from sonolesion.types.lesion import LesionForm


def form_of(mask: np.ndarray, spacing: tuple[float, float] | None = None) -> LesionForm:
    region = crop_region(mask)
    return measure_form(region, measure_size(region, spacing))


def test_disc() -> None:
    form = form_of(draw_ellipse((120, 120), centre=(60, 60), half_axes=(45, 45)))
    assert form.height_to_width == 1.0
    assert form.axis_ratio == pytest.approx(1.0, abs=0.01)
    assert form.circularity == pytest.approx(1.0, abs=0.015)
    assert form.solidity == pytest.approx(1.0, abs=0.01)
    assert form.convexity == pytest.approx(1.0, abs=0.01)
    assert form.ellipse_overlap > 0.98
    assert form.radial_sd < 0.01


@pytest.mark.parametrize("angle_deg", [-60, -20, 0, 33, 80, 90])
def test_ellipse_at_an_angle(angle_deg: int) -> None:
    mask = draw_ellipse((150, 150), centre=(75, 75), half_axes=(60, 30), angle_deg=angle_deg)
    form = form_of(mask)
    assert form.axis_angle_deg == pytest.approx(angle_deg, abs=0.7)
    assert form.axis_ratio == pytest.approx(0.5, rel=0.02)
    assert form.ellipse_overlap > 0.97
    c, s = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    ratio = math.hypot(60 * s, 30 * c) / math.hypot(60 * c, 30 * s)
    assert form.height_to_width == pytest.approx(ratio, rel=0.03)


def test_spacing_makes_an_oval_round() -> None:
    mask = draw_ellipse((150, 150), centre=(75, 75), half_axes=(30, 60))
    form = form_of(mask, (0.1, 0.2))
    assert form.height_to_width == pytest.approx(1.0, rel=0.03)
    assert form.axis_ratio == pytest.approx(1.0, abs=0.03)
    assert form.circularity == pytest.approx(1.0, abs=0.02)


def test_square_by_hand() -> None:
    mask = np.zeros((140, 140), np.bool_)
    mask[20:120, 20:120] = True
    form = form_of(mask)
    assert form.circularity == pytest.approx(math.pi / 4, rel=0.02)
    assert form.solidity == pytest.approx(1.0, abs=0.01)
    # a square of side 1 and the disc of equal second moments (radius r: r^2/4 = 1/12): r = .5774,
    # so four caps stick out of the square: cap = r^2 acos(.5/r) - .5 sqrt(r^2 - .25) = .0302
    cap = (1 / 3) * math.acos(0.5 * math.sqrt(3)) - 0.5 * math.sqrt(1 / 3 - 0.25)
    disc = math.pi / 3
    assert form.ellipse_overlap == pytest.approx((disc - 4 * cap) / (1 + 4 * cap), rel=0.01)


def test_star_by_hand() -> None:
    mask = draw_star((240, 240), centre=(120, 120), radii=(100, 50), points=5)
    form = form_of(mask)
    area = 5 * 100 * 50 * math.sin(math.pi / 5)
    hull = 2.5 * 100**2 * math.sin(2 * math.pi / 5)
    assert form.solidity == pytest.approx(area / hull, rel=0.03)
    side = math.hypot(100 - 50 * math.cos(math.pi / 5), 50 * math.sin(math.pi / 5))
    hull_perimeter = 10 * 100 * math.sin(math.pi / 5)
    assert form.convexity == pytest.approx(hull_perimeter / (10 * side), rel=0.03)
    assert form.circularity == pytest.approx(4 * math.pi * area / (10 * side) ** 2, rel=0.06)


def test_waves_raise_irregularity() -> None:
    forms = [
        form_of(draw_wave((200, 200), centre=(100, 100), radius=60, amplitude=a, lobes=8))
        for a in (0.0, 0.1, 0.2)
    ]
    for figure in ("circularity", "solidity", "convexity", "ellipse_overlap"):
        values = [getattr(f, figure) for f in forms]
        assert values == sorted(values, reverse=True)
    # r = 1 + a cos: standard deviation a / sqrt(2), over the largest, 1 + a; the samples lie
    # evenly along the contour, which weights the steep parts a little more
    assert forms[1].radial_sd == pytest.approx(0.1 / math.sqrt(2) / 1.1, rel=0.1)


def test_a_line_and_a_pixel_have_a_form() -> None:
    line = form_of(np.ones((1, 30), np.bool_))
    assert line.axis_angle_deg == 0.0
    assert line.height_to_width == pytest.approx(1 / 30)
    pixel = form_of(np.ones((1, 1), np.bool_))
    assert pixel.axis_ratio == pytest.approx(1.0)
    assert 0 < pixel.circularity <= 1
