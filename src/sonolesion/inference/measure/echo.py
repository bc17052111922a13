"""Echo level of a lesion against the tissue beside it, and how even its inside is.

Grey levels of a B-mode image are compressed echo amplitudes, by a curve that the file does not
hold; so differences are grey levels out of 255, not dB.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.region import Mask, Region, open_window
from sonolesion.types.lesion import LesionEcho

Grey = NDArray[np.float32]
GAP_SHARE = 0.08
BAND_SHARE = 0.6
_MIN_COVERED = 0.25
_CORE_SHARE = 0.06
_GRAIN_SHARE = 0.03
EMPTY_GREY = 30.0
EMPTY_SHARE_OF_TISSUE = 0.3


def measure_echo(region: Region, occupied: Mask, pixels: NDArray[np.uint8]) -> LesionEcho:
    """Measure the echo level of one lesion.

    Args:
        region: the lesion.
        occupied: bool (H, W), all lesions: none of them is tissue.
        pixels: uint8 (H, W).
    """
    width = region.inside.shape[1]
    window = open_window(region, beside_px=_gap(width) + _band(width))
    near = window.cut(pixels).astype(np.float32)
    inside = region.inside
    left = region.left_px - window.left_px
    grey = np.ascontiguousarray(near[:, left : left + width])
    diameter = 2.0 * float(np.sqrt(region.area_px / np.pi))
    core = _find_core(inside, _CORE_SHARE * diameter)
    flanks = find_flanks(window.place(region), window.cut(occupied))
    inside_rows, n_inside = row_means(grey, inside)
    flank_rows, n_flank = row_means(near, flanks)
    both = (n_inside > 0) & (n_flank > 0)
    tissue = difference = ratio = None
    if n_inside[both].sum() >= _MIN_COVERED * n_inside.sum():
        weight = n_inside[both] / n_inside[both].sum()
        tissue = float(flank_rows[both] @ weight)
        level = float(inside_rows[both] @ weight)
        difference = level - tissue
        ratio = level / tissue if tissue > 0 else None
    smooth = _average_in(grey, inside, max(1.0, _GRAIN_SHARE * diameter))[core]
    limit = EMPTY_GREY if tissue is None else min(EMPTY_GREY, EMPTY_SHARE_OF_TISSUE * tissue)
    return LesionEcho(
        inside_grey=float(inside_rows @ n_inside) / region.area_px,
        core_grey=float(grey[core].mean(dtype=np.float64)),
        tissue_grey=tissue,
        difference_grey=difference,
        ratio=ratio,
        heterogeneity_grey=float(smooth.std()),
        empty_share=float((smooth <= limit).mean()),
    )


def find_flanks(region: Mask, occupied: Mask) -> Mask:
    """The tissue left and right of a lesion, in its rows.

    In each row: from 8 % to 68 % of the lesion's width away from its outermost pixels there (one
    pixel at least), other lesions left out.

    Args:
        region: bool (H, W), the lesion.
        occupied: bool (H, W), all lesions.
    """
    width = int(np.count_nonzero(region.any(axis=0)))
    gap, band = _gap(width), _band(width)
    has = region.any(axis=1)
    first = np.expand_dims(region.argmax(axis=1), 1).astype(np.int32)
    last = region.shape[1] - 1 - np.expand_dims(region[:, ::-1].argmax(axis=1), 1).astype(np.int32)
    col = np.arange(region.shape[1], dtype=np.int32)[None]
    left = (col < first - gap) & (col >= first - gap - band)
    right = (col > last + gap) & (col <= last + gap + band)
    return np.asarray((left | right) & np.expand_dims(has, 1) & ~occupied)


def _gap(width_px: int) -> int:
    return max(1, round(GAP_SHARE * width_px))


def _band(width_px: int) -> int:
    return max(1, round(BAND_SHARE * width_px))


def row_means(grey: Grey, where: Mask) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mean of each row over `where`, (H,), 0 in rows without a pixel; and the pixels, (H,)."""
    weight = where.astype(np.float32)
    # whole numbers up to 255: float32 holds the sum of a row of 65,000 px exactly
    total = np.einsum("ij,ij->i", grey, weight).astype(np.float64)
    count = weight.sum(axis=1).astype(np.int64)
    return total / np.maximum(count, 1), count


def _find_core(region: Mask, rim_px: float) -> Mask:
    """What lies deeper than `rim_px` inside; the whole region where nothing does."""
    padded = np.zeros((region.shape[0] + 2, region.shape[1] + 2), np.uint8)
    padded[1:-1, 1:-1] = region
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    core = np.asarray(depth > rim_px, dtype=np.bool_)
    return core if core.any() else region


def _average_in(grey: Grey, region: Mask, sigma_px: float) -> Grey:
    """Gaussian mean over the pixels of `region` only, so that the outside does not leak in."""
    weight = region.astype(np.float32)
    total, share = (
        cv2.GaussianBlur(a, (0, 0), sigma_px, borderType=cv2.BORDER_CONSTANT)
        for a in (grey * weight, weight)
    )
    return np.asarray(total / np.maximum(share, 1e-6), dtype=np.float32)
