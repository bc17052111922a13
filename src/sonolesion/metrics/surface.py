"""Scores from the distances between the borders of a predicted mask and the truth.

`border` says what a border is. Distances run between centres of border pixels, in the unit of
`spacing` (pixels by default, millimetres when the spacing is mm per pixel).

One rule for empty masks: both empty is nan (no border, nothing to measure); one empty (a missed
lesion, or a mark on an empty truth) costs the image's diagonal, and a surface Dice of 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sonolesion.errors import InvalidInputError
from sonolesion.metrics._arguments import BoolArray, require_mask_pair, require_spacing
from sonolesion.metrics.border import border_distances, mask_border

Spacing = tuple[float, float]
PIXELS: Spacing = (1.0, 1.0)
_ROUNDING = 1.0 + 1e-9  # 3 * 0.1 mm still lies within a tolerance of 0.3 mm


@dataclass(frozen=True, slots=True)
class SurfaceScores:
    """The three border scores of one case, see `surface_scores`.

    Attributes:
        hd95: 95th percentile Hausdorff distance, in the unit of the spacing.
        average: average symmetric surface distance, in the unit of the spacing.
        nsd: normalised surface Dice in [0, 1] at the tolerance asked for.
    """

    hd95: float
    average: float
    nsd: float


def surface_scores(
    pred: BoolArray, truth: BoolArray, *, tolerance: float, spacing: Spacing = PIXELS
) -> SurfaceScores:
    """Measure the three border scores with one pass over the distances.

    - hd95: the larger of the two directed 95th percentiles (linear interpolation).
    - average: mean over the border pixels of both masks together.
    - nsd: share of the border pixels of both masks within `tolerance` (inclusive) of the other.

    Args:
        pred: bool (H, W), the predicted lesion.
        truth: bool (H, W), the true lesion.
        tolerance: in the unit of `spacing`, 0 or more.
        spacing: size of a pixel (row, col); (1, 1) gives pixels.

    Returns:
        The scores; all nan when both masks are empty; image diagonal, image diagonal and 0 when
        one is. The diagonal is that of the image's full extent, hypot(H row, W col).

    Raises:
        InvalidInputError: a mask is not bool (H, W), has no pixels, the shapes differ, or
            spacing or tolerance is not a usable number.

    Source: Maier-Hein et al., Nature Methods 21 (2024) 195 (Metrics Reloaded: HD95, ASSD, NSD);
        Nikolov et al., JMIR 23 (2021) e26151 (surface Dice).

    >>> pred, truth = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    >>> pred[1, 1], truth[1, 3] = True, True
    >>> surface_scores(pred, truth, tolerance=1.0)
    SurfaceScores(hd95=2.0, average=2.0, nsd=0.0)
    """
    if not (math.isfinite(tolerance) and tolerance >= 0):
        raise InvalidInputError(f"tolerance: expected a number of 0 or more, got {tolerance}.")
    pred, truth = require_mask_pair(pred, truth)
    row, col = require_spacing(spacing)
    if not pred.any() and not truth.any():
        return SurfaceScores(math.nan, math.nan, math.nan)
    if not pred.any() or not truth.any():
        diagonal = math.hypot(pred.shape[0] * row, pred.shape[1] * col)
        return SurfaceScores(diagonal, diagonal, 0.0)
    pred_border, truth_border = mask_border(pred), mask_border(truth)
    there = border_distances(pred_border, truth_border, spacing=(row, col))
    back = border_distances(truth_border, pred_border, spacing=(row, col))
    both = np.concatenate([there, back])
    return SurfaceScores(
        hd95=float(max(np.percentile(there, 95), np.percentile(back, 95))),
        average=float(both.mean()),
        nsd=float(np.mean(both <= tolerance * _ROUNDING)),
    )


def hd95(pred: BoolArray, truth: BoolArray, *, spacing: Spacing = PIXELS) -> float:
    """95th percentile Hausdorff distance alone.

    Args:
        pred: bool (H, W), the predicted lesion.
        truth: bool (H, W), the true lesion.
        spacing: size of a pixel (row, col); (1, 1) gives pixels.

    Returns:
        0 or more, in the unit of `spacing`; empty masks, errors and source as `surface_scores`.

    >>> hd95(np.array([[True, False, False]]), np.array([[False, False, True]]), spacing=(1, 0.5))
    1.0
    """
    return surface_scores(pred, truth, tolerance=0.0, spacing=spacing).hd95


def average_surface_distance(
    pred: BoolArray, truth: BoolArray, *, spacing: Spacing = PIXELS
) -> float:
    """Average symmetric surface distance alone.

    Args:
        pred: bool (H, W), the predicted lesion.
        truth: bool (H, W), the true lesion.
        spacing: size of a pixel (row, col); (1, 1) gives pixels.

    Returns:
        0 or more, in the unit of `spacing`; empty masks, errors and source as `surface_scores`.

    >>> average_surface_distance(np.array([[True, True, False]]), np.array([[True, False, False]]))
    0.3333333333333333
    """
    return surface_scores(pred, truth, tolerance=0.0, spacing=spacing).average


def normalised_surface_dice(
    pred: BoolArray, truth: BoolArray, *, tolerance: float, spacing: Spacing = PIXELS
) -> float:
    """Normalised surface Dice alone.

    Args:
        pred: bool (H, W), the predicted lesion.
        truth: bool (H, W), the true lesion.
        tolerance: in the unit of `spacing`, 0 or more.
        spacing: size of a pixel (row, col); (1, 1) gives pixels.

    Returns:
        A number in [0, 1]; empty masks, errors and source as `surface_scores`.

    >>> pred, truth = np.array([[True, True, False]]), np.array([[True, False, False]])
    >>> normalised_surface_dice(pred, truth, tolerance=0.0)
    0.6666666666666666
    """
    return surface_scores(pred, truth, tolerance=tolerance, spacing=spacing).nsd
