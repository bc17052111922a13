"""Figures of drawn shapes, kept from before measuring was made fast: it changed none of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from drawn_shapes import draw_ellipse, draw_star, draw_wave

from sonolesion.inference.measure import MeasuredLesions, measure_lesions

# made by the code of commit 2d78307, the first that measured
FROZEN = json.loads(Path(__file__).with_name("frozen_figures.json").read_text("utf-8"))
SHAPE = (240, 300)
SCALES = ((1.12, 0.35), (1.0, 0.2), (0.88, 0.2))  # .35, .55 and .75 from outside to inside


def ellipse(scale: float, centre: tuple[float, float], a: float, b: float, deg: float = 0.0):
    return draw_ellipse(SHAPE, centre=centre, half_axes=(a * scale, b * scale), angle_deg=deg)


def wave(scale: float):
    return draw_wave(SHAPE, centre=(118.4, 150.2), radius=60 * scale, amplitude=0.12, lobes=7)


def star(scale: float):
    return draw_star(SHAPE, centre=(120.0, 140.0), radii=(80 * scale, 38 * scale), points=6)


def ring(scale: float):
    return ellipse(scale, (100, 150), 60, 44, 12) & ~ellipse(1.0, (100, 150), 14, 9)


def pair(scale: float):
    return ellipse(scale, (90, 70), 46, 30, 20) | ellipse(scale, (110, 170), 48, 36, -35)


def crowd(scale: float):
    return pair(scale) | ellipse(scale, (200, 250), 12, 9) | ellipse(scale, (30, 280), 3, 2)


def cut(scale: float):
    return ellipse(scale, (215, 265), 60, 45, 30)


CASES = {
    "ellipse": (lambda s: ellipse(s, (110.3, 149.6), 70, 38, 25), None),
    "ellipse in mm": (lambda s: ellipse(s, (110.3, 149.6), 70, 38, 25), (0.1, 0.1)),
    "disc, oblong pixels": (lambda s: ellipse(s, (120, 150), 50, 50), (0.08, 0.15)),
    "wave": (wave, (0.07, 0.07)),
    "star": (star, None),
    "ring": (ring, (0.1, 0.1)),
    "pair": (pair, None),
    "crowd": (crowd, (0.05, 0.06)),
    "cut": (cut, (0.1, 0.1)),
    "tiny": (lambda s: ellipse(s, (120, 150), 5, 3), None),
}


def measure_case(name: str) -> MeasuredLesions:
    draw, spacing = CASES[name]
    row, col = np.mgrid[: SHAPE[0], : SHAPE[1]]
    pixels = ((row * 7919 + col * 104729 + row * col * 31) % 141 + 20).astype(np.uint8)
    mask = draw(1.0)
    pixels[mask] //= 2
    prob = sum(np.float32(weight) * draw(scale).astype(np.float32) for scale, weight in SCALES)
    return measure_lesions(mask, pixels, spacing_mm=spacing, lesion_prob=prob)


def flatten(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Each figure with its path, e.g. ("lesions.0.size.area_px", 800.0); words left out."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "draft":
                yield from flatten(inner, f"{name}.{key}" if name else key)
    elif isinstance(value, list | tuple):
        yield f"{name}.n", len(value)
        for index, inner in enumerate(value):
            yield from flatten(inner, f"{name}.{index}")
    else:
        yield name, value


@pytest.mark.parametrize("name", CASES)
def test_figures_are_those_of_before(name: str) -> None:
    found = dict(flatten(dataclasses.asdict(measure_case(name))))
    expected = FROZEN[name]
    assert set(found) == set(expected)
    for key, value in expected.items():
        if isinstance(value, float):
            assert found[key] == pytest.approx(value, rel=1e-5, abs=1e-6), key
        else:
            assert found[key] == value, key
