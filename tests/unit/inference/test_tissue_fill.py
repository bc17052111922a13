from __future__ import annotations

import numpy as np
import pytest
from tiny_bundle import disc, speckle_image

from sonolesion.inference.tissue_fill import fill_with_tissue

HEIGHT, WIDTH, RADIUS = 160, 200, 35


def test_a_lesion_becomes_tissue() -> None:
    pixels = speckle_image(HEIGHT, WIDTH, radius_px=RADIUS)
    inside = disc(HEIGHT, WIDTH, RADIUS - 3)
    beside = np.zeros_like(inside)
    beside[60:100, 5:35] = True
    fill = fill_with_tissue(pixels)
    assert pixels[inside].mean() < 0.3 * pixels[beside].mean()
    assert fill[inside].mean() == pytest.approx(pixels[beside].mean(), rel=0.1)


def test_the_speckle_is_as_strong_as_the_images() -> None:
    pixels = speckle_image(HEIGHT, WIDTH, radius_px=0)
    fill = fill_with_tissue(pixels)
    assert fill.std() == pytest.approx(pixels.std(), rel=0.4)
    along = np.corrcoef(fill[:, :-1].ravel(), fill[:, 1:].ravel())[0, 1]
    across = np.corrcoef(fill[:-1].ravel(), fill[1:].ravel())[0, 1]
    assert along > across > 0.0, "the grain of a B-mode image lies in the rows"


def test_depth_keeps_its_brightness() -> None:
    pixels = np.repeat(np.linspace(40, 200, HEIGHT)[:, None], WIDTH, axis=1).astype(np.uint8)
    fill = fill_with_tissue(pixels)
    rows = fill.mean(axis=1)
    np.testing.assert_allclose(rows[20:-20], pixels[20:-20, 0], atol=6.0)


def test_the_black_beside_a_sector_stays_and_a_cyst_does_not() -> None:
    pixels = speckle_image(HEIGHT, WIDTH, radius_px=0)
    pixels[:60, :40] = 0
    cyst = disc(HEIGHT, WIDTH, 15)
    pixels[cyst] = 0
    fill = fill_with_tissue(pixels)
    assert fill[:60, :40].max() == 0.0
    assert fill[cyst].mean() > 80.0


@pytest.mark.parametrize("level", [0, 90])
def test_a_flat_image_stays_flat(level: int) -> None:
    pixels = np.full((40, 50), level, np.uint8)
    np.testing.assert_allclose(fill_with_tissue(pixels), level, atol=0.01)


def test_it_is_the_same_each_time_and_in_range() -> None:
    pixels = speckle_image(HEIGHT, WIDTH, radius_px=RADIUS)
    first = fill_with_tissue(pixels)
    assert first.dtype == np.float32
    assert first.min() >= 0.0
    assert first.max() <= 255.0
    np.testing.assert_array_equal(first, fill_with_tissue(pixels))
