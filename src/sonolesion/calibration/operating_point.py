"""The frozen threshold of the malignant alert."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import MalignantPoint
from sonolesion.errors import InvalidInputError
from sonolesion.metrics import specificity_at_sensitivity
from sonolesion.types import CLASS_INDEX, LesionClass

SENSITIVITY = 0.95


def fit_operating_point(
    class_prob: NDArray[np.float64],
    labels: NDArray[np.integer],
    *,
    sensitivity: float = SENSITIVITY,
) -> MalignantPoint:
    """Choose the most specific threshold on p_malignant that keeps `sensitivity`.

    The figures it carries were measured on the cases it was chosen on, so they are a little too
    good for others; `cross_fit` gives honest ones.

    Args:
        class_prob: joint probabilities float64 (N, 3) of held-out cases.
        labels: integer (N,), class indices.
        sensitivity: share of malignant cases that must alert, [0, 1].

    Raises:
        InvalidInputError: no malignant case or nothing else, or a sensitivity out of range.
    """
    index = CLASS_INDEX[LesionClass.MALIGNANT]
    point = specificity_at_sensitivity(
        np.asarray(labels == index), class_prob[:, index], sensitivity=sensitivity
    )
    if point.n_positive == 0 or point.n_negative == 0:
        raise InvalidInputError(
            f"the held-out outputs have {point.n_positive} malignant cases and "
            f"{point.n_negative} others; an operating point needs both."
        )
    return MalignantPoint(
        threshold=point.threshold,
        sensitivity=point.sensitivity,
        specificity=point.specificity,
        n_malignant=point.n_positive,
        n_other=point.n_negative,
    )
