from __future__ import annotations

import math

import numpy as np
import pytest
from drawn_shapes import draw_ellipse

from sonolesion.inference.measure.interval import measure_ranges
from sonolesion.inference.measure.region import crop_region
from sonolesion.inference.measure.size import measure_size


def cone(centre: tuple[float, float], radius: float, slope: float) -> np.ndarray:
    """Probability .5 at `radius`, falling by `slope` for each px outward."""
    row, col = np.mgrid[:100, :160].astype(np.float64)
    distance = np.hypot(row - centre[0], col - centre[1])
    return np.asarray(np.clip(0.5 - slope * (distance - radius), 0, 1), dtype=np.float32)


def disc(centre: tuple[float, float], radius: float) -> np.ndarray:
    return draw_ellipse((100, 160), centre=centre, half_axes=(radius, radius))


def test_range_of_a_soft_disc() -> None:
    prob = cone((50, 50), 25, 0.04)  # .3 at 30 px, .7 at 20 px
    mask = disc((50, 50), 25)
    size = measure_size(crop_region(mask), (0.1, 0.1)).size
    (found,) = measure_ranges([crop_region(mask)], [size], prob, (0.1, 0.1))
    assert found.low.longest_px == pytest.approx(40, rel=0.02)
    assert found.high.longest_px == pytest.approx(60, rel=0.02)
    assert found.high.longest_mm == pytest.approx(6, rel=0.02)
    assert found.low.area_mm2 == pytest.approx(math.pi * 4, rel=0.02)


def test_a_hard_border_has_a_narrow_range() -> None:
    mask = disc((50, 50), 25)
    size = measure_size(crop_region(mask), None).size
    (found,) = measure_ranges([crop_region(mask)], [size], mask.astype(np.float32), None)
    assert found.low == found.high == size


def test_a_weak_lesion_vanishes() -> None:
    mask = disc((50, 50), 25)
    size = measure_size(crop_region(mask), None).size
    (found,) = measure_ranges(
        [crop_region(mask)], [size], mask.astype(np.float32) * np.float32(0.6), None
    )
    assert (found.low.longest_px, found.low.area_px, found.low.longest_mm) == (0.0, 0.0, None)
    assert found.high == size


def test_lesions_that_run_together_are_parted_half_way() -> None:
    prob = np.maximum(cone((50, 40), 20, 0.01), cone((50, 100), 20, 0.01))  # .3 at 40 px
    masks = [disc((50, 40), 20), disc((50, 100), 20)]
    sizes = [measure_size(crop_region(m), None).size for m in masks]
    left, right = measure_ranges([crop_region(m) for m in masks], sizes, prob, None)
    assert left.high.width_px == pytest.approx(40 + 30, abs=1.5)
    assert right.high.width_px == pytest.approx(40 + 30, abs=1.5)


def test_no_lesion_no_range() -> None:
    assert measure_ranges([], [], np.zeros((4, 4), np.float32), None) == ()
