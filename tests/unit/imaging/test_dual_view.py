from __future__ import annotations

import numpy as np
import pytest
from tiny_bundle import speckle_image

from sonolesion.data.phantom import make_phantom
from sonolesion.imaging import dual_view
from sonolesion.imaging.texture import split_layers
from sonolesion.types import LesionClass


def find_seam(pixels: np.ndarray) -> float | None:
    return dual_view.find_seam(split_layers(pixels).fine)


def measure_seam(pixels: np.ndarray) -> tuple[float, float]:
    return dual_view.measure_seam(split_layers(pixels).fine)


def put_beside(left: np.ndarray, right: np.ndarray, gap_px: int, level: int) -> np.ndarray:
    height = min(len(left), len(right))
    gap = np.full((height, gap_px), level, np.uint8)
    return np.hstack([left[:height], gap, right[:height]])


@pytest.mark.parametrize(("gap_px", "level"), [(0, 0), (1, 0), (4, 0), (4, 255), (12, 0), (40, 0)])
def test_seam_of_two_speckle_images_is_found(gap_px: int, level: int) -> None:
    views = put_beside(speckle_image(200, 250), speckle_image(200, 250, seed=1), gap_px, level)
    place = find_seam(views)
    assert place is not None
    assert place * views.shape[1] == pytest.approx(250 + gap_px / 2, abs=gap_px / 2 + 1)


def test_one_image_has_none() -> None:
    assert find_seam(speckle_image(200, 500)) is None


@pytest.mark.parametrize("seed", range(3))
def test_phantoms(seed: int) -> None:
    first, second = (
        make_phantom(np.random.default_rng([seed, i]), LesionClass.BENIGN).pixels for i in (0, 1)
    )
    assert find_seam(first) is None
    width = min(first.shape[1], second.shape[1])
    place = find_seam(put_beside(first[:, :width], second[:, :width], 3, 0))
    assert place == pytest.approx(0.5, abs=0.02)


def test_a_seam_off_the_middle_is_not_looked_for() -> None:
    views = put_beside(speckle_image(200, 100), speckle_image(200, 400, seed=1), 0, 0)
    assert find_seam(views) is None


def test_a_caliper_line_is_no_seam() -> None:
    image = speckle_image(200, 300)
    image[20:180, 150] = 255
    image[100, 60:240] = 255
    assert find_seam(image) is None


def test_correlation_is_that_of_the_columns() -> None:
    # every column is the same, so each pair agrees; without detail there is nothing to disagree
    column = np.random.default_rng(0).integers(0, 40, (128, 1), dtype=np.uint8)
    assert measure_seam(np.repeat(column, 100, axis=1))[1] == pytest.approx(1.0)
    assert measure_seam(np.full((64, 64), 9, np.uint8))[1] == 1.0
