"""From probabilities to mask, answer and remarks, at the image's own resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle import BundleInfo
from sonolesion.bundle.decision import JointAnswers, apply_decision, joint_probabilities
from sonolesion.metrics.probability import softmax
from sonolesion.types import LesionClass

PEAK_SHARE_OF_OUTLINE = 0.5
"""Where a lesion has no pixel at the threshold: outline what reaches this share of the maximum."""

UNSURE_NOTE = "unsure, have it read"
"""How the note of an answer that is not sure begins; its reason follows."""


@dataclass(frozen=True, slots=True)
class ClassAnswer:
    """What is said of one image's class.

    Attributes:
        label: the most probable class.
        class_prob: float64 (3,), sums to 1.
        prediction_set: see `sonolesion.types.Prediction`.
        unsure, malignant_alert: the same.
        notes: why the answer is not sure; empty when it is.
    """

    label: LesionClass
    class_prob: NDArray[np.float64]
    prediction_set: tuple[LesionClass, ...] = ()
    unsure: bool = False
    malignant_alert: bool = False
    notes: tuple[str, ...] = ()


def answer_class(
    info: BundleInfo, *, class_logits: NDArray[np.float64], lesion_peak: float
) -> ClassAnswer:
    """Answer by the bundle's decision, or without one by the class head alone.

    Args:
        info: the bundle's temperature and decision.
        class_logits: float64 (3,), before the temperature.
        lesion_peak: [0, 1], from `sonolesion.bundle.decision.measure_peak`.
    """
    classes = tuple(LesionClass)
    decision = info.decision
    if decision is None:
        prob = softmax(class_logits, temperature=info.temperature)
        return ClassAnswer(classes[int(prob.argmax())], prob)
    joint = joint_probabilities(
        decision.presence,
        class_logits[np.newaxis],
        temperature=info.temperature,
        lesion_peak=np.array([lesion_peak]),
    )
    found = apply_decision(decision, joint)
    members = tuple(c for c, inside in zip(classes, found.in_set[0], strict=True) if inside)
    return ClassAnswer(
        label=classes[int(found.predicted[0])],
        class_prob=found.class_prob[0],
        prediction_set=members,
        unsure=bool(found.unsure[0]),
        malignant_alert=bool(found.malignant_alert[0]),
        notes=_describe_doubt(found, members),
    )


def threshold_mask(lesion_prob: NDArray[np.float32], threshold: float) -> NDArray[np.bool_]:
    """Mark the pixels of float32 (H, W) at or above `threshold`; bool (H, W).

    >>> threshold_mask(np.array([[0.4, 0.5]], np.float32), 0.5).tolist()
    [[False, True]]
    """
    return np.asarray(lesion_prob >= np.float32(threshold), dtype=np.bool_)


def outline_lesion(
    lesion_prob: NDArray[np.float32], threshold: float, *, has_lesion: bool
) -> NDArray[np.bool_]:
    """Mark a lesion that is known to be there, or nothing where none is.

    Args:
        lesion_prob: float32 (H, W) in [0, 1].
        threshold: of `threshold_mask`.
        has_lesion: what the joint answer says.

    Returns:
        bool (H, W): all False without a lesion; with one never all False: where no pixel reaches
        the threshold, the pixels at or above half of the maximum (on a flat map all of them).

    >>> outline_lesion(np.array([[0.1, 0.2, 0.4]], np.float32), 0.5, has_lesion=True).tolist()
    [[False, True, True]]
    """
    if not has_lesion:
        return np.zeros(lesion_prob.shape, np.bool_)
    mask = threshold_mask(lesion_prob, threshold)
    if mask.any() or not lesion_prob.size:
        return mask
    return threshold_mask(lesion_prob, PEAK_SHARE_OF_OUTLINE * float(lesion_prob.max()))


def measure_coverage(mask: NDArray[np.bool_]) -> float:
    """Share of the image that a bool (H, W) mask marks, [0, 1]; 0 for an array without pixels.

    >>> measure_coverage(np.array([[True, False, False, False]]))
    0.25
    """
    return float(np.count_nonzero(mask) / mask.size) if mask.size else 0.0


def describe_conflict(label: LesionClass, mask_coverage: float) -> tuple[str, ...]:
    """Remark on a class and an outline that contradict each other; empty when they agree.

    Args:
        label: most probable class of the class head alone.
        mask_coverage: share of the image that the outline alone marks, [0, 1].
    """
    if (label is LesionClass.NORMAL) == (mask_coverage == 0):
        return ()
    marked = f"marked {mask_coverage:.1%} of the image" if mask_coverage else "marked nothing"
    return (
        f"outline and class disagreed: the class alone was {label.value}, the outline alone "
        f"{marked}",
    )


def _describe_doubt(found: JointAnswers, members: tuple[LesionClass, ...]) -> tuple[str, ...]:
    """Say why one answer is unsure; empty when it is sure."""
    if not found.unsure[0]:
        return ()
    if found.is_untypical[0]:
        return (f"{UNSURE_NOTE}: the image is unlike the held-out ones of every class",)
    names = " or ".join(c.value for c in members)
    why = f"could be {names}" if len(members) > 1 else "confidence too low"
    return (f"{UNSURE_NOTE}: {why}",)
