"""How far a figure could be off, were other patients drawn.

Images of one group (a patient, or near-duplicates) are not independent, so the bootstrap draws
groups with all their cases, never single images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sonolesion.metrics._arguments import (
    require_at_least,
    require_finite,
    require_fraction,
    require_same_length,
)
from sonolesion.metrics.interval import Interval
from sonolesion.metrics.resampling import Groups, draw_groups, read_groups

Statistic = Callable[[NDArray[np.int64]], float]


def bootstrap_interval(
    statistic: Statistic,
    groups: Sequence[str] | Sequence[int] | NDArray[np.generic],
    *,
    rng: np.random.Generator,
    n_resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Percentile bootstrap over groups, for any statistic.

    For a mean, `bootstrap_mean` gives the same interval several times faster.

    Args:
        statistic: takes an int64 array of case indices in [0, N), with repeats, and gives a
            number; nan where it is undefined (an AUC without positives).
        groups: (N,) strings or integers, the group of each case.
        rng: the random generator; the same state gives the same interval.
        n_resamples: resamples, at least 1.
        level: coverage aimed at, between 0 and 1.

    Returns:
        The interval. Value nan for N = 0 (the statistic is not called); low and high are nan
        when there are fewer than 2 groups, the value is not finite, or no resample is.

    Raises:
        InvalidInputError: groups are not strings or integers (N,), or a number is out of range.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 13.3;
        Field and Welsh, JRSS B 69 (2007) 369 (clusters).

    >>> dice = np.array([0.0, 0.8, 0.9, 1.0])
    >>> interval = bootstrap_interval(
    ...     lambda cases: float(np.median(dice[cases])),
    ...     ["a", "b", "b", "c"],
    ...     rng=np.random.default_rng(0),
    ... )
    >>> interval.value, interval.low, interval.high, interval.n_groups
    (0.8500000000000001, 0.0, 1.0, 3)
    """
    n_resamples = require_at_least(n_resamples, "n_resamples", least=1)
    level = require_fraction(level, "level")
    read = read_groups(groups)
    value = float(statistic(np.arange(read.n_cases))) if read.n_cases else math.nan
    if read.n_groups < 2:
        return _interval(value, np.empty(0), read, level)
    blocks = draw_groups(read.n_groups, n_resamples=n_resamples, rng=rng)
    resampled = [float(statistic(read.cases_of(drawn))) for block in blocks for drawn in block]
    return _interval(value, np.array(resampled), read, level)


def bootstrap_mean(
    values: NDArray[np.floating],
    groups: Sequence[str] | Sequence[int] | NDArray[np.generic],
    *,
    rng: np.random.Generator,
    n_resamples: int = 2000,
    level: float = 0.95,
) -> Interval:
    """Percentile bootstrap over groups of a mean over cases, from each group's sum and count.

    With the same `rng` state it equals `bootstrap_interval` of that mean, up to rounding.

    Args:
        values: float (N,), finite, one per case, any unit.
        groups: (N,) strings or integers, the group of each case.
        rng: the random generator; the same state gives the same interval.
        n_resamples: resamples, at least 1.
        level: coverage aimed at, between 0 and 1.

    Returns:
        The interval, in the unit of the values; nan as in `bootstrap_interval`.

    Raises:
        InvalidInputError: as `bootstrap_interval`, or a value is nan or infinite, or there is not
            one group per value.

    >>> bootstrap_mean(np.array([0.5, 0.7]), ["a", "a"], rng=np.random.default_rng(0)).low
    nan
    """
    n_resamples = require_at_least(n_resamples, "n_resamples", least=1)
    level = require_fraction(level, "level")
    numbers, read = require_finite(values, "values"), read_groups(groups)
    require_same_length(numbers, read.index)
    value = float(numbers.mean()) if read.n_cases else math.nan
    if read.n_groups < 2:
        return _interval(value, np.empty(0), read, level)
    sums = np.bincount(read.index, weights=numbers, minlength=read.n_groups)
    blocks = draw_groups(read.n_groups, n_resamples=n_resamples, rng=rng)
    means = [sums[b].sum(axis=1) / read.counts[b].sum(axis=1) for b in blocks]
    return _interval(value, np.concatenate(means), read, level)


def _interval(
    value: float, resampled: NDArray[np.float64], groups: Groups, level: float
) -> Interval:
    defined = resampled[np.isfinite(resampled)]
    low, high = math.nan, math.nan
    if defined.size and math.isfinite(value):
        tail = (1.0 - level) / 2.0
        low, high = np.quantile(defined, [tail, 1.0 - tail]).tolist()
    return Interval(
        value=value,
        low=low,
        high=high,
        level=level,
        n_cases=groups.n_cases,
        n_groups=groups.n_groups,
        n_resamples=resampled.size,
        n_undefined=resampled.size - defined.size,
    )
