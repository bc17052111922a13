"""Whether there is a lesion: class logits and lesion map weighed against each other."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import Presence, presence_features
from sonolesion.calibration.held_out import HeldOut
from sonolesion.calibration.logistic import fit_logistic
from sonolesion.errors import InvalidInputError
from sonolesion.types import CLASS_INDEX, LesionClass

RIDGE = 1.0
"""On the weights of the standardised features, in units of cases."""

CENTRE = (1.0, 0.0)
"""Weights of log-odds and peak that the ridge draws to: the class head's own answer. With few
cases that is a far better guess than weights of zero, which say that nothing is known."""


def fit_presence(held_out: HeldOut, *, temperature: float, threshold: float = 0.5) -> Presence:
    """Fit P(lesion) = sigmoid(w0 + w1 * a + w2 * b) by penalised likelihood, w1 and w2 >= 0.

    Only data sets that hold normals are looked at (`HeldOut.with_normals`). The ridge draws w1 to 1
    and w2 to 0, the calibrated class head's own answer; w0 is free.

    Cases are not weighted by class: the probabilities are meant for a mix of classes like the
    held-out one, and would be off for every mix if they were.

    Held-out outputs without a normal cannot say where a lesion begins. Then the class head's own
    probabilities are taken (weights 0, 1, 0), with `n_normal` 0 to say so.

    Args:
        held_out: outputs and truth.
        temperature: of the class logits.
        threshold: P(lesion) that is to become 0.5; see `sonolesion.bundle.decision`.

    Raises:
        InvalidInputError: no lesion among the cases, or a threshold outside (0, 1).
    """
    if not 0.0 < threshold < 1.0:
        raise InvalidInputError(f"threshold: expected a number in (0, 1), got {threshold}.")
    held_out = held_out.with_normals()
    is_lesion = held_out.labels != CLASS_INDEX[LesionClass.NORMAL]
    n_lesion, n_normal = int(is_lesion.sum()), int((~is_lesion).sum())
    if n_lesion == 0:
        raise InvalidInputError(
            f"the held-out outputs have no lesion ({n_normal} normal). Calibrate on a part with "
            "benign and malignant cases."
        )
    intercept, weights = 0.0, np.array(CENTRE)
    if n_normal:
        features = presence_features(
            held_out.class_logits, temperature=temperature, lesion_peak=held_out.lesion_peak
        )
        intercept, weights = _fit_non_negative(features, is_lesion)
    return Presence(
        intercept=intercept,
        class_weight=float(weights[0]),
        peak_weight=float(weights[1]),
        threshold=threshold,
        n_lesion=n_lesion,
        n_normal=n_normal,
    )


def _fit_non_negative(
    features: NDArray[np.float64], truth: NDArray[np.bool_]
) -> tuple[float, NDArray[np.float64]]:
    """Fit with weights >= 0, in the features' own units.

    The loss is convex, so its minimum over weights >= 0 is the best of the fits of all subsets of
    the features among those whose weights come out non-negative. A feature left out has the
    weight 0 and pays the ridge for it; one that never varies says nothing and pays nothing.
    """
    mean, spread = features.mean(axis=0), features.std(axis=0)
    varies = spread > 1e-12 * (1.0 + np.abs(mean))
    spread = np.where(varies, spread, 1.0)
    scaled = (features - mean) / spread
    centre = np.array(CENTRE) * spread
    best_loss, intercept, weights = np.inf, 0.0, np.zeros(features.shape[1])
    for chosen in product((True, False), repeat=features.shape[1]):
        used = np.array(chosen) & varies
        fit = fit_logistic(scaled[:, used], truth, ridge=RIDGE, centre=centre[used])
        loss = fit.loss + 0.5 * RIDGE * float((centre[varies & ~used] ** 2).sum())
        if (fit.weights >= 0).all() and loss < best_loss:
            weights = np.zeros(features.shape[1])
            weights[used] = fit.weights / spread[used]
            best_loss, intercept = loss, fit.intercept - float(weights @ mean)
    return intercept, weights
