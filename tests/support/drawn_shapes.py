"""Masks with known answers: the pixels whose centres lie inside an analytic shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Spacing = tuple[float, float]


def draw_ellipse(
    shape: tuple[int, int],
    *,
    centre: tuple[float, float],
    half_axes: tuple[float, float],
    angle_deg: float = 0.0,
    spacing: Spacing = (1.0, 1.0),
) -> Mask:
    """Ellipse with half axes in the unit of `spacing`; the first at `angle_deg` to the rows.

    Args:
        shape: rows and columns.
        centre: (row, col) in px.
        half_axes: along the direction of the angle, and across it.
        angle_deg: above 0 the right end lies higher.
        spacing: size of a pixel.
    """
    right, up = _grid(shape, centre, spacing)
    angle = np.deg2rad(angle_deg)
    along = right * np.cos(angle) + up * np.sin(angle)
    across = up * np.cos(angle) - right * np.sin(angle)
    return np.asarray((along / half_axes[0]) ** 2 + (across / half_axes[1]) ** 2 <= 1.0)


def draw_wave(
    shape: tuple[int, int],
    *,
    centre: tuple[float, float],
    radius: float,
    amplitude: float,
    lobes: int,
) -> Mask:
    """Disc whose radius goes up and down `lobes` times by the share `amplitude`."""
    right, up = _grid(shape, centre, (1.0, 1.0))
    angle = np.arctan2(up, right)
    return np.asarray(np.hypot(right, up) <= radius * (1.0 + amplitude * np.cos(lobes * angle)))


def draw_star(
    shape: tuple[int, int], *, centre: tuple[float, float], radii: tuple[float, float], points: int
) -> Mask:
    """Star with straight sides between the outer and the inner radius."""
    right, up = _grid(shape, centre, (1.0, 1.0))
    half = np.pi / points
    angle = np.abs((np.arctan2(up, right) + half) % (2 * half) - half)  # 0 at a tip
    outer, inner = radii
    x, y = np.hypot(right, up) * np.cos(angle), np.hypot(right, up) * np.sin(angle)
    dx, dy = inner * np.cos(half) - outer, inner * np.sin(half)
    return np.asarray(dx * y - dy * (x - outer) >= 0.0)


def _grid(
    shape: tuple[int, int], centre: tuple[float, float], spacing: Spacing
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    row, col = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    return (col - centre[1]) * spacing[1], (centre[0] - row) * spacing[0]
