"""Outlines of lesions, from circumscribed to spiculated.

An outline is a radius per angle around the lesion's centre, in units of the mean radius. The
margins are those of the BI-RADS lexicon.

Source:
    ACR BI-RADS Atlas, 5th edition (2013), Ultrasound: shape, orientation, margin.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom.fields import Shape

_ANGLES = np.linspace(0.0, 2.0 * np.pi, 480, endpoint=False)
_SUBPIXEL_BITS = 4


class Margin(StrEnum):
    """Margin of a lesion, as in the BI-RADS lexicon (lobulated: gently, still circumscribed)."""

    CIRCUMSCRIBED = "circumscribed"
    LOBULATED = "lobulated"
    MICROLOBULATED = "microlobulated"
    IRREGULAR = "irregular"
    SPICULATED = "spiculated"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a lesion lies and how large it is.

    Attributes:
        centre_yx: row and column of the centre, pixels.
        area_px: area, square pixels.
        aspect: width over height before tilting; above 1 is wider than tall.
        tilt_deg: rotation of the width axis, clockwise on the screen.
    """

    centre_yx: tuple[float, float]
    area_px: float
    aspect: float
    tilt_deg: float

    @property
    def radii_yx(self) -> tuple[float, float]:
        """Half height and half width of the ellipse of the same area and aspect, pixels."""
        mean = float(np.sqrt(self.area_px / np.pi))
        return mean / float(np.sqrt(self.aspect)), mean * float(np.sqrt(self.aspect))


def draw_outline(rng: np.random.Generator, margin: Margin) -> NDArray[np.float64]:
    """Draw a random outline.

    Returns:
        float64 (480,), radius over 480 angles from 0 to 360 degrees, above 0, mean square 1.

    >>> radius = draw_outline(np.random.default_rng(0), Margin.SPICULATED)
    >>> radius.shape, round(float(np.mean(radius**2)), 6)
    ((480,), 1.0)
    """
    if margin is Margin.CIRCUMSCRIBED:
        log_radius = _harmonics(rng, range(2, 6), size=0.085, decay=1.5)
    elif margin is Margin.LOBULATED:
        log_radius = _harmonics(rng, range(2, 5), size=0.14, decay=0.6)
        log_radius += _harmonics(rng, range(5, 8), size=0.03, decay=0.5)
    elif margin is Margin.MICROLOBULATED:
        log_radius = _harmonics(rng, range(2, 6), size=0.15, decay=1.0)
        log_radius += _bumps(rng, int(rng.integers(8, 17)), height=float(rng.uniform(0.07, 0.18)))
    else:
        log_radius = _harmonics(rng, range(2, 24), size=0.18, decay=0.95)
        if margin is Margin.SPICULATED:
            log_radius += _spikes(rng, int(rng.integers(6, 14)))
    radius = np.exp(log_radius)
    return np.asarray(radius / np.sqrt(np.mean(radius**2)), dtype=np.float64)


def fill_outline(
    radius: NDArray[np.float64], placement: Placement, shape: Shape
) -> NDArray[np.bool_]:
    """Return the region inside an outline, bool (H, W); parts outside the image are cut off."""
    ry, rx = placement.radii_yx
    turn = np.deg2rad(placement.tilt_deg)
    along, across = rx * radius * np.cos(_ANGLES), ry * radius * np.sin(_ANGLES)
    x = placement.centre_yx[1] + along * np.cos(turn) - across * np.sin(turn)
    y = placement.centre_yx[0] + along * np.sin(turn) + across * np.cos(turn)
    points = np.rint(np.stack([x, y], axis=1) * 2**_SUBPIXEL_BITS).astype(np.int32)
    filled = np.zeros(shape, dtype=np.uint8)
    cv2.fillPoly(filled, [points], 1, lineType=cv2.LINE_8, shift=_SUBPIXEL_BITS)
    return filled > 0


def _harmonics(
    rng: np.random.Generator, orders: range, *, size: float, decay: float
) -> NDArray[np.float64]:
    total = np.zeros(_ANGLES.size)
    for order in orders:
        wave = np.cos(order * _ANGLES + rng.uniform(0.0, 2.0 * np.pi))
        total += size * rng.normal(0.0, 0.8) * (orders.start / order) ** decay * wave
    return total


def _bumps(rng: np.random.Generator, count: int, *, height: float) -> NDArray[np.float64]:
    """Small convex lobes that meet in sharp notches."""
    knots = np.arange(count + 1) + np.append(0.0, rng.uniform(-0.3, 0.3, count))
    knots[-1] = knots[0] + count
    phase = np.interp(_ANGLES / (2.0 * np.pi) * count, knots, np.arange(count + 1.0))
    lobe = np.append(rng.uniform(0.4, 1.2, count), 0.0)[phase.astype(int)]
    return np.asarray(np.roll(height * lobe * np.abs(np.sin(np.pi * phase)), rng.integers(480)))


def _spikes(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    total = np.zeros(_ANGLES.size)
    for at in rng.uniform(0.0, 2.0 * np.pi, count):
        away = np.abs((_ANGLES - at + np.pi) % (2.0 * np.pi) - np.pi)
        total += rng.uniform(0.08, 0.35) * np.exp(-away / rng.uniform(0.04, 0.12))
    return total
