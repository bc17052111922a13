from __future__ import annotations

import numpy as np
import pytest

from sonolesion.imaging.evidence_colours import colour_evidence, colour_limit


def colour(level: int, strength: float) -> tuple[int, int, int]:
    rgb = colour_evidence(np.array([[level]], np.uint8), np.array([[strength]]))
    return tuple(int(v) for v in rgb[0, 0])  # type: ignore[return-value]


@pytest.mark.parametrize("level", [0, 1, 57, 128, 254, 255])
def test_where_nothing_speaks_the_image_stays(level: int) -> None:
    assert colour(level, 0.0) == (level, level, level)


@pytest.mark.parametrize("level", [0, 110, 255])
def test_for_is_orange_and_against_is_blue(level: int) -> None:
    red, green, blue = colour(level, 1.0)
    assert red > green > blue
    red, green, blue = colour(level, -1.0)
    assert red < green < blue


def test_what_lies_beyond_the_limit_is_full() -> None:
    assert colour(90, 3.0) == colour(90, 1.0)
    assert colour(90, -3.0) == colour(90, -1.0)


def linear(rgb: tuple[int, int, int]) -> np.ndarray:
    c = np.array(rgb) / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: tuple[int, int, int]) -> np.ndarray:
    """CIELAB by the standard's formulas: another space than the colours are made in."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = (to_xyz @ linear(rgb)) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_equal_steps_look_nearly_equal(sign: float) -> None:
    path = [lab(colour(110, sign * s)) for s in np.linspace(0, 1, 9)]
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.min() > 0.5 * steps.max()


def test_both_ends_stay_apart_without_red_green_vision() -> None:
    """Viénot, Brettel, Mollon 1999: what a deuteranope sees, as linear RGB."""
    deuteranopia = np.array(
        [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]
    )
    ends = [deuteranopia @ linear(colour(110, s)) for s in (1.0, -1.0)]
    assert abs(ends[0][2] - ends[1][2]) > 0.4


def test_a_faint_map_is_pale() -> None:
    assert colour_limit(0.2) == 1.0
    assert colour_limit(3.5) == 3.5
