"""Means over readers and their difference, with readers and cases both drawn at random.

The model: a reader's figure in an arm is the arm's mean, plus the reader's own level, plus how
the reader answers to the arm, plus an error from the cases drawn. Errors of one reader in two arms
have covariance Cov1, of two readers in one arm Cov2, of two readers in two arms Cov3.

Source: Obuchowski and Rockette, Commun Stat Simul 24 (1995) 285; degrees of freedom of Hillis,
Stat Med 26 (2007) 596 ("ddf_H"). With jackknife covariances it is the same as Dorfman, Berbaum
and Metz's analysis of pseudovalues: Hillis et al., Stat Med 24 (2005) 1579.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.evaluation.reader_study.reader_values import ReaderValues
from sonolesion.evaluation.reader_study.student import t_quantile, two_sided_p


@dataclass(frozen=True, slots=True)
class RandomEstimate:
    """An estimate with its interval and test.

    Attributes:
        value: the figure.
        standard_error: of it, 0 or more.
        df: degrees of freedom; infinity where the normal distribution is used.
        low, high: ends of the interval; not cut at 0 or 1. Equal to `value` where nothing varies.
        p: two-sided p-value against 0; nan where nothing varies, and where it is not asked for.
    """

    value: float
    standard_error: float
    df: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Components:
    """Mean squares and error covariances, as MRMC software prints them.

    Attributes:
        ms_arm: mean square of the arms; nan with one arm.
        ms_reader: of the readers; nan with one reader.
        ms_arm_reader: of arm by reader; nan with one arm or one reader.
        variance: mean error variance.
        cov1, cov2, cov3: mean error covariances; nan where there is no such pair.
    """

    ms_arm: float
    ms_reader: float
    ms_arm_reader: float
    variance: float
    cov1: float
    cov2: float
    cov3: float


@dataclass(frozen=True, slots=True)
class OrAnalysis:
    """What the analysis of one figure gives.

    Attributes:
        arms: the mean over readers in each arm, in order.
        difference: second arm minus first; None with one arm.
        components: behind it.
        readers_are_random: whether the result is about readers like these; with one reader it is
            about that reader only.
    """

    arms: tuple[RandomEstimate, ...]
    difference: RandomEstimate | None
    components: Components
    readers_are_random: bool


def analyse(found: ReaderValues, *, level: float = 0.95) -> OrAnalysis:
    """Estimate each arm's mean over readers and their difference.

    Args:
        found: one or two arms, one or more readers. With one reader the reader is fixed, and
            the normal distribution is used.
        level: coverage of the intervals.

    Raises:
        InvalidInputError: more than two arms.
    """
    arms, readers = found.values.shape
    if arms > 2:
        raise InvalidInputError(f"expected one or two arms, got {arms}.")
    parts = split_components(found)
    random = readers > 1
    means = found.values.mean(axis=1)
    single = tuple(
        _single_arm(found, a, float(means[a]), level=level, random=random) for a in range(arms)
    )
    if arms == 1:
        return OrAnalysis(single, None, parts, random)
    shared = max(_or_zero(parts.cov2) - _or_zero(parts.cov3), 0.0)
    if random:
        error = parts.ms_arm_reader + readers * shared
        df = _degrees(error, parts.ms_arm_reader, readers - 1)
    else:
        error, df = parts.variance - parts.cov1, math.inf
    difference = estimate(
        float(means[1] - means[0]), math.sqrt(2.0 / readers * max(error, 0.0)), df, level=level
    )
    return OrAnalysis(single, difference, parts, random)


def analyse_fixed_readers(found: ReaderValues, *, level: float = 0.95) -> RandomEstimate:
    """Estimate the difference of two arms for these very readers, with only cases at random.

    Raises:
        InvalidInputError: there are not two arms.
    """
    arms, readers = found.values.shape
    if arms != 2:
        raise InvalidInputError(f"expected two arms, got {arms}.")
    parts = split_components(found)
    shared = max(_or_zero(parts.cov2) - _or_zero(parts.cov3), 0.0)
    error = max(parts.variance - parts.cov1 + (readers - 1) * shared, 0.0)
    difference = float(found.values[1].mean() - found.values[0].mean())
    return estimate(difference, math.sqrt(2.0 / readers * error), math.inf, level=level)


def split_components(found: ReaderValues) -> Components:
    """Compute mean squares and mean covariances of (A, R) figures."""
    values, cov = found.values, found.covariance
    arms, readers = values.shape
    same_arm = np.eye(arms, dtype=bool)[:, None, :, None]
    same_reader = np.eye(readers, dtype=bool)[None, :, None, :]
    grand, arm, reader = values.mean(), values.mean(axis=1), values.mean(axis=0)
    rest = values - arm[:, None] - reader[None, :] + grand

    def per_df(sum_of_squares: float, df: int) -> float:
        return sum_of_squares / df if df else math.nan

    return Components(
        ms_arm=per_df(readers * float(((arm - grand) ** 2).sum()), arms - 1),
        ms_reader=per_df(arms * float(((reader - grand) ** 2).sum()), readers - 1),
        ms_arm_reader=per_df(float((rest**2).sum()), (arms - 1) * (readers - 1)),
        variance=_mean_where(cov, same_arm & same_reader),
        cov1=_mean_where(cov, ~same_arm & same_reader),
        cov2=_mean_where(cov, same_arm & ~same_reader),
        cov3=_mean_where(cov, ~same_arm & ~same_reader),
    )


def estimate(
    value: float, standard_error: float, df: float, *, level: float = 0.95
) -> RandomEstimate:
    """Make an estimate from its standard error; nothing is tested where nothing varies."""
    if not math.isfinite(standard_error):
        return RandomEstimate(value, math.nan, df, math.nan, math.nan, math.nan)
    if standard_error == 0.0:
        return RandomEstimate(value, 0.0, df, value, value, math.nan)
    half = t_quantile(level, df) * standard_error
    p = two_sided_p(value / standard_error, df)
    return RandomEstimate(value, standard_error, df, value - half, value + half, p)


def _single_arm(
    found: ReaderValues, arm: int, mean: float, *, level: float, random: bool
) -> RandomEstimate:
    readers = found.values.shape[1]
    cov = found.covariance[arm, :, arm, :]
    if not random:
        return estimate(mean, math.sqrt(max(float(cov[0, 0]), 0.0)), math.inf, level=level)
    ms_reader = float(found.values[arm].var(ddof=1))
    cov2 = _mean_where(cov, ~np.eye(readers, dtype=bool))
    error = ms_reader + readers * max(_or_zero(cov2), 0.0)
    df = _degrees(error, ms_reader, readers - 1)
    return estimate(mean, math.sqrt(error / readers), df, level=level)


def _degrees(error: float, mean_square: float, df: int) -> float:
    """Hillis's degrees of freedom: error^2 / (mean_square^2 / df)."""
    if mean_square <= 0.0:
        return math.inf
    return error**2 / (mean_square**2 / df)


def _mean_where(cov: NDArray[np.float64], chosen: NDArray[np.bool_]) -> float:
    mask = np.broadcast_to(chosen, cov.shape)
    return float(cov[mask].mean()) if mask.any() else math.nan


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value
