"""What happens to the beam on its way: depth loss, shadows, enhancement, poor contact.

Everything is a gain in decibels, float32 (H, W), added to the echo level. Time gain compensation
makes up for the mean loss only; what is left over falls with depth, and whatever absorbs more or
less than the mean leaves a shadow or an enhancement behind it.

Source:
    Feldman, Katyal, Blackwood: US artifacts, RadioGraphics 29 (2009) 1179-1189 (attenuation and
    refraction artifacts).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom.fields import Field, Shape, curve


def depth_gain(rng: np.random.Generator, shape: Shape) -> Field:
    """Residual of attenuation and gain compensation, with a bump at the focus.

    Returns:
        float32 (H, W), dB, about 0 at the top and typically -8 to -32 at the bottom.
    """
    height, width = shape
    depth = np.linspace(0.0, 1.0, height)
    loss = rng.uniform(8.0, 32.0) * depth ** rng.uniform(1.2, 2.6)
    focus = rng.uniform(0.25, 0.55)
    bump = rng.uniform(0.0, 2.5) * np.exp(-(((depth - focus) / 0.18) ** 2))
    knee = 0.8 * curve(rng, height, scale_px=height / 5.0)
    tilt = 1.0 + 0.18 * curve(rng, width, scale_px=width / 3.0)
    return np.asarray(np.outer(-loss, tilt) + (bump + knee)[:, None], dtype=np.float32)


def edge_gain(rng: np.random.Generator, shape: Shape) -> Field:
    """Loss towards the sides: fewer array elements there, and sometimes poor contact.

    Returns:
        float32 (H, W), dB, 0 or below.
    """
    height, width = shape
    x = np.linspace(0.0, 1.0, width, dtype=np.float32)
    loss = np.zeros(shape, dtype=np.float32)
    depth = np.linspace(0.3, 1.0, height, dtype=np.float32)[:, None]
    for from_edge in (x, 1.0 - x):
        poor = rng.random() < 0.18
        reach = rng.uniform(0.06, 0.2) if poor else rng.uniform(0.02, 0.06)
        amount = rng.uniform(10.0, 26.0) if poor else rng.uniform(1.0, 5.0)
        wave = 1.0 + 0.35 * curve(rng, height, scale_px=height / 3.0)[:, None] * depth
        near = np.exp(-((from_edge / (np.float32(reach) * wave)) ** 2))
        loss += np.float32(amount) * near * depth
    return -loss


def column_shadows(rng: np.random.Generator, shape: Shape) -> Field:
    """Shadows of ligaments and air in the gel: dim, ragged columns that start anywhere.

    Normal breasts have them too, so a dark column alone is no sign of a lesion.

    Returns:
        float32 (H, W), dB, 0 or below.
    """
    height, width = shape
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)
    total = np.zeros(shape, dtype=np.float32)
    for _ in range(int(rng.integers(0, 6))):
        start = rng.uniform(0.03, 0.55) * height
        half_width = rng.uniform(0.02, 0.07) * width
        drift = rng.normal(0.0, 0.06)
        centre = rng.uniform(0.0, width) + drift * (y - start)
        onset = 1.0 / (1.0 + np.exp(-np.clip((y - start) / rng.uniform(6.0, 22.0), -30, 30)))
        end = np.exp(-np.maximum(y - start, 0.0) / (rng.uniform(0.4, 1.6) * height))
        ragged = half_width * (1.0 + 0.25 * curve(rng, height, scale_px=40.0)[:, None])
        column = np.exp(-(np.abs((x - centre) / ragged) ** 2))
        total -= (rng.uniform(2.0, 9.0) * onset * end * column).astype(np.float32)
    return total


def posterior_gain(
    rng: np.random.Generator, mask: NDArray[np.bool_], *, through_db: float
) -> Field:
    """Gain behind a lesion that absorbs more (shadow) or less (enhancement) than its surround.

    The change builds up along each beam inside the lesion, in proportion to the path through it,
    and fades slowly behind it.

    Args:
        rng: source of randomness.
        mask: bool (H, W), the lesion.
        through_db: change of a beam through the thickest part; below 0 a shadow, above 0 an
            enhancement.

    Returns:
        float32 (H, W), dB; 0 everywhere for an empty mask.
    """
    height, width = mask.shape
    thickest = int(mask.sum(axis=0).max(initial=0))
    if thickest == 0:
        return np.zeros(mask.shape, dtype=np.float32)
    leak = np.float32(np.exp(-1.0 / (0.9 * height)))
    ragged = 0.3 if through_db < 0.0 else 0.1
    uneven = 1.0 + ragged * (curve(rng, width, scale_px=9.0) + curve(rng, width, scale_px=30.0))
    step = (np.clip(uneven, 0.2, 1.6) * through_db / thickest).astype(np.float32)
    gain = np.empty(mask.shape, dtype=np.float32)
    row = np.zeros(width, dtype=np.float32)
    for i, inside in enumerate(mask):
        row = leak * row + np.where(inside, step, np.float32(0.0))
        gain[i] = row
    return np.asarray(cv2.GaussianBlur(gain, (0, 0), sigmaX=4.0, sigmaY=3.0), dtype=np.float32)


def edge_shadows(rng: np.random.Generator, mask: NDArray[np.bool_], *, loss_db: float) -> Field:
    """Thin shadows below the sides of a round lesion, where the beam is refracted away.

    Returns:
        float32 (H, W), dB, 0 or below; 0 everywhere for an empty mask.
    """
    height, width = mask.shape
    gain = np.zeros(mask.shape, dtype=np.float32)
    columns = np.flatnonzero(mask.any(axis=0))
    if columns.size == 0:
        return gain
    y = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)
    for column, outward in ((columns[0], -1.0), (columns[-1], 1.0)):
        start = float(np.flatnonzero(mask[:, column]).mean())
        below = np.maximum(y - start, 0.0)
        centre = column + outward * rng.uniform(-0.02, 0.1) * below
        half_width = rng.uniform(2.5, 6.0) + 0.04 * below
        fade = (1.0 - np.exp(-below / 12.0)) * np.exp(-below / (0.3 * height))
        amount = (-loss_db * rng.uniform(0.3, 1.0) * fade).astype(np.float32)
        offset = ((x - centre) / half_width).astype(np.float32)
        gain += amount * np.exp(-(offset**2))
    return gain
