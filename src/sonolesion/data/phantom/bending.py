"""How layers bend and how lesions move the tissue around them: look-ups for `cv2.remap`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom.fields import Field, Shape, curve, smooth_field


@dataclass(frozen=True, slots=True)
class Push:
    """How a lesion moves the tissue around it.

    Attributes:
        centre_yx: row and column of the lesion's centre, pixels.
        radii_yx: half height and half width, pixels.
        strength: 0.8 pushes nearly all tissue aside, 0 leaves it, below 0 draws it in.
    """

    centre_yx: tuple[float, float]
    radii_yx: tuple[float, float]
    strength: float


def bend_layers(
    rng: np.random.Generator, flat: NDArray[np.float64], shape: Shape
) -> NDArray[np.float32]:
    """Draw wavy, tilted lower boundaries around the flat ones, in the same order.

    Args:
        rng: source of randomness.
        flat: float64 (4,), rows of the flat boundaries of skin, fat, gland and muscle.
        shape: rows and columns of the image.

    Returns:
        float32 (4, W), rows; each boundary lies below the one before it.
    """
    height, width = shape
    across = np.linspace(-1.0, 1.0, width)
    rows = np.empty((4, width), dtype=np.float32)
    floor = np.zeros(width)
    for i, (swing, tilt) in enumerate(((0.003, 0.0), (0.045, 0.07), (0.04, 0.07), (0.03, 0.09))):
        wave = swing * curve(rng, width, scale_px=0.3 * width) + tilt * rng.normal() * across
        floor = np.maximum(flat[i] + height * wave, floor + 0.012 * height)
        rows[i] = floor
    return rows


def push_apart(shape: Shape, pushes: Sequence[Push]) -> tuple[Field, Field]:
    """Where each pixel was before the lesions grew: columns, then rows."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    for push in pushes:
        dy, dx = y - push.centre_yx[0], x - push.centre_yx[1]
        rho2 = (dy / push.radii_yx[0]) ** 2 + (dx / push.radii_yx[1]) ** 2
        pull = np.sqrt(np.clip(1.0 - push.strength / np.maximum(rho2, 0.85), 0.0, 1.8)) - 1.0
        pull = pull * np.clip(y / (0.08 * shape[0]), 0.0, 1.0)
        y, x = y + dy * pull, x + dx * pull
    return x.astype(np.float32), y.astype(np.float32)


def flat_lookup(
    rng: np.random.Generator,
    flat: NDArray[np.float64],
    bent: NDArray[np.float32],
    shape: Shape,
    pushes: Sequence[Push],
) -> tuple[Field, Field]:
    """Where each pixel of the bent image comes from in the flat one: columns, then rows."""
    height, width = shape
    x, y = push_apart(shape, pushes)
    column = np.clip(x.astype(np.int32), 0, width - 1)
    goals = np.append(flat, flat[-1] + 2.0 * height - bent[-1].mean())
    source = np.zeros(shape, dtype=np.float32)
    top, start = np.zeros(width, dtype=np.float32), 0.0
    for bottom, goal in zip((*bent, np.full(width, 2.0 * height)), goals, strict=True):
        share = np.float32(goal - start) / (bottom - top).astype(np.float32)
        inside = np.clip(y - top[column], 0.0, (bottom - top).astype(np.float32)[column])
        source += inside * share[column]
        top, start = bottom.astype(np.float32), float(goal)
    ripple = smooth_field(rng, shape, scale_px=(0.06 * height, 0.12 * width))
    source += np.clip(y / (0.1 * height), 0.0, 1.0) * ripple * (0.008 * height)
    return x, source.astype(np.float32)
