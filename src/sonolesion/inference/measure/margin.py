"""Margin of a lesion: bays and corners of its contour, and how sharply grey changes across it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.contour import (
    ContourSpectrum,
    Points,
    contour_length,
    smooth_contour,
)
from sonolesion.types.lesion import LesionMargin, Spacing

MIN_CONTOUR_PX = 120.0
WAVELENGTH_SHARE = 0.03
MIN_WAVELENGTH_PX = 8.0
MIN_BAY_DEG = 20.0
CORNER_SHARE = 0.04
MIN_CORNER_DEG = 75.0
_N_SECTORS = 24
_N_OFFSETS = 5
_MAX_SIDE_PX = 32_767  # of what cv2.remap reads and writes
_MIN_STEP_GREY = 6.0
_NEAR_SHARE = (0.01, 0.04)
_NEAR_PX = 2.0
_FAR_SHARE = (0.08, 0.14)
_FAR_PX = 7.0
_MIN_SHARPNESS = 0.5


def measure_margin(
    spectrum: ContourSpectrum, unit: Spacing, pixels: NDArray[np.uint8]
) -> LesionMargin:
    """Measure the margin along a traced contour.

    Args:
        spectrum: of the contour, clockwise, in the unit of `unit`.
        unit: size of a pixel; angles are taken in its unit.
        pixels: uint8 (H, W).
    """
    length = spectrum.length
    wavelength = max(MIN_WAVELENGTH_PX * max(unit), WAVELENGTH_SHARE * length)
    smooth = smooth_contour(spectrum, wavelength=wavelength)
    bays = corners = None
    if length >= MIN_CONTOUR_PX * max(unit):
        turning = _turning_deg(smooth)
        bays = _count_bays(turning)
        corners = _count_corners(turning)
    share, step = _measure_sharpness(smooth, unit, pixels)
    return LesionMargin(bays, corners, share, step)


def _turning_deg(contour: Points) -> NDArray[np.float64]:
    """Change of direction at each point, (M,), above 0 where a clockwise contour bends outward."""
    way = np.empty(len(contour) + 1, np.complex128)  # to each point, and on from the last
    for part, axis in ((way.real, 1), (way.imag, 0)):
        np.subtract(contour[1:, axis], contour[:-1, axis], out=part[1:-1])
        part[0] = part[-1] = contour[0, axis] - contour[-1, axis]
    return np.degrees(np.angle(way[1:] / np.where(way[1:] == 0, 1, way[:-1])))


def _count_bays(turning_deg: NDArray[np.float64]) -> int:
    """Runs of inward turning, around the closed curve, of 20 degrees or more in all."""
    inward = turning_deg < 0.0
    if inward.all() or not inward.any():
        return 0
    first = int(np.flatnonzero(~inward)[0])  # so that no run lies across the ends
    turn, inward = np.roll(turning_deg, -first), np.roll(inward, -first)
    starts = np.flatnonzero(np.diff(inward.astype(np.int8), prepend=0) == 1)
    sums = np.add.reduceat(np.where(inward, turn, 0.0), starts)
    return int(np.count_nonzero(sums <= -MIN_BAY_DEG))


def _count_corners(turning_deg: NDArray[np.float64]) -> int:
    """Separate places where a window of 4 % of the contour turns outward by 75 degrees."""
    window = max(1, round(CORNER_SHARE * len(turning_deg)))
    total = np.cumsum(np.concatenate([turning_deg, turning_deg[:window]]))
    sharp = total[window:] - total[:-window] >= MIN_CORNER_DEG
    if sharp.all():
        return 1
    return int(np.count_nonzero(sharp & ~np.roll(sharp, 1)))


def _measure_sharpness(
    contour: Points, unit: Spacing, pixels: NDArray[np.uint8]
) -> tuple[float | None, float | None]:
    """Share of sharp sectors, and the mean step; see `LesionMargin`."""
    reach = contour_length(contour) / np.pi
    normal = _find_normals(contour)
    bands = ((_NEAR_SHARE, _NEAR_PX), (_FAR_SHARE, _FAR_PX))
    offsets = np.concatenate([_offsets(reach, unit, shares, least) for shares, least in bands])
    grey = _sample(contour / unit, normal / unit, np.concatenate([offsets, -offsets]), pixels)
    if grey is None:
        return None, None
    step = (grey[: len(offsets)] - grey[len(offsets) :]).reshape(len(bands), _N_OFFSETS, -1)
    near, far = _mean_by_sector(step.mean(axis=1, dtype=np.float64))
    read = np.isfinite(near) & np.isfinite(far)
    if np.count_nonzero(read) < _N_SECTORS / 2:
        return None, None
    near, far = near[read], far[read]
    sharp = (np.abs(near) >= _MIN_SHARPNESS * np.abs(far)) & (np.abs(near) >= _MIN_STEP_GREY)
    return float(sharp.mean()), float(near.mean())


def _find_normals(contour: Points) -> Points:
    """Unit vectors outward at each point of a clockwise contour, (M, 2)."""
    around = np.concatenate([contour[-1:], contour, contour[:1]])
    along: Points = around[2:] - around[:-2]
    normal = np.empty_like(along)
    normal[:, 0], normal[:, 1] = -along[:, 1], along[:, 0]
    normal /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-12)[:, None]
    return normal


def _offsets(
    reach: float, unit: Spacing, shares: tuple[float, float], least_px: float
) -> NDArray[np.float64]:
    """Distances from the contour at which grey is read, (5,)."""
    first = max(shares[0] * reach, least_px * max(unit))
    last = max(shares[1] * reach, first + 2.0 * max(unit))
    step = (last - first) / (_N_OFFSETS - 1)
    offsets = np.arange(_N_OFFSETS, dtype=np.float64) * step + first
    offsets[-1] = last
    return offsets


def _sample(
    contour_px: Points,
    normal_px: Points,
    offsets: NDArray[np.float64],
    pixels: NDArray[np.uint8],
) -> NDArray[np.float32] | None:
    """Grey at each offset along each normal, (len(offsets), M), nan outside of the image.

    None where the lesion is too large for OpenCV to read (over 32,766 px a side).
    """
    row, col = (
        (contour_px[:, axis] + offsets[:, None] * normal_px[:, axis]).astype(np.float32)
        for axis in (0, 1)
    )
    least, most = ([float(of(a)) for a in (row, col)] for of in (np.min, np.max))
    low = [max(0, int(a) - 1) for a in least]
    high = [min(side, int(a) + 3) for a, side in zip(most, pixels.shape, strict=True)]
    if max(h - b for h, b in zip(high, low, strict=True)) >= _MAX_SIDE_PX:
        return None
    # beyond the image's outermost pixel centres
    outside = None
    if min(least) < 0 or any(a > side - 1 for a, side in zip(most, pixels.shape, strict=True)):
        height, width = pixels.shape
        outside = (row < 0) | (row > height - 1) | (col < 0) | (col > width - 1)
    row -= np.float32(low[0])
    col -= np.float32(low[1])
    near = pixels[low[0] : high[0], low[1] : high[1]]
    grey = np.empty(row.shape, np.float32)
    for start in range(0, row.shape[1], _MAX_SIDE_PX - 1):
        part = np.s_[:, start : start + _MAX_SIDE_PX - 1]
        grey[part] = cv2.remap(
            near, col[part], row[part], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    if outside is not None:
        grey[outside] = np.nan
    return grey


def _mean_by_sector(step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the finite values in each sector, (K, 24), nan where less than half are finite.

    Args:
        step: float64 (K, M), once around the contour.
    """
    size, longer = divmod(step.shape[1], _N_SECTORS)
    starts = np.arange(_N_SECTORS) * size + np.minimum(np.arange(_N_SECTORS), longer)
    lengths = size + (np.arange(_N_SECTORS) < longer)
    finite = np.isfinite(step)
    count = np.add.reduceat(finite.astype(np.float64), starts, axis=1)
    total = np.add.reduceat(np.where(finite, step, 0.0), starts, axis=1)
    return np.where(count >= 0.5 * lengths, total / np.maximum(count, 1.0), np.nan)
