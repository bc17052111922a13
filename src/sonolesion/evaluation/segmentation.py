"""Segmentation figures: on lesion cases alone, or as the published program counts them.

Figures of lesion cases and figures with normals inside are never mixed: a row says which it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sonolesion.evaluation.case_table import CaseResult, ScoredCase
from sonolesion.evaluation.estimate import Estimate, Estimator
from sonolesion.metrics import batched_flat_dice, mission_iou
from sonolesion.types import LesionClass

MISSION_BATCH = 16
MISSION_SHUFFLES = 200


@dataclass(frozen=True, slots=True)
class OrderSpread:
    """How the mission's batch Dice changes with the order of the cases, which is not published.

    Attributes:
        low, median, high: least, median and greatest batch Dice over the shuffles.
        shuffles: number of orders drawn.
    """

    low: float
    median: float
    high: float
    shuffles: int


def lesion_figures(results: Sequence[CaseResult], estimator: Estimator) -> tuple[Estimate, ...]:
    """Estimate the figures of lesion cases, then those of normals, then pixel accuracy of all.

    A lesion case counts when its true mask has a lesion. A miss costs the whole Dice and, when
    nothing is marked at all, the image's diagonal in HD95.
    """
    lesions = [r for r in results if r.has_truth]
    normals = [r for r in results if not r.is_lesion]
    groups = [r.group for r in lesions]
    rows = [
        estimator.mean(
            "lesion_dice", "Dice, lesion cases",
            values=[_defined(r.dice) for r in lesions], groups=groups,
        ),
    ]  # fmt: skip
    for label in (LesionClass.BENIGN, LesionClass.MALIGNANT):
        some = [r for r in lesions if r.label is label]
        rows.append(
            estimator.mean(
                f"lesion_dice_{label}", f"Dice, {label}",
                values=[_defined(r.dice) for r in some], groups=[r.group for r in some],
            )
        )  # fmt: skip
    rows += [
        estimator.mean(
            "lesion_iou", "IoU, lesion cases",
            values=[_defined(r.iou) for r in lesions], groups=groups,
        ),
        estimator.mean(
            "lesion_hd95_px", "HD95, lesion cases",
            values=[_defined(r.hd95_px) for r in lesions], groups=groups, unit="px",
        ),
        estimator.mean(
            "lesion_nsd", "Surface Dice, lesion cases",
            values=[_defined(r.nsd) for r in lesions], groups=groups,
        ),
        estimator.rate(
            "missed_lesions",
            f"Missed lesions ({sum(r.missed for r in lesions)} of {len(lesions)})",
            flags=[r.missed for r in lesions], groups=groups,
        ),
        estimator.rate(
            "marked_normals",
            f"Normals with a mark ({sum(r.false_positive for r in normals)} of {len(normals)})",
            flags=[r.false_positive for r in normals], groups=[r.group for r in normals],
        ),
        _marked_area(normals, estimator),
        pixel_accuracy_figure(results, estimator),
    ]  # fmt: skip
    return tuple(rows)


def _marked_area(normals: Sequence[CaseResult], estimator: Estimator) -> Estimate:
    measured = [r for r in normals if not r.error]
    return estimator.mean(
        "marked_normal_area_percent", "Marked area of a normal",
        values=[100.0 * r.predicted_lesion_px / (r.height_px * r.width_px) for r in measured],
        groups=[r.group for r in measured], unit="%",
    )  # fmt: skip


def pixel_accuracy_figure(results: Sequence[CaseResult], estimator: Estimator) -> Estimate:
    """Estimate the mean pixel accuracy over all cases, normals included."""
    return estimator.mean(
        "pixel_accuracy", "Pixel accuracy, all cases",
        values=[r.pixel_accuracy for r in results], groups=[r.group for r in results],
    )  # fmt: skip


def mission_figures(
    cases: Sequence[ScoredCase], estimator: Estimator
) -> tuple[tuple[Estimate, ...], OrderSpread]:
    """Estimate IoU, Dice and pixel accuracy exactly as the published program counts them.

    At the network's square and a threshold of 0.5: IoU per image with empty against empty = 1;
    Dice of each batch of 16 flattened into one region, weighted by batch size, in the order
    normal, benign, malignant and by file name; pixel accuracy per image. Normals are inside all.

    Returns:
        The three figures, and how the batch Dice varies over 200 random orders.
    """
    truths = [c.truth.unpack() for c in cases]
    masks = [c.predicted.unpack() for c in cases]
    groups = [c.result.group for c in cases]

    def batch_dice(order: np.ndarray) -> float:
        return batched_flat_dice(
            [masks[i] for i in order], [truths[i] for i in order], batch_size=MISSION_BATCH
        )

    dice = batch_dice(np.arange(len(cases)))
    rng = estimator.generator("mission_order")
    shuffled = [batch_dice(rng.permutation(len(cases))) for _ in range(MISSION_SHUFFLES)]
    low, median, high = np.quantile(shuffled, [0.0, 0.5, 1.0]).tolist()
    figures = (
        estimator.mean(
            "mission_iou", "Mean IoU (empty against empty = 1)",
            values=[mission_iou(m, t) for m, t in zip(masks, truths, strict=True)], groups=groups,
        ),
        Estimate(
            "mission_dice", "Dice (batches of 16 flattened)", dice, None, None, len(cases),
            len(set(groups)), reason="by batch: see its spread over orders",
        ),
        pixel_accuracy_figure([c.result for c in cases], estimator),
    )  # fmt: skip
    return figures, OrderSpread(low, median, high, MISSION_SHUFFLES)


def _defined(value: float | None) -> float:
    # A gap becomes nan, which the metrics refuse by name: no mean passes over it in silence.
    return float("nan") if value is None else value
