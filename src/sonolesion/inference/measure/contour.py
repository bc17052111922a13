"""The contour of a region, as traced between pixels and as a smooth closed curve.

Points are (row, col); a pixel's centre has whole coordinates. The traced contour runs through the
middles of the edges between inside and outside pixels. Along rows, columns and diagonals it lies
half way between the last pixel inside and the first outside, so widths are unbiased there;
through pixel centres they would be one pixel short, through pixel corners up to .7 px long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.region import Mask, Region

Points = NDArray[np.float64]
"""float64 (N, 2), (row, col)."""

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # east along a top edge, then clockwise
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
    edges = _find_edges(region.inside)
    first = int(np.flatnonzero(edges.heading == 0)[0])  # row-major: the leftmost top edge
    follow = edges.follow.tolist()
    order, here = [first], follow[first]
    while here != first:
        order.append(here)
        here = follow[here]
    chosen = np.array(order)
    half_step = np.asarray(_STEPS)[edges.heading[chosen]] / 2.0
    points = np.empty((len(chosen), 2))
    points[:, 0] = edges.row[chosen] + (region.top_px - 0.5)
    points[:, 1] = edges.col[chosen] + (region.left_px - 0.5)
    return points + half_step


@dataclass(frozen=True, slots=True)
class _Edges:
    """Directed edges between pixels, the inside on their right; (E,) each.

    `row` and `col` are the corner where an edge starts, `heading` indexes `_STEPS`, `follow` is
    the number of the edge that goes on from its end.
    """

    row: NDArray[np.int64]
    col: NDArray[np.int64]
    heading: NDArray[np.int64]
    follow: NDArray[np.int32]


def _find_edges(inside: Mask) -> _Edges:
    """Every edge, by heading, then row-major; where two meet at a corner the way turns left."""
    padded = np.zeros((inside.shape[0] + 2, inside.shape[1] + 2), np.bool_)
    padded[1:-1, 1:-1] = inside
    # the four pixels around each corner, clockwise from the upper left
    around = (padded[:-1, :-1], padded[:-1, 1:], padded[1:, 1:], padded[1:, :-1])
    corners = tuple(a.ravel() for a in around)
    n_corners, width = corners[0].size, inside.shape[1] + 1
    starts = [
        np.flatnonzero(corners[(h + 2) % 4] > corners[(h + 1) % 4]) for h in range(len(_STEPS))
    ]
    heading = np.repeat(np.arange(len(_STEPS)), [len(s) for s in starts])
    start = np.concatenate(starts)
    number = np.empty(len(_STEPS) * n_corners, np.int32)  # set where an edge is, read nowhere else
    number[heading * n_corners + start] = np.arange(len(start))
    onward = []
    for h, (step_row, step_col) in enumerate(_STEPS):
        end = starts[h] + step_row * width + step_col
        left, right = corners[(h + 1) % 4][end], corners[(h + 2) % 4][end]
        turn = np.where(left, -1, np.where(right, 0, 1))
        onward.append((h + turn) % 4 * n_corners + end)
    row, col = np.divmod(start, width)
    return _Edges(row, col, heading, number[np.concatenate(onward)])


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
