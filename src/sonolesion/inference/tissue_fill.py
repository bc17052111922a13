"""What a part of an image is covered with: tissue of the same depth, without a lesion.

Black would be a lesion's sign itself, and a plain grey area has no speckle, which is a cyst's. So
the cover has the brightness of what lies at the same depth, and speckle as strong and as coarse as
the image's own.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
_BLACK = 4
_DEPTH_SHARE = 1 / 16
_WIDTH_SHARE = 1 / 4
_LOOK_SHARE = 1 / 24
_ORDINARY = (0.7, 1.4)
_SPECKLE_SIGMA_PX = 3.0
_MIN_SPECKLE_LEVEL = 10.0
_SPECKLE_RANGE = (0.3, 2.0)
_CORRELATION_RANGE = (0.01, 0.95)
_SEED = 20261125


def fill_with_tissue(pixels: NDArray[np.uint8]) -> Grey:
    """Draw the image as it might look without any structure.

    The level of a pixel is the mean of what lies at its depth (a Gaussian of 1/16 of the height
    and 1/4 of the width), first of everything that is not black, then once more of what is
    within .7 and 1.4 of that, so that a dark lesion hardly counts. Speckle multiplies it: noise
    from a fixed seed with the spread of the image's ratio to its surrounding, and its correlation
    from one pixel to the next along rows and columns. What is black from the border inwards is no
    tissue and stays.

    Args:
        pixels: uint8 (H, W), grey levels.

    Returns:
        float32 (H, W) in [0, 255]. The same pixels give the same fill.
    """
    grey = pixels.astype(np.float32)
    is_border = _find_black_border(pixels)
    inside = (~is_border).astype(np.float32)
    look = _blur(grey, _LOOK_SHARE, _LOOK_SHARE)
    level = _mean_at_depth(grey, inside)
    low, high = (share * level for share in _ORDINARY)
    level = _mean_at_depth(grey, inside * ((look >= low) & (look <= high)), otherwise=level)
    filled = np.clip(level * _make_speckle(grey), 0.0, 255.0)
    return np.asarray(np.where(is_border, grey, filled), dtype=np.float32)


def _mean_at_depth(grey: Grey, weight: Grey, *, otherwise: Grey | None = None) -> Grey:
    """Weighted mean around each pixel; `otherwise`, or the mean of all, where nothing weighs."""
    total = _blur(weight, _DEPTH_SHARE, _WIDTH_SHARE)
    mean = _blur(grey * weight, _DEPTH_SHARE, _WIDTH_SHARE) / np.maximum(total, 1e-6)
    rest = np.full_like(grey, grey.mean()) if otherwise is None else otherwise
    return np.asarray(np.where(total > 0.02, mean, rest), dtype=np.float32)


def _make_speckle(grey: Grey) -> Grey:
    """Draw speckle like the image's: mean 1; 1 throughout where the image is too dark to tell."""
    around = cv2.GaussianBlur(grey, (0, 0), _SPECKLE_SIGMA_PX)
    is_lit = around >= _MIN_SPECKLE_LEVEL
    if np.count_nonzero(is_lit) < 2:
        return np.ones_like(grey)
    ratio: Grey = np.ones_like(grey)
    ratio[is_lit] = np.clip(grey[is_lit] / around[is_lit], *_SPECKLE_RANGE)
    # the median of the deviation: edges and letters, which are few, do not count
    spread = float(np.median(np.abs(ratio[is_lit] - 1.0))) / 0.6745
    noise = np.random.default_rng(_SEED).standard_normal(grey.shape).astype(np.float32)
    sigma_row = _sigma_of(ratio[:-1], ratio[1:])
    sigma_col = _sigma_of(ratio[:, :-1], ratio[:, 1:])
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigmaX=sigma_col, sigmaY=sigma_row))
    speckle = 1.0 + noise * (spread / max(float(noise.std()), 1e-6))
    return np.asarray(np.clip(speckle, *_SPECKLE_RANGE), dtype=np.float32)


def _sigma_of(first: Grey, second: Grey) -> float:
    """Gaussian, in px, that gives noise the correlation of two neighbours: exp(-1 / 4 sigma^2)."""
    a, b = first - 1.0, second - 1.0
    power = float(np.sqrt(np.vdot(a, a) * np.vdot(b, b)))
    correlation = float(np.vdot(a, b)) / power if power > 0 else 0.0
    return float(np.sqrt(-0.25 / np.log(np.clip(correlation, *_CORRELATION_RANGE))))


def _find_black_border(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Mark black regions that touch an edge: corners of a sector, bands beside the scan."""
    _, labels = cv2.connectedComponents((pixels <= _BLACK).astype(np.uint8), connectivity=4)
    edges = (labels[0], labels[-1], labels[:, 0], labels[:, -1])
    touching = np.unique(np.concatenate(edges))
    return np.asarray(np.isin(labels, touching[touching > 0]))


def _blur(values: Grey, row_share: float, col_share: float) -> Grey:
    """Gaussian whose width is a share of each side, half a pixel at least."""
    height, width = values.shape
    sigma_row, sigma_col = max(0.5, height * row_share), max(0.5, width * col_share)
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigmaX=sigma_col, sigmaY=sigma_row))
