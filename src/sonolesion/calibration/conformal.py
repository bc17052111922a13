"""Sets of classes that hold the true one with a stated coverage, whatever the class.

Source: Vovk, Conditional validity of inductive conformal predictors, ACML 2012 (Mondrian sets).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import ClassSets, conformal_rank
from sonolesion.errors import InvalidInputError
from sonolesion.types import LesionClass

COVERAGE = 0.95


def fit_conformal(
    class_prob: NDArray[np.float64], labels: NDArray[np.integer], *, coverage: float = COVERAGE
) -> ClassSets:
    """Find for each class the probability that a new case of it reaches with `coverage`.

    With the score 1 - p_class, the quantile of the n scores of a class is the one at rank
    ceil((n + 1) * coverage); a new case of the class exceeds it with a probability of at most
    1 - coverage. Where n is below 19 (at 0.95) there is no such rank; the largest score is taken
    and the guarantee is n / (n + 1), which `ClassSets.guaranteed` says.

    Args:
        class_prob: joint probabilities float64 (N, 3) of held-out cases.
        labels: integer (N,), class indices.
        coverage: share to keep in each class, (0, 1).

    Raises:
        InvalidInputError: a coverage out of range, or another shape.
    """
    if not 0.0 < coverage < 1.0:
        raise InvalidInputError(f"coverage: expected a number in (0, 1), got {coverage}.")
    if class_prob.shape != (len(labels), len(LesionClass)):
        raise InvalidInputError(
            f"expected class_prob (N, 3) and labels (N,), got {class_prob.shape} and "
            f"{labels.shape}."
        )
    of_class = [np.sort(class_prob[labels == c, c]) for c in range(len(LesionClass))]
    min_prob = [
        float(found[conformal_rank(len(found), coverage) - 1]) if len(found) else 1.0
        for found in of_class
    ]
    normal, benign, malignant = (len(found) for found in of_class)
    return ClassSets(
        coverage=coverage,
        min_prob=(min_prob[0], min_prob[1], min_prob[2]),
        n=(normal, benign, malignant),
    )
