from __future__ import annotations

import numpy as np
import pytest
from tiny_bundle import speckle_image

from sonolesion.imaging import background
from sonolesion.imaging.histogram import count_levels


def measure_background(pixels: np.ndarray) -> float:
    return background.measure_background(count_levels(pixels))


def test_share_around_the_fullest_level() -> None:
    # 60 pixels at 200 and 20 at 208 lie within 8 levels of 200; 20 at 209 lie within 8 of 201 on
    pixels = np.repeat(np.array([200, 208, 209, 50], np.uint8), [60, 20, 10, 10])[None]
    assert measure_background(pixels) == pytest.approx(0.9)
    assert (
        measure_background(np.repeat(np.array([[200, 217, 50]], np.uint8), [6, 2, 2], axis=1))
        == 0.6
    )


@pytest.mark.parametrize(("level", "share"), [(0, 0.0), (80, 0.0), (100, 1.0), (255, 1.0)])
def test_dark_backgrounds_do_not_count(level: int, share: float) -> None:
    assert measure_background(np.full((9, 9), level, np.uint8)) == share


def test_speckle_has_no_background() -> None:
    assert measure_background(speckle_image(radius_px=0)) < 0.45
