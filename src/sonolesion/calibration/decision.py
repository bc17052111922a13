"""All of a decision from held-out outputs, and what it would have said of cases left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import (
    Decision,
    JointAnswers,
    apply_decision,
    joint_probabilities,
)
from sonolesion.calibration.conformal import fit_conformal
from sonolesion.calibration.held_out import HeldOut
from sonolesion.calibration.operating_point import fit_operating_point
from sonolesion.calibration.presence import fit_presence
from sonolesion.calibration.temperature import fit_temperature
from sonolesion.calibration.unsure import fit_unsure
from sonolesion.errors import InvalidInputError
from sonolesion.types import LesionClass


def fit_decision(held_out: HeldOut, *, presence_threshold: float = 0.5) -> tuple[float, Decision]:
    """Fit temperature and decision, each step on what the one before gives.

    Args:
        held_out: outputs on cases that the network was neither trained nor chosen on.
        presence_threshold: see `fit_presence`.

    Returns:
        The temperature, which a bundle keeps as a field of its own, and the decision.

    Raises:
        InvalidInputError: no benign or no malignant case. Without normals there is a decision,
            but its presence is the class head's own (`Presence.is_fitted` is False), normal is
            in no set but as the label, and the probability of a lesion is uncalibrated.
    """
    held_out.require(LesionClass.BENIGN, LesionClass.MALIGNANT)
    labels = held_out.labels
    temperature = fit_temperature(held_out.class_logits, labels)
    presence = fit_presence(held_out, temperature=temperature, threshold=presence_threshold)
    class_prob = joint_probabilities(
        presence,
        held_out.class_logits,
        temperature=temperature,
        lesion_peak=held_out.lesion_peak,
    )
    sets = fit_conformal(class_prob, labels, datasets=held_out.datasets)
    return temperature, Decision(
        presence=presence,
        malignant=fit_operating_point(class_prob, labels, datasets=held_out.datasets),
        sets=sets,
        unsure=fit_unsure(class_prob, labels, sets=sets),
    )


def cross_fit(
    held_out: HeldOut, folds: NDArray[np.integer], *, presence_threshold: float = 0.5
) -> JointAnswers:
    """Answer each fold by a decision fitted on the others: what an honest report measures.

    Args:
        held_out: outputs of N cases.
        folds: integer (N,), at least two different ones.
        presence_threshold: see `fit_presence`.

    Returns:
        The answers of all N cases, in their order.

    Raises:
        InvalidInputError: another shape, one fold only, a group in two folds, or a class missing
            outside a fold.
    """
    names = np.unique(folds)
    if folds.shape != held_out.labels.shape or folds.dtype.kind not in "iu" or len(names) < 2:
        raise InvalidInputError(
            f"folds: expected at least two different integers (N,) with N = "
            f"{len(held_out.labels)}, got {folds.dtype} {folds.shape}, {len(names)} different."
        )
    fold_of: dict[str, int] = {}
    for group, fold in zip(held_out.groups.tolist(), folds.tolist(), strict=True):
        if fold_of.setdefault(group, fold) != fold:
            raise InvalidInputError(
                f"folds: the group {group!r} lies in the folds {fold_of[group]} and {fold}; a "
                "group may not straddle folds."
            )
    parts: list[tuple[NDArray[np.bool_], JointAnswers]] = []
    for name in names:
        here = np.asarray(folds == name)
        temperature, decision = fit_decision(
            held_out.select(~here), presence_threshold=presence_threshold
        )
        class_prob = joint_probabilities(
            decision.presence,
            held_out.class_logits[here],
            temperature=temperature,
            lesion_peak=held_out.lesion_peak[here],
        )
        parts.append((here, apply_decision(decision, class_prob)))
    order = np.argsort(np.concatenate([np.flatnonzero(here) for here, _ in parts]))
    answers = [answer for _, answer in parts]
    return JointAnswers(
        class_prob=np.concatenate([a.class_prob for a in answers])[order],
        predicted=np.concatenate([a.predicted for a in answers])[order],
        in_set=np.concatenate([a.in_set for a in answers])[order],
        is_untypical=np.concatenate([a.is_untypical for a in answers])[order],
        unsure=np.concatenate([a.unsure for a in answers])[order],
        malignant_alert=np.concatenate([a.malignant_alert for a in answers])[order],
    )
