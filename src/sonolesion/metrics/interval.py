"""A figure with its interval, and the closed-form interval of a share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from sonolesion.errors import InvalidInputError
from sonolesion.metrics._arguments import require_at_least, require_fraction


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its interval.

    Attributes:
        value: the figure on the cases themselves.
        low: lower end; nan when there is no interval (see the function that made it).
        high: upper end, likewise.
        level: coverage aimed at, for example 0.95.
        n_cases: cases behind the figure.
        n_groups: independent groups of cases.
        n_resamples: bootstrap resamples drawn; 0 where no bootstrap was needed.
        n_undefined: resamples on which the figure was not finite, left out of low and high.
            The interval is worth little when this is a large share of n_resamples.
    """

    value: float
    low: float
    high: float
    level: float
    n_cases: int
    n_groups: int
    n_resamples: int = 0
    n_undefined: int = 0


def wilson_interval(successes: int, n: int, *, level: float = 0.95) -> Interval:
    """Wilson score interval of a share; it stays inside [0, 1] and is sound for small n.

    Args:
        successes: cases with the property, in [0, n].
        n: independent cases, 0 or more.
        level: coverage aimed at, between 0 and 1.

    Returns:
        The interval, each case its own group; all nan for n = 0.

    Raises:
        InvalidInputError: a number is out of range.

    Source: Wilson, JASA 22 (1927) 209.

    >>> interval = wilson_interval(0, 13)
    >>> interval.value, interval.low, round(interval.high, 4)
    (0.0, 0.0, 0.2281)
    """
    n, level = require_at_least(n, "n", least=0), require_fraction(level, "level")
    successes = require_at_least(successes, "successes", least=0)
    if successes > n:
        raise InvalidInputError(f"successes: expected at most n = {n}, got {successes}.")
    if n == 0:
        return Interval(math.nan, math.nan, math.nan, level, 0, 0)
    share, z = successes / n, NormalDist().inv_cdf(0.5 + level / 2.0)
    centre = share + z * z / (2.0 * n)
    half = z * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    scale = 1.0 + z * z / n
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == n else (centre + half) / scale
    return Interval(share, low, high, level, n, n)
