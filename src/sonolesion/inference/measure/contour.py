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
"""float64 (N, 2), (row, col). Those made here lie in memory as (2, N): numpy runs along N at once
where a figure of each axis is applied to all points, and not along pairs."""

_SIDES = (-0.5, 0.5j, 0.5, -0.5j)  # middles of top, right, bottom, left, as row + i col
_DIRECTIONS = (5, 6, 7, 4, None, 0, 3, 2, 1)  # of steps by 3 * rows + columns, from -4
_SAMPLES_PER_PX = 2
_MIN_SAMPLES = 64
_KEPT_HARMONICS = 6.0
FINE_WAVELENGTH_PX = 8.0


def _tabulate_sides() -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """The sides of a border pixel that lie on the contour, for each pair of steps to and from it.

    Which sides are passed follows from the two steps: eight directions, clockwise from east. After
    a step east or south-east the top is the first side; before one north-east or east it is the
    last. A step to itself is that of a lone pixel, all of whose sides lie on the contour.

    Returns:
        For pair 9 * to + from: the middles of the sides, (81, 4), in order, and which of them are
        meant, (81, 4).
    """
    sides, is_side = np.zeros((81, 4), np.complex128), np.zeros((81, 4), np.bool_)
    for pair in range(81):
        reached, left = (_DIRECTIONS[step] for step in divmod(pair, 9))
        first, count = 0, 4
        if reached is not None and left is not None:
            first = reached // 2
            count = ((left + 1) // 2 - first) % 4 + 1
        sides[pair] = [_SIDES[(first + k) % 4] for k in range(4)]
        is_side[pair, :count] = True
    return sides, is_side


_SIDES_OF_TURN, _IS_SIDE_OF_TURN = _tabulate_sides()


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
    pixels = np.asarray(found[0], np.int32).reshape(-1, 2)[::-1]  # (col, row), clockwise
    place = np.empty(len(pixels), np.complex128)  # row + i col
    place.real, place.imag = pixels[:, 1], pixels[:, 0]
    place += complex(region.top_px, region.left_px)
    turns = _find_turns(pixels)
    points = (place[:, None] + _SIDES_OF_TURN[turns])[_IS_SIDE_OF_TURN[turns]]
    top = np.flatnonzero(points.real == region.top_px - 0.5)
    start = int(top[points.imag[top].argmin()])  # row-major, the first edge of all
    traced = np.empty((2, len(points)))
    split = len(points) - start
    traced[0, :split], traced[0, split:] = points.real[start:], points.real[:start]
    traced[1, :split], traced[1, split:] = points.imag[start:], points.imag[:start]
    return traced.T


def _find_turns(pixels: NDArray[np.int32]) -> NDArray[np.intp]:
    """The steps to and from each border pixel, as one number each; see `_tabulate_sides`.

    Args:
        pixels: int32 (N, 2), (col, row), 8-connected, closed, clockwise.
    """
    number = 3 * pixels[:, 1] + pixels[:, 0]
    onward = np.empty(len(number) + 1, np.intp)
    onward[1:-1], onward[-1] = number[1:] - number[:-1], number[0] - number[-1]
    onward[0] = onward[-1]
    onward += 4  # 3 * rows + columns of a step, from -4
    return 9 * onward[:-1] + onward[1:]


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
    points = np.empty((2, count))
    points[0], points[1] = smooth.imag, smooth.real
    return points.T


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
