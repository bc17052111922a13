from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from drawn_shapes import draw_ellipse

from sonolesion.inference.measure.image import measure_image
from sonolesion.types import LesionMeasurement, ScanArea, UltrasoundImage

AREA = ScanArea(top_px=20, left_px=30, height_px=100, width_px=120)
PIXELS = np.full((140, 200), 90, np.uint8)


def measure(mask: np.ndarray, area: ScanArea | None) -> LesionMeasurement:
    image = UltrasoundImage(PIXELS, spacing_mm=(0.2, 0.1), area=area)
    (lesion,) = measure_image(image, mask=mask, lesion_prob=mask.astype(np.float32)).lesions
    return lesion


def test_an_edge_of_the_scan_cuts_a_lesion() -> None:
    mask = np.zeros(PIXELS.shape, np.bool_)
    mask[60:90, 30:60] = True
    lesion = measure(mask, AREA)
    assert (lesion.place.cut_edges, lesion.is_lower_bound) == (("left",), True)
    assert measure(mask, None).place.cut_edges == ()


def test_depth_counts_from_the_scan_and_places_are_of_the_frame() -> None:
    mask = draw_ellipse(PIXELS.shape, centre=(75.0, 70.0), half_axes=(15.2, 30.0), angle_deg=90.0)
    lesion, alone = measure(mask, AREA), measure(mask, None)
    top = int(np.flatnonzero(mask.any(axis=1))[0])
    assert (alone.place.depth_top_px, lesion.place.depth_top_px) == (top, top - 20)
    assert lesion.place.depth_top_mm == pytest.approx(0.2 * (top - 20))
    assert lesion.place.centroid_px == pytest.approx((75.0, 70.0))
    for name in ("longest_ends_px", "perpendicular_ends_px"):
        assert np.allclose(getattr(lesion, name), getattr(alone, name), atol=1e-9)
    assert astuple(lesion.size) == pytest.approx(astuple(alone.size))
