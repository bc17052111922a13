"""Random smooth fields, lines and cells: the raw material of tissue texture.

All fields are float32 (H, W). A scale is given as (axial, lateral) in pixels: along depth, then
along the transducer, the order of an array's axes.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""float32 (H, W)."""

Shape = tuple[int, int]
"""(rows, columns) in pixels."""

_TEXELS_PER_SCALE = 4.0


def smooth_field(rng: np.random.Generator, shape: Shape, *, scale_px: tuple[float, float]) -> Field:
    """Draw a smooth Gaussian field with mean 0 and standard deviation 1 (in expectation).

    Args:
        rng: source of randomness.
        shape: rows and columns of the result.
        scale_px: correlation length (axial, lateral), pixels; anisotropic scales give streaks.

    Returns:
        float32 (H, W).

    >>> f = smooth_field(np.random.default_rng(0), (64, 96), scale_px=(3, 20))
    >>> f.shape, bool(f[:, ::2].std() > 0.5)
    ((64, 96), True)
    """
    step = [max(1.0, s / _TEXELS_PER_SCALE) for s in scale_px]
    rows, cols = (int(np.ceil(n / s)) + 8 for n, s in zip(shape, step, strict=True))
    coarse = rng.standard_normal((rows, cols), dtype=np.float32)
    sigma = [s / t / 2.0 for s, t in zip(scale_px, step, strict=True)]
    blurred = cv2.GaussianBlur(coarse, (0, 0), sigmaX=sigma[1], sigmaY=sigma[0])
    blurred = blurred * np.float32(np.sqrt(4.0 * np.pi * sigma[0] * sigma[1]))
    shift_y, shift_x = rng.uniform(3.0, 4.5, size=2)
    to_coarse = np.array([[1 / step[1], 0, shift_x], [0, 1 / step[0], shift_y]], dtype=np.float64)
    field = cv2.warpAffine(
        blurred, to_coarse, shape[::-1], flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    )
    return np.asarray(field, dtype=np.float32)


def curve(rng: np.random.Generator, length: int, *, scale_px: float) -> NDArray[np.float32]:
    """Draw a smooth random curve, float32 (length,), mean 0 and standard deviation about 1."""
    return np.asarray(smooth_field(rng, (8, length), scale_px=(2.0, scale_px))[4])


def filaments(
    rng: np.random.Generator, shape: Shape, *, scale_px: tuple[float, float], width_px: float
) -> Field:
    """Draw thin broken lines, as connective tissue shows where it lies across the beam.

    The lines are the zero set of a smooth field. An interface reflects towards the transducer
    only where it is near perpendicular to the beam, so steep parts fade.

    Args:
        rng: source of randomness.
        shape: rows and columns of the result.
        scale_px: distance between lines (axial) and their straightness (lateral), pixels.
        width_px: half width of a line, pixels.

    Returns:
        float32 (H, W) in [0, 1], 1 on the crest of a line.
    """
    field = smooth_field(rng, shape, scale_px=scale_px)
    steep = cv2.Sobel(field, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    along = cv2.Sobel(field, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    slope = cv2.magnitude(steep, along) + np.float32(1e-4)
    line = np.exp(-((field / slope / width_px) ** 2)) * (np.abs(steep) / slope) ** 7
    line *= np.clip(1.2 * scale_px[0] * slope - 0.9, 0.0, 1.0)  # no tips where a line turns back
    broken = smooth_field(rng, shape, scale_px=(1.2 * scale_px[0], 0.5 * scale_px[1]))
    rough = smooth_field(rng, shape, scale_px=(4.0, 9.0))
    strength = np.clip(0.55 * broken + 0.05, 0.0, 1.0) * np.clip(0.8 + 0.4 * rough, 0.2, 1.6)
    return np.asarray(line * strength, dtype=np.float32)


def cells(
    rng: np.random.Generator, shape: Shape, *, cell_px: tuple[float, float]
) -> tuple[Field, Field]:
    """Draw rounded cells of random brightness with walls, as fat lobules between septa.

    A Voronoi diagram of jittered points in wavy coordinates, computed at a quarter of the
    resolution.

    Args:
        rng: source of randomness.
        shape: rows and columns of the result.
        cell_px: mean cell size (axial, lateral), pixels.

    Returns:
        `level`, float32 (H, W) in [-1, 1], constant in each cell, and `wall_distance`, float32
        (H, W), about 0 on a wall and up to 1 inside a cell.
    """
    small = (shape[0] // 4 + 2, shape[1] // 4 + 2)
    rows, cols = (int(np.ceil(n / c)) + 3 for n, c in zip(shape, cell_px, strict=True))
    seed_y, seed_x = np.mgrid[-1 : rows - 1, -1 : cols - 1].reshape(2, -1).astype(np.float32)
    seed_x += np.where(np.round(seed_y) % 2 > 0, 0.5, 0.0).astype(np.float32)
    seed_y += rng.uniform(-0.4, 0.4, seed_y.size).astype(np.float32)
    seed_x += rng.uniform(-0.4, 0.4, seed_x.size).astype(np.float32)
    seed_level = rng.uniform(-1.0, 1.0, seed_x.size).astype(np.float32)
    y, x = np.mgrid[: small[0], : small[1]].astype(np.float32) * np.float32(4.0)
    bend = (cell_px[0] / 8.0, cell_px[1] / 8.0)
    y = y / cell_px[0] + 0.18 * smooth_field(rng, small, scale_px=bend)
    x = x / cell_px[1] + 0.18 * smooth_field(rng, small, scale_px=bend)
    nearest = np.full(small, 1e9, dtype=np.float32)
    second = nearest.copy()
    level = np.zeros(small, dtype=np.float32)
    for sy, sx, value in zip(seed_y, seed_x, seed_level, strict=True):
        distance = (y - sy) ** 2 + (x - sx) ** 2
        closer = distance < nearest
        second = np.where(closer, nearest, np.minimum(second, distance))
        nearest = np.where(closer, distance, nearest)
        level[closer] = value
    wall = np.sqrt(second) - np.sqrt(nearest)
    size = (small[1] * 4, small[0] * 4)
    large = [
        np.asarray(cv2.resize(a, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
        for a in (level, wall)
    ]
    return large[0][: shape[0], : shape[1]], large[1][: shape[0], : shape[1]]
