"""The contour of a region, as traced between pixels and as a smooth closed curve.

Points are (row, col); a pixel's centre has whole coordinates. The traced contour runs through the
middles of the edges between inside and outside pixels. Along rows, columns and diagonals it lies
half way between the last pixel inside and the first outside, so widths are unbiased there;
through pixel centres they would be one pixel short, through pixel corners up to .7 px long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.components import Mask

Points = NDArray[np.float64]
"""float64 (N, 2), (row, col)."""

Spacing = tuple[float, float]
"""Size of a pixel, (row, col)."""

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # east along a top edge, then clockwise
_SAMPLES_PER_PX = 2
_MIN_SAMPLES = 64
_KEPT_HARMONICS = 6.0
FINE_WAVELENGTH_PX = 8.0


def trace_contour(region: Mask) -> Points:
    """Trace a region's outer contour clockwise, one point for each edge between in and out.

    Args:
        region: bool (H, W), 8-connected, without holes, at least one pixel.

    Returns:
        float64 (N, 2), (row, col), N of at least 4; the first point is not repeated.

    >>> trace_contour(np.ones((1, 1), np.bool_)).tolist()
    [[-0.5, 0.0], [0.0, 0.5], [0.5, 0.0], [0.0, -0.5]]
    """
    rows, cols = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    top, left = int(rows[0]), int(cols[0])
    inside = np.pad(region[top : rows[-1] + 1, left : cols[-1] + 1], 1)
    width = inside.shape[1]
    solid = inside.ravel().tolist()
    row, col = 0, int(np.flatnonzero(inside[1])[0]) - 1  # the corner at the start of a top edge
    start, heading = (row, col), 0
    doubled: list[tuple[int, int]] = []
    while True:
        step_row, step_col = _STEPS[heading]
        doubled.append((2 * row + step_row, 2 * col + step_col))
        row, col = row + step_row, col + step_col
        ahead_left, ahead_right = _pixels_ahead(row, col, heading)
        if solid[ahead_left[0] * width + ahead_left[1]]:
            heading = (heading - 1) % 4
        elif not solid[ahead_right[0] * width + ahead_right[1]]:
            heading = (heading + 1) % 4
        if (row, col) == start and heading == 0:
            break
    return np.array(doubled) / 2.0 + (top - 0.5, left - 0.5)


def _pixels_ahead(row: int, col: int, heading: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Padded indices of the pixels left and right of the way on, from a corner."""
    corners = ((row, col), (row, col + 1), (row + 1, col + 1), (row + 1, col))
    return corners[(heading + 1) % 4], corners[(heading + 2) % 4]


def smooth_contour(contour: Points, *, wavelength: float) -> Points:
    """Take the steps out of a closed contour with a low-pass filter that does not shrink it.

    The curve is sampled evenly along its length; Fourier harmonics of wavelength L are weighted
    with exp(-(wavelength / L) ** 4). The first six harmonics, which make the form of a tiny
    region, pass whatever the wavelength.

    Args:
        contour: float64 (N, 2), in any unit of length.
        wavelength: where the filter reaches 1/e, in that unit.

    Returns:
        float64 (M, 2), about two points to the shorter side of a pixel, at least 64.
    """
    closed = np.vstack([contour, contour[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    length = float(along[-1])
    count = max(_MIN_SAMPLES, _SAMPLES_PER_PX * len(contour))
    at = np.arange(count) * (length / count)
    curve = np.interp(at, along, closed[:, 1]) + 1j * np.interp(at, along, closed[:, 0])
    frequency = np.fft.fftfreq(count, d=length / count)
    cutoff = max(1.0 / wavelength, _KEPT_HARMONICS / length)
    smooth = np.fft.ifft(np.fft.fft(curve) * np.exp(-((frequency / cutoff) ** 4)))
    return np.column_stack([smooth.imag, smooth.real])


def contour_length(contour: Points) -> float:
    """Length of a closed polygon.

    >>> contour_length(np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 0.0]]))
    12.0
    """
    return float(np.hypot(*(np.roll(contour, -1, axis=0) - contour).T).sum())


def contour_area(contour: Points) -> float:
    """Area of a closed polygon without crossings, by the shoelace formula.

    >>> contour_area(np.array([[0.0, 0.0], [0.0, 3.0], [4.0, 0.0]]))
    6.0
    """
    row, col = (contour - contour.mean(axis=0)).T
    return abs(float(row @ np.roll(col, -1) - col @ np.roll(row, -1))) / 2.0
