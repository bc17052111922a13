"""Sets of classes that hold the true one with a stated coverage, whatever the class.

Source: Vovk, Conditional validity of inductive conformal predictors, ACML 2012 (Mondrian sets).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import ClassSets, conformal_rank
from sonolesion.calibration.held_out import populations
from sonolesion.errors import InvalidInputError
from sonolesion.types import LesionClass

COVERAGE = 0.95


def fit_conformal(
    class_prob: NDArray[np.float64],
    labels: NDArray[np.integer],
    *,
    datasets: NDArray[np.str_] | None = None,
    coverage: float = COVERAGE,
) -> ClassSets:
    """Find for each class the probability that a new case of it reaches with `coverage`.

    With the score 1 - p_class, the quantile of the n scores of a class is the one at rank
    ceil((n + 1) * coverage); a new case of the class exceeds it with a probability of at most
    1 - coverage. Where n is below 19 (at 0.95) there is no such rank; the largest score is taken
    and the guarantee is n / (n + 1), which `ClassSets.guaranteed` says.

    With several data sets the lowest of their probabilities is taken, so that the promise holds
    in each of them and not on average only; `n` is then the count of the one that decided.

    Args:
        class_prob: joint probabilities float64 (N, 3) of held-out cases.
        labels: integer (N,), class indices.
        datasets: text (N,), the data set of each case; None for one.
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
    normal, benign, malignant = (
        min(
            _lowest(class_prob[inside & (labels == c), c], coverage)
            for inside in populations(labels, datasets, of=c)
        )
        for c in range(len(LesionClass))
    )
    return ClassSets(
        coverage=coverage,
        min_prob=(normal[0], benign[0], malignant[0]),
        n=(normal[1], benign[1], malignant[1]),
    )


def _lowest(prob: NDArray[np.float64], coverage: float) -> tuple[float, int]:
    """The probability that a class must reach, and of how many cases; 1 of none."""
    n = len(prob)
    return (float(np.sort(prob)[conformal_rank(n, coverage) - 1]), n) if n else (1.0, 0)
