from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from sonolesion.inference.measure.image import measure_image
from sonolesion.types import LesionMeasurement, ScanArea, UltrasoundImage

AREA = ScanArea(top_px=20, left_px=30, height_px=100, width_px=120)
PIXELS = np.full((140, 200), 90, np.uint8)


def measure(rows: slice, cols: slice, area: ScanArea | None) -> LesionMeasurement:
    mask = np.zeros(PIXELS.shape, np.bool_)
    mask[rows, cols] = True
    image = UltrasoundImage(PIXELS, spacing_mm=(0.2, 0.1), area=area)
    (lesion,) = measure_image(image, mask=mask, lesion_prob=mask.astype(np.float32)).lesions
    return lesion


def test_an_edge_of_the_scan_cuts_a_lesion() -> None:
    lesion = measure(slice(60, 90), slice(30, 60), AREA)
    assert (lesion.place.cut_edges, lesion.is_lower_bound) == (("left",), True)
    assert measure(slice(60, 90), slice(30, 60), None).place.cut_edges == ()


def test_depth_counts_from_the_scan_and_places_are_of_the_frame() -> None:
    lesion = measure(slice(60, 90), slice(50, 90), AREA)
    assert lesion.place.depth_top_px == 40
    assert lesion.place.depth_top_mm == 8
    assert lesion.place.centroid_px == (74.5, 69.5)
    alone = measure(slice(60, 90), slice(50, 90), None)
    assert alone.place.depth_top_px == 60
    for name in ("longest_ends_px", "perpendicular_ends_px"):
        assert np.allclose(getattr(lesion, name), getattr(alone, name), atol=1e-9)
    assert astuple(lesion.size) == pytest.approx(astuple(alone.size))
