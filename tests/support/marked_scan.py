"""A synthetic scan whose lesion, marks and tissue are known exactly."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SHAPE = (240, 360)
TISSUE, LESION = 120, 30


@dataclass(frozen=True)
class Scan:
    """pixels uint8 (H, W), mask bool (H, W), and the caliper drawn over it (bool)."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    caliper: NDArray[np.bool_]


def speckle(seed: int, shape: tuple[int, int] = SHAPE) -> NDArray[np.float32]:
    """Tissue of one mean everywhere, with grain of two pixels and a spread of 12."""
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    grain = cv2.GaussianBlur(noise, (0, 0), sigmaX=2.0, sigmaY=1.0)
    return np.asarray(TISSUE + 12.0 * grain / grain.std(), np.float32)


def disc(row: int, col: int, radius: int, shape: tuple[int, int] = SHAPE) -> NDArray[np.bool_]:
    """bool (H, W), true inside the disc."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return np.asarray((rows - row) ** 2 + (cols - col) ** 2 <= radius**2)


def draw_scan(
    seed: int = 0, *, radius: int = 24, shadow: bool = False, caliper: bool = False
) -> Scan:
    """A dark disc at (100, 120); a shadow of 40 levels below it; a cross on its left margin."""
    pixels, mask = speckle(seed), disc(100, 120, radius)
    if shadow:
        pixels[100:, 120 - radius : 121 + radius] -= 40.0
    pixels[mask] += LESION - TISSUE
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    cross = np.zeros(SHAPE, np.bool_)
    if caliper:
        cross[96:105, 120 - radius - 1 : 121 - radius] = True
        cross[99:101, 116 - radius : 125 - radius] = True
        pixels[cross] = 245
    return Scan(pixels, mask, cross)
