"""Cover a region with tissue from beside it, without a seam.

The tissue is lifted or lowered by a smooth surface that meets the surroundings at the region's
rim (a membrane), and the two are joined in a narrow band inside the rim in which the speckle keeps
its contrast: a plain average of two unlike speckles would be smoother than either.

Source: Perez, Gangnet, Blake, Poisson image editing, ACM Trans. Graphics 22 (2003) 313-318 (the
membrane; here it spans averages over the rim, not single speckles).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.erase.membrane import span_membrane
from sonolesion.data.erase.room import Shift

_BAND_OF_SIDE = 0.018
_BAND_MIN_PX = 4.0


def fill_piece(
    now: NDArray[np.float32],
    source: NDArray[np.uint8],
    piece: NDArray[np.bool_],
    *,
    shift: Shift,
    unknown: NDArray[np.bool_],
    ignored: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Cover one piece.

    Args:
        now: the image so far, float32 (H, W) in [0, 255].
        source: what tissue is taken from, uint8 (H, W), marks removed.
        piece: bool (H, W), what to cover; nothing outside it changes.
        shift: where the tissue comes from.
        unknown: bool (H, W), pixels still to be covered, `piece` among them.
        ignored: bool (H, W), pixels that say nothing about brightness (marks).

    Returns:
        float32 (H, W) in [0, 255].
    """
    moved, inside = _move(source.astype(np.float32), shift)
    band_px = band_width(piece.shape)
    known = inside & ~unknown & ~ignored
    moved = moved + span_membrane(now - moved, piece=piece, known=known, rim_px=band_px)
    depth = cv2.distanceTransform(
        np.pad(unknown, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )[1:-1, 1:-1]
    step = np.clip(depth / band_px, 0.0, 1.0)
    weight = (step * step * (3.0 - 2.0 * step)).astype(np.float32)
    sigma = band_px / 2.0
    smooth_now, smooth_new = _blur(now, sigma), _blur(moved, sigma)
    grain = weight * (moved - smooth_new) + (1.0 - weight) * (now - smooth_now)
    grain = grain / np.sqrt(weight**2 + (1.0 - weight) ** 2)
    joined = weight * smooth_new + (1.0 - weight) * smooth_now + grain
    out = now.copy()
    out[piece] = np.clip(joined[piece], 0.0, 255.0)
    return out


def band_width(shape: tuple[int, int]) -> float:
    """Width of the band in which old and new are joined, in pixels."""
    return max(_BAND_MIN_PX, _BAND_OF_SIDE * max(shape))


def _move(
    pixels: NDArray[np.float32], shift: Shift
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The image moved by a shift, its edge repeated, and where it is not a repeated edge."""
    rows = np.arange(pixels.shape[0]) + shift.dy_px
    cols = np.arange(pixels.shape[1]) + shift.dx_px
    inside = ((rows >= 0) & (rows < len(rows)))[:, None] & ((cols >= 0) & (cols < len(cols)))
    rows, cols = np.clip(rows, 0, len(rows) - 1), np.clip(cols, 0, len(cols) - 1)
    return np.ascontiguousarray(pixels[rows[:, None], cols[None, :]]), inside


def _blur(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
