from __future__ import annotations

import numpy as np
import pytest
from drawn_shapes import draw_ellipse

from sonolesion.inference.measure.posterior import measure_posterior
from sonolesion.inference.measure.region import crop_region
from sonolesion.types.lesion import LesionPosterior

SHAPE = (200, 300)
MASK = draw_ellipse(SHAPE, centre=(70, 150), half_axes=(50, 40))
BEHIND = np.zeros(SHAPE, np.bool_)
BEHIND[70:, 100:201] = True
BEHIND &= ~MASK


def behind(pixels: np.ndarray, mask: np.ndarray = MASK) -> LesionPosterior:
    return measure_posterior(crop_region(mask), mask, pixels.astype(np.uint8))


@pytest.mark.parametrize(("level", "change"), [(150, 0.5), (100, 0.0), (40, -0.6)])
def test_change_behind(level: int, change: float) -> None:
    found = behind(np.where(BEHIND, level, 100))
    assert found.beneath_grey == pytest.approx(level)
    assert found.flank_grey == pytest.approx(100)
    assert found.change == pytest.approx(change)
    assert found.third_changes == pytest.approx((change,) * 3)


def test_loss_with_depth_is_no_shadow() -> None:
    tissue = np.linspace(220, 40, SHAPE[0]).round()[:, None] * np.ones(SHAPE)
    assert behind(tissue).change == pytest.approx(0.0, abs=0.01)


def test_thin_edge_shadows_are_left_out() -> None:
    pixels = np.full(SHAPE, 100)
    pixels[70:, 98:112] = 20
    pixels[70:, 189:203] = 20
    assert behind(np.where(MASK, 60, pixels)).change == pytest.approx(0.0, abs=0.01)


def test_thirds_differ() -> None:
    pixels = np.full(SHAPE, 100)
    pixels[BEHIND] = 150
    pixels[:, :150][BEHIND[:, :150]] = 50
    left, _, right = behind(pixels).third_changes or (0, 0, 0)
    assert (left, right) == pytest.approx((-0.5, 0.5), abs=0.05)


def test_dark_flank_counts_as_ten() -> None:
    assert behind(np.where(BEHIND, 4, 0)).change == pytest.approx(0.4)


def test_at_the_bottom_nothing_lies_behind() -> None:
    mask = np.zeros(SHAPE, np.bool_)
    mask[120:198, 100:200] = True
    assert behind(np.full(SHAPE, 90), mask) == LesionPosterior()


def test_over_the_whole_width_there_is_no_flank() -> None:
    mask = np.zeros(SHAPE, np.bool_)
    mask[20:80] = True
    assert behind(np.full(SHAPE, 90), mask) == LesionPosterior()


def test_another_lesion_is_no_flank() -> None:
    pixels = np.full(SHAPE, 100)
    other = draw_ellipse(SHAPE, centre=(140, 245), half_axes=(30, 40))
    pixels[other] = 10
    found = measure_posterior(crop_region(MASK), MASK | other, pixels.astype(np.uint8))
    assert found.change == pytest.approx(0.0)
