"""A figure with its n and its 95 % interval, or with the reason why there is none."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.metrics import Interval, bootstrap_interval, bootstrap_mean, wilson_interval
from sonolesion.metrics.uncertainty import Statistic

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """One figure of a report.

    Attributes:
        key: stable name, e.g. "lesion_dice".
        label: what people read, e.g. "Dice, lesion cases".
        value: the figure; None when it is not defined on these cases.
        low, high: ends of the 95 % interval; None when there is no interval.
        n: cases behind the figure.
        n_groups: independent groups among them.
        unit: "" for a share in [0, 1], else "px" or "%".
        reason: why value or interval is missing, or what limits it; empty when nothing does.
    """

    key: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_groups: int
    unit: str = ""
    reason: str = ""

    def text(self, digits: int | None = None) -> str:
        """Format as "0.812 [0.790, 0.835]"; pixels and percent get one decimal."""
        places = digits if digits is not None else (1 if self.unit else 3)
        if self.value is None:
            return "not defined"
        unit = f" {self.unit}" if self.unit else ""
        if self.low is None or self.high is None:
            return f"{self.value:.{places}f}{unit}"
        return f"{self.value:.{places}f} [{self.low:.{places}f}, {self.high:.{places}f}]{unit}"


@dataclass(frozen=True, slots=True)
class Estimator:
    """Makes estimates by resampling groups; each key has its own random stream.

    So a figure does not change when another one is added before it.

    Attributes:
        resamples: bootstrap resamples, at least 1.
        seed: of all streams.
    """

    resamples: int
    seed: int

    def generator(self, key: str) -> np.random.Generator:
        """Give the random generator of one key."""
        return np.random.default_rng([self.seed, zlib.crc32(key.encode())])

    def mean(
        self,
        key: str,
        label: str,
        *,
        values: Sequence[float] | NDArray[np.float64],
        groups: Sequence[str],
        unit: str = "",
        empty: str = "no such case in this part",
    ) -> Estimate:
        """Estimate a mean over cases; `empty` says why there is none without a case.

        Raises:
            InvalidInputError: a value is nan or infinite: select the defined ones first.
        """
        numbers = np.asarray(values, np.float64)
        found = bootstrap_mean(
            numbers, list(groups), rng=self.generator(key), n_resamples=self.resamples, level=LEVEL
        )
        return _estimate(key, label, found, unit=unit, empty=empty)

    def rate(
        self,
        key: str,
        label: str,
        *,
        flags: Sequence[bool],
        groups: Sequence[str],
        empty: str = "no such case in this part",
    ) -> Estimate:
        """Estimate the share of True.

        When every case agrees a bootstrap has no width; Wilson's interval on the number of
        groups stands in.
        """
        shares = [float(flag) for flag in flags]
        estimate = self.mean(key, label, values=shares, groups=groups, empty=empty)
        if flags and len(set(flags)) == 1:
            count = estimate.n_groups
            wilson = wilson_interval(count if flags[0] else 0, count, level=LEVEL)
            return Estimate(
                key, label, estimate.value, wilson.low, wilson.high, estimate.n, count,
                reason="all cases agree: Wilson interval on the groups",
            )  # fmt: skip
        return estimate

    def statistic(
        self,
        key: str,
        label: str,
        *,
        of: Statistic,
        groups: Sequence[str],
        empty: str,
    ) -> Estimate:
        """Estimate any statistic of case indices; `empty` says when it is not defined."""
        found = bootstrap_interval(
            of, list(groups), rng=self.generator(key), n_resamples=self.resamples, level=LEVEL
        )
        return _estimate(key, label, found, unit="", empty=empty)


def figure_named(rows: Sequence[Estimate], key: str) -> Estimate:
    """Return the figure of a key.

    Raises:
        KeyError: no such figure.
    """
    return {row.key: row for row in rows}[key]


def _estimate(key: str, label: str, found: Interval, *, unit: str, empty: str) -> Estimate:
    value, low, high = (_none_if_nan(v) for v in (found.value, found.low, found.high))
    reason = ""
    if value is None:
        reason = empty
    elif low is None:
        reason = "one group only: no interval"
    elif found.n_undefined:
        reason = f"{found.n_undefined} of {found.n_resamples} resamples undefined, left out"
    return Estimate(key, label, value, low, high, found.n_cases, found.n_groups, unit, reason)


def _none_if_nan(value: float) -> float | None:
    return value if math.isfinite(value) else None
