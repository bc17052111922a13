"""Region overlap of a predicted mask with the truth.

Dice and IoU of two empty masks are 0 / 0. Each function says what it gives then: nan unless the
caller asks for another value, so that normals cannot slip into a mean over lesions unseen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sonolesion.errors import InvalidInputError
from sonolesion.metrics._arguments import BoolArray, require_at_least, require_mask_pair


def dice(pred: BoolArray, truth: BoolArray, *, both_empty: float = math.nan) -> float:
    """Dice coefficient 2 |P and T| / (|P| + |T|) of two masks.

    Args:
        pred: bool (H, W), the predicted lesion.
        truth: bool (H, W), the true lesion.
        both_empty: what to give when neither mask has a pixel; nan says undefined.

    Returns:
        A number in [0, 1], without unit; 0 when exactly one mask is empty; `both_empty` when
        both are.

    Raises:
        InvalidInputError: a mask is not bool (H, W), has no pixels, or the shapes differ.

    Source: Dice, Ecology 26 (1945) 297; no smoothing term.

    >>> dice(np.array([[True, True, False]]), np.array([[True, False, False]]))
    0.6666666666666666
    """
    pred, truth = require_mask_pair(pred, truth)
    shared, total = _areas(pred, truth)
    return 2.0 * shared / total if total else both_empty


def iou(pred: BoolArray, truth: BoolArray, *, both_empty: float = math.nan) -> float:
    """Intersection over union |P and T| / |P or T| of two masks (Jaccard index).

    Args:
        pred: bool (H, W), the predicted lesion.
        truth: bool (H, W), the true lesion.
        both_empty: what to give when neither mask has a pixel; nan says undefined.

    Returns:
        A number in [0, 1], without unit; 0 when exactly one mask is empty; `both_empty` when
        both are.

    Raises:
        InvalidInputError: a mask is not bool (H, W), has no pixels, or the shapes differ.

    Source: Jaccard, New Phytologist 11 (1912) 37; no smoothing term.

    >>> iou(np.array([[True, True, False]]), np.array([[True, False, False]]))
    0.5
    """
    pred, truth = require_mask_pair(pred, truth)
    shared, total = _areas(pred, truth)
    return shared / (total - shared) if total else both_empty


def pixel_accuracy(pred: BoolArray, truth: BoolArray) -> float:
    """Share of pixels on which two masks agree, background included.

    Args:
        pred: bool (H, W), the predicted lesion.
        truth: bool (H, W), the true lesion.

    Returns:
        A number in [0, 1], without unit; 1 when both masks are empty. A small lesion that is
        missed altogether still scores near 1: read it next to Dice, never alone.

    Raises:
        InvalidInputError: a mask is not bool (H, W), has no pixels, or the shapes differ.

    >>> pixel_accuracy(np.array([[True, True], [False, False]]), np.zeros((2, 2), bool))
    0.5
    """
    pred, truth = require_mask_pair(pred, truth)
    return float(np.mean(pred == truth))


def mission_iou(pred: BoolArray, truth: BoolArray) -> float:
    """`iou` as the mission document counts it: two empty masks score 1.

    Its mean over a test set holds the normals, so it is not a lesion IoU.

    Args:
        pred: bool (H, W), the predicted lesion.
        truth: bool (H, W), the true lesion.

    Returns:
        A number in [0, 1], without unit; errors as `iou`.

    >>> mission_iou(np.zeros((2, 2), bool), np.zeros((2, 2), bool))
    1.0
    """
    return iou(pred, truth, both_empty=1.0)


def batched_flat_dice(
    preds: Sequence[BoolArray], truths: Sequence[BoolArray], *, batch_size: int = 16
) -> float:
    """Dice as the mission document counts it: each batch flattened into one region.

    Batches are taken in the order given, the last may be smaller; the result is the mean over
    batches weighted by their sizes. It depends on the order and hides missed lesions.

    Args:
        preds: N masks bool (H, W), or one array (N, H, W); sizes may differ between cases.
        truths: N masks, each of its prediction's shape.
        batch_size: cases per batch, at least 1.

    Returns:
        A number in [0, 1], without unit; a batch empty against empty counts 1; nan for N = 0.

    Raises:
        InvalidInputError: the numbers of masks differ, or a pair is not two bool (H, W).

    >>> empty, full = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    >>> batched_flat_dice([full, empty, full], [full, full, empty], batch_size=2)
    0.4444444444444444
    """
    batch_size = require_at_least(batch_size, "batch_size", least=1)
    if len(preds) != len(truths):
        raise InvalidInputError(
            f"expected as many preds as truths, got {len(preds)} preds, {len(truths)} truths."
        )
    if len(preds) == 0:
        return math.nan
    pairs = zip(preds, truths, strict=True)
    areas = np.array([_areas(*require_mask_pair(pred, truth)) for pred, truth in pairs])
    weighted = 0.0
    for start in range(0, len(areas), batch_size):
        batch = areas[start : start + batch_size]
        shared, total = batch.sum(axis=0).tolist()
        weighted += len(batch) * (2.0 * shared / total if total else 1.0)
    return weighted / len(areas)


def _areas(pred: BoolArray, truth: BoolArray) -> tuple[int, int]:
    """Give |P and T| and |P| + |T|, in pixels."""
    shared = int(np.count_nonzero(pred & truth))
    return shared, int(np.count_nonzero(pred)) + int(np.count_nonzero(truth))
