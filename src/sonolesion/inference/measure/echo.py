"""Echo level of a lesion against the tissue beside it, and how even its inside is.

Grey levels of a B-mode image are compressed echo amplitudes, by a curve that the file does not
hold; so differences are grey levels out of 255, not dB.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.inference.measure.region import Mask, Region, open_window
from sonolesion.inference.measure.rows import RowIntegral, RowSums, sum_rows
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
    near = window.cut(pixels)
    inside = region.inside
    left = region.left_px - window.left_px
    levels = near[:, left : left + width]
    grey = levels.astype(np.float32)
    diameter = 2.0 * float(np.sqrt(region.area_px / np.pi))
    core = _find_core(inside, _CORE_SHARE * diameter)
    within = sum_rows(levels, inside)
    flanks = _sum_flanks(inside, near, ~window.cut(occupied), left_px=left)
    inside_rows, n_inside = within.mean(), within.count
    both = (n_inside > 0) & (flanks.count > 0)
    tissue = difference = ratio = None
    if n_inside[both].sum() >= _MIN_COVERED * n_inside.sum():
        weight = n_inside[both] / n_inside[both].sum()
        tissue = float(flanks.mean()[both] @ weight)
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


def _sum_flanks(inside: Mask, near: NDArray[np.uint8], free: Mask, *, left_px: int) -> RowSums:
    """Sums over the tissue left and right of a lesion, in its rows.

    In each row: from 8 % to 68 % of the lesion's width away from its outermost pixels there (one
    pixel at least), other lesions left out.

    Args:
        inside: bool (h, w), the lesion in its bounding box.
        near: uint8 (h, W), the same rows of the image, farther to both sides.
        free: bool (h, W), what no lesion covers.
        left_px: column of `near` where the box begins.
    """
    width = inside.shape[1]
    gap, band = _gap(width), _band(width)
    first = left_px + inside.argmax(axis=1)
    last = left_px + width - 1 - np.ascontiguousarray(inside[:, ::-1]).argmax(axis=1)
    sums = RowIntegral(near, free)
    left = sums.between(*(np.maximum(first - away, 0) for away in (gap + band, gap)))
    ends = (np.minimum(last + 1 + away, near.shape[1]) for away in (gap, gap + band))
    return left + sums.between(*ends)


def _gap(width_px: int) -> int:
    return max(1, round(GAP_SHARE * width_px))


def _band(width_px: int) -> int:
    return max(1, round(BAND_SHARE * width_px))


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
