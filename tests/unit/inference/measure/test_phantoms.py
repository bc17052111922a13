"""Sizes of phantom lesions against their outlines, which are known as polygons, and their masks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.path import Path as Polygon
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from sonolesion.data.phantom import make_phantom
from sonolesion.data.phantom.outline import Margin, Placement, draw_outline
from sonolesion.inference.measure import measure_lesions
from sonolesion.types import LesionClass
from sonolesion.types.lesion import LesionSize

SHAPE = (300, 420)
SPACINGS = [(0.08, 0.08), (0.1, 0.06), (0.05, 0.09)]


def make_polygon(radius: NDArray[np.float64], placement: Placement) -> NDArray[np.float64]:
    """Corners (N, 2), (row, col), of an outline of radius over angle, tilted clockwise."""
    angle = np.linspace(0.0, 2.0 * np.pi, len(radius), endpoint=False)
    high, wide = placement.radii_yx
    x, y = wide * radius * np.cos(angle), high * radius * np.sin(angle)
    turn = math.radians(placement.tilt_deg)
    rows = placement.centre_yx[0] + x * math.sin(turn) + y * math.cos(turn)
    return np.stack([rows, placement.centre_yx[1] + x * math.cos(turn) - y * math.sin(turn)], 1)


def measure(mask: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> LesionSize:
    pixels = np.full(mask.shape, 99, np.uint8)
    return measure_lesions(mask, pixels, spacing_mm=spacing_mm).lesions[0].size


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("margin", [Margin.CIRCUMSCRIBED, Margin.LOBULATED, Margin.MICROLOBULATED])
def test_known_outlines(margin: Margin, spacing_mm: tuple[float, float]) -> None:
    """Under 2 % wrong above 20 px, for pixels whose centre lies inside of the outline."""
    rng = np.random.default_rng(5)
    centres = np.stack(np.indices(SHAPE), -1).reshape(-1, 2)
    wrong = []
    for tilt_deg in (-40, -15, 0, 20, 45, 90):
        placement = Placement(
            (150.0 + rng.uniform(-0.5, 0.5), 210.0 + rng.uniform(-0.5, 0.5)),
            math.pi * rng.uniform(14.0, 60.0) ** 2,
            rng.uniform(1.0, 1.8),
            tilt_deg,
        )
        polygon = make_polygon(draw_outline(rng, margin), placement)
        size = measure(Polygon(polygon).contains_points(centres).reshape(SHAPE), spacing_mm)
        x, y = (polygon * spacing_mm).T
        area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2.0
        height, width = np.ptp(polygon, axis=0) * spacing_mm
        longest = pdist(polygon * spacing_mm).max()
        assert size.longest_px >= 20
        wrong.append(size.longest_mm / longest - 1.0)
        assert size.area_mm2 == pytest.approx(area, rel=0.01)
        # extents are whole pixels
        assert size.height_mm == pytest.approx(height, abs=spacing_mm[0])
        assert size.width_mm == pytest.approx(width, abs=spacing_mm[1])
    assert np.abs(wrong).max() < 0.02
    assert abs(np.mean(wrong)) < 0.008


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("seed", range(4))
def test_known_masks(seed: int, spacing_mm: tuple[float, float]) -> None:
    """Against all pairs of pixel edges: the longest line that lies in the mask as it was given."""
    phantom = make_phantom(np.random.default_rng(seed), LesionClass.BENIGN)
    mask = phantom.masks[0]
    size = measure(mask, spacing_mm)
    padded = np.pad(mask, 1)
    edges = []
    for row, col in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        outside = ~np.roll(padded, (-row, -col), (0, 1))[1:-1, 1:-1]
        edges.append(np.argwhere(mask & outside) + np.array((row / 2, col / 2)))
    longest = pdist(np.concatenate(edges) * spacing_mm).max()
    assert size.longest_mm == pytest.approx(longest, rel=0.02)
    n_pixels = int(np.count_nonzero(mask))
    assert size.area_mm2 == pytest.approx(n_pixels * spacing_mm[0] * spacing_mm[1])
    rows, cols = np.nonzero(mask)
    assert size.height_mm == pytest.approx((np.ptp(rows) + 1) * spacing_mm[0])
    assert size.width_mm == pytest.approx((np.ptp(cols) + 1) * spacing_mm[1])
