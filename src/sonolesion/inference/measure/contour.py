"""The contour of a region, as traced between pixels and as a smooth closed curve.

Points are (row, col); a pixel's centre has whole coordinates. The traced contour runs through the
middles of the edges between inside and outside pixels. Along rows, columns and diagonals it lies
half way between the last pixel inside and the first outside, so widths are unbiased there;
through pixel centres they would be one pixel short, through pixel corners up to .7 px long.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.region import Region

Points = NDArray[np.float64]
"""float64 (N, 2), (row, col)."""

_SIDES = np.array([[-0.5, 0.0], [0.0, 0.5], [0.5, 0.0], [0.0, -0.5]])  # middles; see _find_sides
_DIRECTIONS = np.array([[5, 6, 7], [4, -1, 0], [3, 2, 1]])  # by step of row and column, from -1
_SAMPLES_PER_PX = 2
_MIN_SAMPLES = 64
_KEPT_HARMONICS = 6.0
FINE_WAVELENGTH_PX = 8.0


def trace_contour(region: Region) -> Points:
    """Trace a region's outer contour clockwise, one point for each edge between in and out.

    Args:
        region: 8-connected, without holes.

    Returns:
        float64 (N, 2), (row, col) in the image, N of at least 4; the first point is not repeated.

    >>> from sonolesion.inference.measure.region import crop_region
    >>> trace_contour(crop_region(np.ones((1, 1), np.bool_))).tolist()
    [[-0.5, 0.0], [0.0, 0.5], [0.5, 0.0], [0.0, -0.5]]
    """
    found, _ = cv2.findContours(
        region.inside.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    pixels = np.asarray(found[0], np.int32).reshape(-1, 2)[::-1, ::-1]  # (row, col), clockwise
    first, count = _find_sides(pixels)
    pixel = np.repeat(np.arange(len(pixels)), count)
    side = (np.arange(len(pixel)) - np.repeat(np.cumsum(count) - count - first, count)) % 4
    row, col = pixels[pixel, 0], pixels[pixel, 1]
    top = np.flatnonzero((side == 0) & (row == 0))
    start = int(top[col[top].argmin()])  # row-major, the first edge of all
    points = np.empty((len(pixel), 2))
    points[:, 0] = row + region.top_px + _SIDES[side, 0]
    points[:, 1] = col + region.left_px + _SIDES[side, 1]
    return np.roll(points, -start, axis=0)


def _find_sides(pixels: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The sides of each border pixel that lie on the contour: the first one, and how many.

    Sides are 0 top, 1 right, 2 bottom, 3 left, as the way goes round. Which are passed follows from
    the step that leads to the pixel and the one that leads on: eight directions, clockwise from
    east. After a step east or south-east the top is the first side; before one north-east or east
    it is the last.

    Args:
        pixels: int32 (N, 2), (row, col), 8-connected, closed, clockwise.
    """
    if len(pixels) == 1:
        return np.zeros(1, np.int64), np.full(1, 4)
    step = np.empty_like(pixels)
    step[:-1], step[-1] = pixels[1:] - pixels[:-1], pixels[0] - pixels[-1]
    onward = _DIRECTIONS[step[:, 0] + 1, step[:, 1] + 1]
    first = np.concatenate([onward[-1:], onward[:-1]]) // 2
    last = (onward + 1) // 2
    return first, (last - first) % 4 + 1


@dataclass(frozen=True, slots=True)
class ContourSpectrum:
    """A closed contour, sampled evenly along its length, as Fourier coefficients.

    Attributes:
        coefficients: complex128 (M,), of columns + i rows.
        length: of the contour, in its unit.
    """

    coefficients: NDArray[np.complex128]
    length: float


def transform_contour(contour: Points) -> ContourSpectrum:
    """Sample a closed contour evenly and transform it; see `smooth_contour`.

    Args:
        contour: float64 (N, 2), in any unit of length.

    Returns:
        M is twice N, two samples to an edge between pixels, at least 64.
    """
    closed = np.empty((2, len(contour) + 1))
    closed[:, :-1], closed[:, -1] = contour.T, contour[0]
    row, col = closed
    along = np.zeros(len(row))
    np.cumsum(np.hypot(row[1:] - row[:-1], col[1:] - col[:-1]), out=along[1:])
    length = float(along[-1])
    count = max(_MIN_SAMPLES, _SAMPLES_PER_PX * len(contour))
    at = np.arange(count) * (length / count)
    curve = np.empty(count, np.complex128)
    curve.real, curve.imag = np.interp(at, along, col), np.interp(at, along, row)
    return ContourSpectrum(np.fft.fft(curve), length)


def smooth_contour(spectrum: ContourSpectrum, *, wavelength: float) -> Points:
    """Take the steps out of a closed contour with a low-pass filter that does not shrink it.

    Fourier harmonics of wavelength L are weighted with exp(-(wavelength / L) ** 4). The first six
    harmonics, which make the form of a tiny region, pass whatever the wavelength.

    Args:
        spectrum: from `transform_contour`.
        wavelength: where the filter reaches 1/e, in the contour's unit.

    Returns:
        float64 (M, 2), about two points to the shorter side of a pixel, at least 64.
    """
    count, length = len(spectrum.coefficients), spectrum.length
    cutoff = max(1.0 / wavelength, _KEPT_HARMONICS / length)
    squared = np.square(np.fft.fftfreq(count, d=length / count) / cutoff)
    smooth = np.fft.ifft(spectrum.coefficients * np.exp(-np.square(squared)))
    points = np.empty((count, 2))
    points[:, 0], points[:, 1] = smooth.imag, smooth.real
    return points


def contour_length(contour: Points) -> float:
    """Length of a closed polygon.

    >>> contour_length(np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 0.0]]))
    12.0
    """
    step = np.empty_like(contour)
    step[:-1], step[-1] = contour[1:] - contour[:-1], contour[0] - contour[-1]
    return float(np.hypot(step[:, 0], step[:, 1]).sum())


def contour_area(contour: Points) -> float:
    """Area of a closed polygon without crossings, by the shoelace formula.

    >>> contour_area(np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 0.0]]))
    6.0
    """
    row, col = (contour - contour[0]).T
    # the shares of the edges at point 0 are 0
    return abs(float((row[:-1] * col[1:] - col[:-1] * row[1:]).sum())) / 2.0
