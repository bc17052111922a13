"""Why an answer was given, by occlusion: cover a part with tissue and see how the answer moves.

Nothing but the graph's two outputs is needed: no gradient, no torch, so every bundle can be
asked. At most 49 patches are covered in turn; the value of a patch is the drop of the log-odds
of the class that was answered, with the bundle's decision applied, so a map explains the answer
that was given and not the class head alone.

Source: Zeiler, Fergus, Visualizing and understanding convolutional networks, ECCV 2014, section
4.2; the fading of patches and the fill are ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import BundleInfo
from sonolesion.bundle.decision import measure_peak
from sonolesion.errors import InvalidInputError
from sonolesion.imaging.geometry import content_of, image_to_square, map_to_image, plan_fit
from sonolesion.imaging.intensity import to_unit_range
from sonolesion.imaging.scan_area import crop_array, crop_to_area, paste_area
from sonolesion.inference.occlusion import PatchGrid, plan_patches
from sonolesion.inference.postprocess import answer_class
from sonolesion.inference.runtime import NetworkOutput
from sonolesion.inference.tissue_fill import fill_with_tissue
from sonolesion.metrics.probability import sigmoid
from sonolesion.types import CLASS_INDEX, LesionClass, Prediction, UltrasoundImage
from sonolesion.types.explanation import EvidenceFigures, EvidenceShare, Explanation

BATCH = 7
"""Covered images in one network run; fixed, so that a map does not depend on the machine."""
_TINY = 1e-300
_NO_CHANGE = 1e-4


def explain_image(
    image: UltrasoundImage,
    prediction: Prediction,
    *,
    info: BundleInfo,
    run: Callable[[NDArray[np.float32]], NetworkOutput],
    target: LesionClass | None = None,
) -> Explanation:
    """Map what speaks for and against an answer.

    Args:
        image: the image that was predicted.
        prediction: its result.
        info: the bundle that gave it.
        run: the network: a batch float32 (B, 1, S, S) in, both outputs out.
        target: the class whose log-odds are watched; None for the prediction's label. For normal
            this is the log-odds of a lesion the other way round.

    Returns:
        The map on the image's own pixel grid. Where no cover moves the log-odds by more than
        1e-4, a flat one with a scale of 0.

    Raises:
        InvalidInputError: the prediction is of another image or bundle.
        BundleError: the network fails or gives nan.
    """
    if prediction.mask.shape != image.pixels.shape or prediction.bundle != info.label:
        raise InvalidInputError(
            f"explain: the prediction is of bundle {prediction.bundle} and {prediction.mask.shape} "
            f"px, expected {info.label} and {image.pixels.shape}. Give the prediction that this "
            "predictor made of this image, or none."
        )
    target = target or prediction.label
    area = crop_to_area(image)
    height, width = area.pixels.shape
    fit = plan_fit(height, width, info.image_size_px, info.resize)
    square = image_to_square(area.pixels, fit)
    grid = plan_patches(fit.content_height_px, fit.content_width_px)
    covered = _log_odds_when_covered(square, content_of(fit), grid, info=info, run=run)
    drops = _log_odds(prediction.class_prob, target) - covered[:, CLASS_INDEX[target]]
    values = np.zeros(square.shape, np.float32)
    values[content_of(fit)] = grid.spread(drops.reshape(grid.n_rows, grid.n_cols))
    values = map_to_image(values, fit)
    scale = float(np.abs(values).max())
    if scale <= _NO_CHANGE:
        scale, values = 0.0, np.zeros_like(values)
    else:
        values = np.clip(values / np.float32(scale), -1.0, 1.0)
    ring_px = 0.5 * (height / grid.n_rows + width / grid.n_cols)
    lesion, ring = locate_evidence(values, crop_array(prediction.mask, image.area), ring_px=ring_px)
    return Explanation(
        paste_area(values, image),
        EvidenceFigures(
            method=_describe(grid),
            target=target.value,
            scale=scale,
            n_runs=len(covered),
            lesion=lesion,
            ring=ring,
        ),
    )


def locate_evidence(
    evidence: NDArray[np.float32], mask: NDArray[np.bool_], *, ring_px: float
) -> tuple[EvidenceShare | None, EvidenceShare | None]:
    """Share of the evidence for an answer inside an outline, and in a ring around it.

    Args:
        evidence: float32 (H, W); what is below 0 does not count.
        mask: bool (H, W), the outlined lesions.
        ring_px: width of the ring.

    Returns:
        Inside, ring. Both None where the mask is empty or nothing is above 0; the ring alone
        where the mask leaves no room for one.
    """
    positive = np.maximum(evidence, 0.0).astype(np.float64)
    total = float(positive.sum())
    if total <= 0.0 or not mask.any():
        return None, None
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = ~mask & (away <= ring_px)
    inside, around = (_share(positive, region, total) for region in (mask, ring))
    return inside, around


def _share(
    positive: NDArray[np.float64], region: NDArray[np.bool_], total: float
) -> EvidenceShare | None:
    area = float(region.mean())
    if area == 0.0:
        return None
    share = min(1.0, float(positive[region].sum()) / total)
    return EvidenceShare(evidence=share, area=area, ratio=share / area)


def _log_odds_when_covered(
    square: NDArray[np.uint8],
    content: tuple[slice, slice],
    grid: PatchGrid,
    *,
    info: BundleInfo,
    run: Callable[[NDArray[np.float32]], NetworkOutput],
) -> NDArray[np.float64]:
    """Log-odds of each class with one patch after the other covered, float64 (N, 3)."""
    pixels = square[content]
    images = grid.cover(pixels.astype(np.float32), fill_with_tissue(pixels))
    rows = []
    while chunk := list(itertools.islice(images, BATCH)):
        batch = np.repeat(square[np.newaxis, np.newaxis], len(chunk), axis=0)
        batch[:, 0, content[0], content[1]] = np.rint(chunk)
        rows += list(_answer(run(to_unit_range(batch)), info))
    return np.array(rows)


def _answer(output: NetworkOutput, info: BundleInfo) -> Iterator[list[float]]:
    """Log-odds of the three classes, as the bundle answers, for each image of a batch."""
    for mask_logits, class_logits in zip(output.mask_logits, output.class_logits, strict=True):
        answer = answer_class(
            info,
            class_logits=class_logits.astype(np.float64),
            lesion_peak=measure_peak(sigmoid(mask_logits)),
        )
        yield [_log_odds(answer.class_prob, label) for label in LesionClass]


def _log_odds(class_prob: NDArray[np.float64], target: LesionClass) -> float:
    """Logarithm of the target's probability over that of all others together."""
    index = CLASS_INDEX[target]
    others = float(np.delete(class_prob, index).sum())
    return float(np.log(max(float(class_prob[index]), _TINY)) - np.log(max(others, _TINY)))


def _describe(grid: PatchGrid) -> str:
    high, wide = grid.cell_px
    return f"occlusion, {grid.n_rows} x {grid.n_cols} patches of {2 * high:.0f} x {2 * wide:.0f} px"
