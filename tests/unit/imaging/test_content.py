from __future__ import annotations

import numpy as np
import pytest
from tiny_bundle import disc, speckle_image

from sonolesion.imaging import content
from sonolesion.imaging.histogram import count_levels

NOISE = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)


def find_emptiness(pixels: np.ndarray) -> str:
    return content.find_emptiness(pixels, count_levels(pixels))


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((64, 64), np.uint8), "1 grey level"),
        (disc(64, 64, 20).astype(np.uint8) * np.uint8(255), "2 grey levels"),
        (np.tile(np.arange(256, dtype=np.uint8), (256, 1)), "no speckle texture"),
        (NOISE, "pure noise"),
        (speckle_image(), ""),
    ],
)
def test_reason(pixels: np.ndarray, reason: str) -> None:
    assert find_emptiness(pixels) == reason


def test_faint_pictures_have_no_contrast() -> None:
    faint = np.clip(np.random.default_rng(0).normal(100, 3, (128, 128)), 80, 120).astype(np.uint8)
    assert find_emptiness(faint) == f"contrast of {faint.std():.1f} grey levels"


def test_correlation_of_neighbours_from_counts_is_that_of_the_pixels() -> None:
    image = speckle_image(90, 70)
    steps = np.abs(np.diff(image.astype(int), axis=1)).astype(np.uint8)
    found = content._correlate(image, count_levels(image), count_levels(steps))
    expected = np.corrcoef(image[:, :-1].ravel(), image[:, 1:].ravel())[0, 1]
    assert found == pytest.approx(expected, abs=1e-12)


def test_a_row_of_one_level_has_no_correlation() -> None:
    # the left column is all 5
    image = np.array([[5, 5, 9], [5, 5, 1]], np.uint8)[:, 1:]
    assert content._correlate(image, count_levels(image), np.bincount([4, 4], minlength=256)) == 0.0
