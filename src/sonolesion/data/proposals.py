"""Cheap looks at all pairs of pictures: which ones might be near-duplicates?

Four proposers: two perceptual hashes (difference hash, DCT hash) and two correlations of small
contrast-normalised thumbnails: over all shifts up to a quarter of the side, and of each whole
picture with each picture cut down by a bank of windows, so that shifted and cropped copies are
proposed as well. `sonolesion.data.duplicates` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.alignment import COARSE_SIDE_PX, WORK_SIDE_PX, Matrix, Texture
from sonolesion.imaging.geometry import resize

HASH_DISTANCE_MAX = 8
WINDOW_CORRELATION_MIN = 0.36
SHIFT_CORRELATION_MIN = 0.37
_THUMBNAIL_PX = 32
_SHIFT_MAX_PX = 8
_SPANS = tuple(
    (start, start + width)
    for width, starts in ((1.0, (0.0,)), (0.85, (0.0, 0.075, 0.15)), (0.7, (0.0, 0.15, 0.3)))
    for start in starts
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Two pictures that may be near-duplicates.

    Attributes:
        first, second: positions in the list given, first < second.
        dhash_distance, phash_distance: differing bits of 64.
        window_correlation: best correlation over the windows, [-1, 1].
        shift_correlation: best correlation over the shifts, [-1, 1].
        initial: float32 (2, 3), maps (x, y) of the first square to the second.
    """

    first: int
    second: int
    dhash_distance: int
    phash_distance: int
    window_correlation: float
    shift_correlation: float
    initial: Matrix


def difference_hash(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """64 bits, bool (64,): whether each cell of a 9x8 thumbnail is brighter than its left one."""
    small = resize(pixels, height_px=8, width_px=9).astype(np.int16)
    return np.asarray(np.diff(small, axis=1) > 0).ravel()


def dct_hash(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """64 bits, bool (64,): low cosine terms of a 32x32 thumbnail against their median."""
    small = resize(pixels, height_px=32, width_px=32).astype(np.float32)
    terms = np.asarray(cv2.dct(small))[:8, :8].ravel()
    return np.asarray(terms > np.median(terms[1:]))


def propose_pairs(
    pictures: Sequence[NDArray[np.uint8]], textures: Sequence[Texture]
) -> list[Proposal]:
    """Propose pairs that may be near-duplicates, by any of the proposers.

    Args:
        pictures: uint8 (H, W) each.
        textures: of the same pictures, from `normalise_contrast`.

    Returns:
        Sorted by (first, second). Time and memory grow with the square of the number of pictures.
    """
    if len(pictures) < 2:
        return []
    dhash = _bit_distances([difference_hash(p) for p in pictures])
    phash = _bit_distances([dct_hash(p) for p in pictures])
    coarse = np.stack([texture.coarse for texture in textures])
    windows, window_of = _correlate_windows(coarse)
    shifts, shift_of = _correlate_shifts(coarse)
    wanted = (np.maximum(windows, windows.T) >= WINDOW_CORRELATION_MIN) | (
        shifts >= SHIFT_CORRELATION_MIN
    )
    wanted |= (dhash <= HASH_DISTANCE_MAX) | (phash <= HASH_DISTANCE_MAX)
    proposals = []
    for first, second in zip(*np.nonzero(np.triu(wanted, 1)), strict=True):
        i, j = int(first), int(second)
        cut = max(float(windows[i, j]), float(windows[j, i]))
        if shifts[i, j] >= cut:
            initial = _shift_matrix(int(shift_of[i, j]))
        elif windows[i, j] == cut:  # the first one, cut by a window, is the whole second one
            initial = np.asarray(
                cv2.invertAffineTransform(_window_matrix(int(window_of[i, j]))), dtype=np.float32
            )
        else:
            initial = _window_matrix(int(window_of[j, i]))
        proposals.append(
            Proposal(i, j, int(dhash[i, j]), int(phash[i, j]), cut, float(shifts[i, j]), initial)
        )
    return proposals


def _bit_distances(hashes: Sequence[NDArray[np.bool_]]) -> NDArray[np.int32]:
    signs = np.where(np.stack(hashes), 1.0, -1.0).astype(np.float32)
    return np.asarray(np.rint((signs.shape[1] - signs @ signs.T) / 2), dtype=np.int32)


def _correlate_windows(
    squares: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    """Best correlation of picture i cut by a window with whole picture j, and which window."""
    count = len(squares)
    samplers = [_sampler(*span) for span in _SPANS]
    whole = _unit_rows(samplers[0] @ squares @ samplers[0].T)
    best = np.full((count, count), -1.0, np.float32)
    window_of = np.zeros((count, count), np.int16)
    for i, rows in enumerate(samplers):
        strips = rows @ squares
        for j, cols in enumerate(samplers):
            correlation = _unit_rows(strips @ cols.T) @ whole.T
            better = correlation > best
            window_of[better] = i * len(_SPANS) + j
            np.maximum(best, correlation, out=best)
    return best, window_of


def _correlate_shifts(
    squares: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Best correlation of picture i with picture j > i over small cyclic shifts, and which shift.

    The lower triangles stay at -1 and 0. A shift is the row-major position in the thumbnail.
    """
    count, side = len(squares), _THUMBNAIL_PX
    sampler = _sampler(0.0, 1.0)
    cells = _unit_rows(sampler @ squares @ sampler.T).reshape(count, side, side)
    spectra = np.fft.rfft2(cells).astype(np.complex64)
    near = np.minimum(np.arange(side), side - np.arange(side)) <= _SHIFT_MAX_PX
    allowed = np.flatnonzero(near[:, None] & near[None, :])
    best = np.full((count, count), -1.0, np.float32)
    shift_of = np.zeros((count, count), np.int32)
    for i in range(count - 1):
        products = np.conj(spectra[i]) * spectra[i + 1 :]
        found = np.fft.irfft2(products, s=(side, side)).reshape(len(products), -1)[:, allowed]
        place = found.argmax(axis=1)
        best[i, i + 1 :] = found[np.arange(len(found)), place]
        shift_of[i, i + 1 :] = allowed[place]
    return best, shift_of


def _sampler(start: float, stop: float) -> NDArray[np.float32]:
    """(32, 64) matrix that averages the span of a 64-pixel axis into 32 cells."""
    edges = np.linspace(start, stop, _THUMBNAIL_PX + 1) * COARSE_SIDE_PX
    pixel = np.arange(COARSE_SIDE_PX)
    low = np.maximum(edges[:-1, None], pixel[None, :])
    high = np.minimum(edges[1:, None], pixel[None, :] + 1)
    weights = np.maximum(0.0, high - low)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _unit_rows(cells: NDArray[np.floating]) -> NDArray[np.float32]:
    flat = cells.reshape(len(cells), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(flat, axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(norm, 1e-6), dtype=np.float32)


def _shift_matrix(shift: int) -> Matrix:
    """Map (x, y) of the first picture's square to the second's, for a shift of the thumbnail."""
    half, scale = _THUMBNAIL_PX // 2, WORK_SIDE_PX / _THUMBNAIL_PX
    dy, dx = ((v + half) % _THUMBNAIL_PX - half for v in divmod(shift, _THUMBNAIL_PX))
    return np.array([[1, 0, dx * scale], [0, 1, dy * scale]], np.float32)


def _window_matrix(window: int) -> Matrix:
    """Map (x, y) of a whole picture's square to the square that the window cuts."""
    (top, bottom), (left, right) = _SPANS[window // len(_SPANS)], _SPANS[window % len(_SPANS)]
    return np.array(
        [[right - left, 0, left * WORK_SIDE_PX], [0, bottom - top, top * WORK_SIDE_PX]], np.float32
    )
