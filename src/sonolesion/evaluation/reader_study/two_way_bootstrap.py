"""The same questions by drawing readers and cases again, for any design.

Each resample draws readers, malignant cases and other cases with replacement; a case that is
drawn comes with all its reads. It needs no model and no full design. The draw of both at once
counts some variance twice, so its intervals are a little too wide rather than too narrow (Owen,
Ann Appl Stat 1 (2007) 386): benchmarks/reader_study_coverage.py measures by how much.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
_BLOCK_ENTRIES = 1 << 21


@dataclass(frozen=True, slots=True)
class Draws:
    """How often each reader and each case was drawn.

    Attributes:
        readers: float64 (B, R), each row adds up to R; all ones where readers are fixed.
        cases: float64 (B, N), malignant and other cases each add up to their number.
    """

    readers: FloatArray
    cases: FloatArray


@dataclass(frozen=True, slots=True)
class BootstrapEstimate:
    """A figure with its percentile interval.

    Attributes:
        value: on the reads themselves; nan where it is not defined.
        low, high: ends of the interval; nan without one.
        p: two-sided, against 0: twice the smaller share of resamples on either side of 0; nan
            where it is not asked for.
        n_resamples: resamples drawn.
        n_undefined: of them, those without a value.
    """

    value: float
    low: float
    high: float
    p: float
    n_resamples: int
    n_undefined: int


def draw(
    n_readers: int, positive: BoolArray, *, n_resamples: int, rng: np.random.Generator
) -> Draws:
    """Draw readers and cases; one reader is always the same one.

    Args:
        n_readers: R, at least 1.
        positive: bool (N,); malignant and other cases are drawn apart.
        n_resamples: B.
        rng: the random generator.
    """
    cases = np.zeros((n_resamples, len(positive)))
    for kind in (True, False):
        chosen = np.flatnonzero(positive == kind)
        if len(chosen):
            cases[:, chosen] = _counts(len(chosen), n_resamples, rng)
    if n_readers == 1:
        return Draws(np.ones((n_resamples, 1)), cases)
    return Draws(_counts(n_readers, n_resamples, rng), cases)


def resampled_auc(scores: FloatArray, positive: BoolArray, draws: Draws) -> FloatArray:
    """AUC of each reader in each arm in each resample.

    Args:
        scores: float64 (A, R, N), nan where there is no read.
        positive: bool (N,).
        draws: B resamples.

    Returns:
        float64 (B, A, R); nan without a malignant or without another case.
    """
    arms, readers, _ = scores.shape
    found = np.empty((len(draws.cases), arms, readers))
    for a in range(arms):
        for r in range(readers):
            known = np.isfinite(scores[a, r])
            high, low = known & positive, known & ~positive
            kernel = _outranks(scores[a, r, high], scores[a, r, low])
            for rows in _blocks(len(draws.cases), max(1, kernel.shape[1])):
                w1, w0 = draws.cases[rows][:, high], draws.cases[rows][:, low]
                total = w1.sum(axis=1) * w0.sum(axis=1)
                hits = ((w1 @ kernel) * w0).sum(axis=1)
                found[rows, a, r] = _divide(hits, total)
    return found


def resampled_mean(values: FloatArray, draws: Draws) -> FloatArray:
    """Mean over cases of each reader in each arm in each resample.

    Args:
        values: float64 (A, R, N), nan where there is none.
        draws: B resamples.

    Returns:
        float64 (B, A, R); nan where no case with a value was drawn.
    """
    known = np.isfinite(values)
    arms, readers, n = values.shape
    sums = draws.cases @ np.where(known, values, 0.0).reshape(arms * readers, n).T
    totals = draws.cases @ known.reshape(arms * readers, n).T.astype(float)
    return _divide(sums, totals).reshape(-1, arms, readers)


def over_readers(values: FloatArray, draws: Draws) -> FloatArray:
    """Average (B, R) over the readers drawn, leaving out those without a value; (B,)."""
    known = np.isfinite(values)
    weights = draws.readers * known
    return _divide((weights * np.where(known, values, 0.0)).sum(axis=1), weights.sum(axis=1))


def summarise(
    value: float, resampled: FloatArray, *, level: float = 0.95, test: bool = False
) -> BootstrapEstimate:
    """Turn resampled figures (B,) into an interval, and where asked a p-value against 0."""
    defined = resampled[np.isfinite(resampled)]
    low, high, p = math.nan, math.nan, math.nan
    if defined.size and math.isfinite(value):
        tail = (1.0 - level) / 2.0
        low, high = np.quantile(defined, [tail, 1.0 - tail]).tolist()
        if test:
            side = min(int((defined <= 0.0).sum()), int((defined >= 0.0).sum()))
            p = min(1.0, 2.0 * (side + 1) / (defined.size + 1))
    undefined = int(resampled.size - defined.size)
    return BootstrapEstimate(value, low, high, p, resampled.size, undefined)


def everything_once(n_readers: int, n_cases: int) -> Draws:
    """The draw in which each reader and each case stands once: the study itself."""
    return Draws(np.ones((1, n_readers)), np.ones((1, n_cases)))


def _counts(n: int, n_resamples: int, rng: np.random.Generator) -> FloatArray:
    return rng.multinomial(n, np.full(n, 1.0 / n), size=n_resamples).astype(float)


def _outranks(high: FloatArray, low: FloatArray) -> FloatArray:
    """1 where a malignant case has the higher score, 0.5 at a tie, else 0: (n1, n0)."""
    above = (high[:, None] > low[None, :]).astype(float)
    kernel: FloatArray = above + 0.5 * (high[:, None] == low[None, :])
    return kernel


def _blocks(n: int, width: int) -> Iterator[slice]:
    rows = max(1, _BLOCK_ENTRIES // width)
    for start in range(0, n, rows):
        yield slice(start, min(start + rows, n))


def _divide(top: FloatArray, bottom: FloatArray) -> FloatArray:
    found: FloatArray = np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0.0)
    return found
