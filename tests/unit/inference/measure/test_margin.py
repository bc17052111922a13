from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn_shapes import draw_ellipse, draw_star, draw_wave

from sonolesion.inference.measure.contour import trace_contour, transform_contour
from sonolesion.inference.measure.margin import measure_margin
from sonolesion.inference.measure.region import crop_region
from sonolesion.types.lesion import LesionMargin

SHAPE = (300, 300)
CENTRE = (150.2, 149.7)


def margin_of(mask: np.ndarray, pixels: np.ndarray | None = None) -> LesionMargin:
    grey = np.full(mask.shape, 90, np.uint8) if pixels is None else pixels
    return measure_margin(transform_contour(trace_contour(crop_region(mask))), (1.0, 1.0), grey)


# r = 1 + a cos(n t) bends inward only where a > 1 / (1 + n^2): .2 for two waves, .1 for three
@pytest.mark.parametrize(
    ("lobes", "amplitude"), [(2, 0.35), (3, 0.25), (5, 0.14), (8, 0.14), (11, 0.14)]
)
def test_as_many_bays_as_waves(lobes: int, amplitude: float) -> None:
    mask = draw_wave(SHAPE, centre=CENTRE, radius=85, amplitude=amplitude, lobes=lobes)
    assert margin_of(mask).n_bays == lobes


@pytest.mark.parametrize(("lobes", "amplitude"), [(2, 0.19), (3, 0.09), (5, 0.03)])
def test_gentle_waves_have_no_bays(lobes: int, amplitude: float) -> None:
    mask = draw_wave(SHAPE, centre=CENTRE, radius=85, amplitude=amplitude, lobes=lobes)
    assert margin_of(mask).n_bays == 0


@pytest.mark.parametrize("points", [5, 6, 8])
def test_star_has_as_many_corners_and_bays_as_points(points: int) -> None:
    found = margin_of(draw_star(SHAPE, centre=CENTRE, radii=(120, 60), points=points))
    assert (found.n_corners, found.n_bays) == (points, points)


@pytest.mark.parametrize("ratio", [1.0, 0.7, 0.5, 0.4])
@pytest.mark.parametrize("angle_deg", [0, 25, 45])
@pytest.mark.parametrize("half_px", [25, 60, 110])
def test_ovals_have_neither(ratio: float, angle_deg: int, half_px: int) -> None:
    half_axes = (half_px, half_px * ratio)
    mask = draw_ellipse(SHAPE, centre=CENTRE, half_axes=half_axes, angle_deg=angle_deg)
    found = margin_of(mask)
    if found.n_bays is None:
        assert half_px == 25
    else:
        assert (found.n_corners, found.n_bays) == (0, 0)


def test_square_has_four_corners() -> None:
    mask = np.zeros(SHAPE, np.bool_)
    mask[50:250, 50:250] = True
    found = margin_of(mask)
    assert (found.n_corners, found.n_bays) == (4, 0)


def test_a_small_contour_is_not_counted() -> None:
    found = margin_of(draw_ellipse((60, 60), centre=(30, 30), half_axes=(12, 12)))
    assert found.n_bays is found.n_corners is None


def test_sharp_and_blurred_border() -> None:
    mask = draw_ellipse(SHAPE, centre=CENTRE, half_axes=(90, 60))
    picture = np.where(mask, 40, 110).astype(np.float32)
    sharp = margin_of(mask, picture.astype(np.uint8))
    assert sharp.sharp_share == 1.0
    assert sharp.step_grey == pytest.approx(70, abs=8)
    blurred = cv2.GaussianBlur(picture, (0, 0), 25.0)
    assert margin_of(mask, blurred.astype(np.uint8)).sharp_share == pytest.approx(0.0, abs=0.1)


def test_half_of_the_border_blurred() -> None:
    mask = draw_ellipse(SHAPE, centre=CENTRE, half_axes=(90, 60))
    picture = np.where(mask, 40, 110).astype(np.float32)
    picture[:, :150] = 40  # no border at all on the left
    share = margin_of(mask, picture.astype(np.uint8)).sharp_share
    assert share == pytest.approx(0.5, abs=0.1)


def test_a_border_outside_the_image_cannot_be_read() -> None:
    found = margin_of(np.ones((80, 80), np.bool_))
    assert found.sharp_share is found.step_grey is None
