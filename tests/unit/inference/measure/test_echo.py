from __future__ import annotations

import numpy as np
import pytest
from drawn_shapes import draw_ellipse

from sonolesion.inference.measure.echo import measure_echo
from sonolesion.inference.measure.region import crop_region
from sonolesion.types.lesion import LesionEcho

SHAPE = (120, 200)
MASK = draw_ellipse(SHAPE, centre=(60, 100), half_axes=(40, 30))


def echo_of(pixels: np.ndarray, mask: np.ndarray = MASK) -> LesionEcho:
    return measure_echo(crop_region(mask), mask, pixels.astype(np.uint8))


def test_flat_lesion_in_flat_tissue() -> None:
    echo = echo_of(np.where(MASK, 40, 100))
    assert (echo.inside_grey, echo.core_grey) == (40.0, 40.0)
    assert echo.tissue_grey == pytest.approx(100.0)
    assert echo.difference_grey == pytest.approx(-60.0)
    assert echo.ratio == pytest.approx(0.4)
    assert echo.heterogeneity_grey == pytest.approx(0.0, abs=1e-3)
    assert echo.empty_share == 0.0


def test_depth_gain_cancels() -> None:
    # grey falls with depth; the lesion is 30 levels darker than its own row everywhere
    tissue = np.linspace(200, 80, SHAPE[0]).round()[:, None] * np.ones(SHAPE)
    assert echo_of(np.where(MASK, tissue - 30, tissue)).difference_grey == pytest.approx(-30)


def test_cyst_is_empty() -> None:
    assert echo_of(np.where(MASK, 12, 110)).empty_share == 1.0
    # half of it filled: the border between is blurred, so about a half
    half = np.where(MASK, 12, 110)
    half[:, 100:][MASK[:, 100:]] = 80
    assert echo_of(half).empty_share == pytest.approx(0.5, abs=0.1)


def test_dark_inside_dark_tissue_is_not_empty() -> None:
    assert echo_of(np.where(MASK, 25, 60)).empty_share == 0.0


def test_speckle_is_not_heterogeneity_but_patches_are() -> None:
    rng = np.random.default_rng(0)
    speckle = 80 + 20 * rng.standard_normal(SHAPE)
    patches = 80 + 20 * np.sign(np.sin(np.arange(SHAPE[1]) / 7.0)) * np.ones(SHAPE)
    assert echo_of(speckle.clip(0, 255)).heterogeneity_grey < 6
    assert echo_of(patches).heterogeneity_grey > 14


def test_without_flanks_there_is_no_contrast() -> None:
    mask = np.zeros(SHAPE, np.bool_)
    mask[20:60] = True
    echo = echo_of(np.full(SHAPE, 90), mask)
    assert echo.tissue_grey is echo.difference_grey is echo.ratio is None


def test_black_flanks_give_no_ratio() -> None:
    echo = echo_of(np.where(MASK, 40, 0))
    assert echo.ratio is None
    assert echo.difference_grey == pytest.approx(40.0)


def test_flanks_by_hand() -> None:
    mask = np.zeros((5, 60), np.bool_)
    mask[2, 20:40] = True  # width 20: gap 2, band 12
    other = mask.copy()
    other[2, 50:60] = True
    pixels = np.full(mask.shape, 250, np.uint8)
    pixels[2] = np.arange(60)
    echo = measure_echo(crop_region(mask), other, pixels)
    assert echo.tissue_grey == pytest.approx(np.mean([*range(6, 18), *range(42, 50)]))
