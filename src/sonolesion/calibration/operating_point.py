"""The frozen threshold of the malignant alert."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import MalignantPoint
from sonolesion.calibration.held_out import populations
from sonolesion.errors import InvalidInputError
from sonolesion.metrics import specificity_at_sensitivity
from sonolesion.types import CLASS_INDEX, LesionClass

SENSITIVITY = 0.95


def fit_operating_point(
    class_prob: NDArray[np.float64],
    labels: NDArray[np.integer],
    *,
    datasets: NDArray[np.str_] | None = None,
    sensitivity: float = SENSITIVITY,
) -> MalignantPoint:
    """Choose the most specific threshold on p_malignant that keeps `sensitivity`.

    The figures it carries were measured on the cases it was chosen on, so they are a little too
    good for others; `cross_fit` gives honest ones.

    Args:
        class_prob: joint probabilities float64 (N, 3) of held-out cases.
        labels: integer (N,), class indices.
        datasets: text (N,), the data set of each case; with several the lowest of their thresholds
            is taken, so that `sensitivity` is kept in each of them. None for one.
        sensitivity: share of malignant cases that must alert, [0, 1].

    Raises:
        InvalidInputError: no malignant case or nothing else, or a sensitivity out of range.
    """
    index = CLASS_INDEX[LesionClass.MALIGNANT]
    is_malignant, prob = np.asarray(labels == index), class_prob[:, index]
    n_malignant = int(np.count_nonzero(is_malignant))
    n_other = len(labels) - n_malignant
    if n_malignant == 0 or n_other == 0:
        raise InvalidInputError(
            f"the held-out outputs have {n_malignant} malignant cases and {n_other} others; an "
            "operating point needs both."
        )
    threshold = min(
        specificity_at_sensitivity(
            is_malignant[inside], prob[inside], sensitivity=sensitivity
        ).threshold
        for inside in populations(labels, datasets, of=index)
        if not is_malignant[inside].all()
    )
    return MalignantPoint(
        threshold=threshold,
        sensitivity=float(np.mean(prob[is_malignant] >= threshold)),
        specificity=float(np.mean(prob[~is_malignant] < threshold)),
        n_malignant=n_malignant,
        n_other=n_other,
    )
