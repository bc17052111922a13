"""Agreement beyond chance: Cohen's kappa, plain or weighted, and Fleiss's kappa.

Each works on counts, so that resamples of cases are one matrix product.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError

FloatArray = NDArray[np.float64]
_NO_CHANCE = 1e-12


class Weights(StrEnum):
    """How much a disagreement counts: all alike, or by the square of the distance in rank."""

    NONE = "none"
    QUADRATIC = "quadratic"


def joint_counts(
    first: FloatArray, second: FloatArray, *, n_categories: int, cases: FloatArray
) -> FloatArray:
    """Count pairs of answers in each resample.

    Args:
        first: float64 (N,), categories 0 to n_categories - 1; nan where there is none.
        second: likewise.
        n_categories: K.
        cases: float64 (B, N), how often each case counts.

    Returns:
        float64 (B, K, K), first by second; cases without both answers do not count.
    """
    known = np.isfinite(first) & np.isfinite(second)
    cells = (first[known] * n_categories + second[known]).astype(int)
    marks = np.zeros((int(known.sum()), n_categories**2))
    marks[np.arange(len(cells)), cells] = 1.0
    return (cases[:, known] @ marks).reshape(len(cases), n_categories, n_categories)


def cohen_kappa(counts: FloatArray, weights: Weights = Weights.NONE) -> FloatArray:
    """Cohen's kappa of counts.

    Args:
        counts: float64 (..., K, K), 0 or more.
        weights: how much a disagreement counts.

    Returns:
        float64 (...), at most 1; nan without a count, or where chance alone would agree fully
        (both gave one and the same category throughout).

    Raises:
        InvalidInputError: counts are not square.

    Source: Cohen, Educ Psychol Meas 20 (1960) 37, and Psychol Bull 70 (1968) 213 (weighted).

    >>> round(float(cohen_kappa(np.array([[20.0, 5.0], [10.0, 15.0]]))), 6)
    0.4
    """
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2]:
        raise InvalidInputError(f"expected square counts, got {counts.shape}.")
    k = counts.shape[-1]
    total = counts.sum(axis=(-2, -1), keepdims=True)
    share = counts / np.where(total > 0.0, total, np.nan)
    chance = share.sum(axis=-1, keepdims=True) * share.sum(axis=-2, keepdims=True)
    steps = np.abs(np.arange(k)[:, None] - np.arange(k)[None, :]).astype(float)
    cost = (steps > 0.0).astype(float) if weights is Weights.NONE else steps**2
    observed, expected = (cost * share).sum(axis=(-2, -1)), (cost * chance).sum(axis=(-2, -1))
    kappa: FloatArray = 1.0 - observed / np.where(expected > _NO_CHANCE, expected, np.nan)
    return kappa


def fleiss_kappa(answers: FloatArray, *, n_categories: int, cases: FloatArray) -> FloatArray:
    """Fleiss's kappa of several readers, in each resample.

    Args:
        answers: float64 (R, N), R at least 2, categories 0 to n_categories - 1; a case that one
            reader has not answered (nan) does not count.
        n_categories: K.
        cases: float64 (B, N), how often each case counts.

    Returns:
        float64 (B,); nan where nothing counts or all answers are one category.

    Raises:
        InvalidInputError: fewer than 2 readers.

    Source: Fleiss, Psychol Bull 76 (1971) 378.
    """
    readers = len(answers)
    if readers < 2:
        raise InvalidInputError(f"expected 2 or more readers, got {readers}.")
    known = np.isfinite(answers).all(axis=0)
    kept, times = answers[:, known], cases[:, known]
    votes = np.stack([(kept == c).sum(axis=0) for c in range(n_categories)], axis=1).astype(float)
    agreeing = ((votes**2).sum(axis=1) - readers) / (readers * (readers - 1))
    total = times.sum(axis=1)
    total = np.where(total > 0.0, total, np.nan)
    observed = times @ agreeing / total
    shares = times @ votes / (readers * total[:, None])
    expected = (shares**2).sum(axis=1)
    room = 1.0 - expected
    kappa: FloatArray = (observed - expected) / np.where(room > _NO_CHANCE, room, np.nan)
    return kappa
