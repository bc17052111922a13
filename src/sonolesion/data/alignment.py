"""Alignment of two pictures and their normalised correlation where they overlap.

Pictures are compared after local contrast normalisation: what is left is texture (speckle, tissue
lines), which two frames share only if they show the same scan. Plain grey levels would make any
two bright-above-dark scans look alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.imaging.geometry import resize

WORK_SIDE_PX = 128
COARSE_SIDE_PX = 64
_FINE_SIGMA_PX = 3.0
_COARSE_SIGMA_PX = 4.0
_CONTRAST_FLOOR = 6.0
_COARSE_CORRELATION_MIN = 0.3
_ITERATIONS = 50
_TOLERANCE = 1e-4
_SEARCH_BLUR_PX = 5

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a second picture lies over a first one.

    Attributes:
        matrix: float32 (2, 3), maps (x, y) of the first square to the second, in pixels.
        correlation: normalised correlation over the overlap, [-1, 1].
        overlap: share of the smaller picture that both cover, [0, 1].
    """

    matrix: Matrix
    correlation: float
    overlap: float


@dataclass(frozen=True, slots=True)
class Texture:
    """A picture's texture: local mean and contrast divided out, near zero where it is flat.

    Attributes:
        fine: float32 (128, 128).
        coarse: float32 (64, 64), of larger structures.
    """

    fine: NDArray[np.float32]
    coarse: NDArray[np.float32]


def normalise_contrast(pixels: NDArray[np.uint8]) -> Texture:
    """Bring an image to squares of two sizes and divide out local mean and contrast.

    Args:
        pixels: uint8 (H, W) of any size.
    """
    fine = resize(pixels, height_px=WORK_SIDE_PX, width_px=WORK_SIDE_PX).astype(np.float32)
    # the mean of each 2x2 block
    coarse = fine.reshape(COARSE_SIDE_PX, 2, COARSE_SIDE_PX, 2).mean(axis=(1, 3))
    return Texture(_flatten(fine, _FINE_SIGMA_PX), _flatten(coarse, _COARSE_SIGMA_PX))


def align(first: Texture, second: Texture, *, initial: Matrix | None = None) -> Alignment:
    """Find the affine map that makes two pictures' textures correlate best, coarse to fine.

    Args:
        first: from `normalise_contrast`; stays where it is.
        second: likewise; the one that is moved.
        initial: float32 (2, 3) to start from, in pixels of the fine square; None for no shift.

    Returns:
        The alignment, judged on the fine squares; a pair whose coarse squares do not correlate is
        judged without a fine search. Correlation 0 if there is no overlap or one is flat.

    Source: Evangelidis and Psarakis, IEEE Trans. PAMI 30 (2008) 1858 (ECC).
    """
    start = np.eye(2, 3, dtype=np.float32) if initial is None else initial
    ratio = WORK_SIDE_PX / COARSE_SIDE_PX
    coarse = _search(first.coarse, second.coarse, _scale_shift(start, 1 / ratio))
    best = _judge(first.fine, second.fine, start)
    for matrix in (_scale_shift(coarse.matrix, ratio), start):
        if max(coarse.correlation, best.correlation) >= _COARSE_CORRELATION_MIN:
            best = max(best, _search(first.fine, second.fine, matrix), key=_correlation)
        if best.correlation >= 2 * _COARSE_CORRELATION_MIN:
            break
    return best


def warp_mask(mask: NDArray[np.bool_], matrix: Matrix) -> NDArray[np.bool_]:
    """Bring the second picture's mask bool (128, 128) onto the first; outside is False."""
    size = (WORK_SIDE_PX, WORK_SIDE_PX)
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(mask.astype(np.uint8), matrix, size, flags=flags) > 0)


def _flatten(square: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    detail = square - cv2.GaussianBlur(square, (0, 0), sigma_px)
    power = cv2.GaussianBlur(detail * detail, (0, 0), 2 * sigma_px)
    return np.asarray(detail / (np.sqrt(power) + _CONTRAST_FLOOR), dtype=np.float32)


def _correlation(alignment: Alignment) -> float:
    return alignment.correlation


def _scale_shift(matrix: Matrix, factor: float) -> Matrix:
    """The same map between squares that are `factor` times as large (pixel centres at .5)."""
    out = matrix.astype(np.float64)
    half = np.array([0.5, 0.5])
    out[:, 2] = factor * (out[:, 2] + half - out[:, :2] @ half) + out[:, :2] @ half - half
    return out.astype(np.float32)


def _search(first: NDArray[np.float32], second: NDArray[np.float32], start: Matrix) -> Alignment:
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ITERATIONS, _TOLERANCE)
    unmoved = _judge(first, second, start)
    everywhere = np.ones(second.shape, np.uint8)
    try:
        _, found = cv2.findTransformECC(
            first, second, start.copy(), cv2.MOTION_AFFINE, criteria, everywhere, _SEARCH_BLUR_PX
        )
    except cv2.error:  # no convergence: flat pictures or no overlap
        return unmoved
    refined = _judge(first, second, np.asarray(found, dtype=np.float32))
    return max(unmoved, refined, key=_correlation)


def _judge(first: NDArray[np.float32], second: NDArray[np.float32], matrix: Matrix) -> Alignment:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (first.shape[1], first.shape[0])
    moved = cv2.warpAffine(second, matrix, size, flags=flags)
    inside = cv2.warpAffine(np.ones_like(second), matrix, size, flags=flags) > 0.99
    # areas are judged in the picture that the overlap fills more
    scale = abs(float(np.linalg.det(matrix[:, :2])))
    overlap = float(inside.mean()) * max(1.0, scale)
    if inside.sum() < 64 or not 0.2 < scale < 5.0:
        return Alignment(matrix, 0.0, min(1.0, overlap))
    a, b = first[inside], moved[inside]
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return Alignment(matrix, float((a * b).sum()) / norm if norm > 1e-3 else 0.0, min(1.0, overlap))
