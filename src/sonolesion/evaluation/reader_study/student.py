"""Student's t distribution without scipy: tail probability and quantile.

The tail comes from the regularised incomplete beta function, by its continued fraction; the
quantile by Newton's steps on the tail, to about 1e-12.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from sonolesion.errors import InvalidInputError

_TINY = 1e-300
_PRECISION = 1e-15
_MAX_TERMS = 10_000
_MAX_STEPS = 200
_CLOSE = 1e-13
_NORMAL_FROM = 1e7


def two_sided_p(t: float, df: float) -> float:
    """Chance that a t variable lies at least as far from 0 as `t`.

    Args:
        t: any finite number, or infinity.
        df: degrees of freedom above 0; infinity for the normal distribution.

    Raises:
        InvalidInputError: `df` is not above 0, or one is nan.

    >>> round(two_sided_p(2.2281388519649385, 10), 6)
    0.05
    """
    _check(t, df)
    if math.isinf(t):
        return 0.0
    if df > _NORMAL_FROM:
        return math.erfc(abs(t) / math.sqrt(2.0))
    return _incomplete_beta(df / (df + t * t), df / 2.0, 0.5)


def t_quantile(level: float, df: float) -> float:
    """The t that holds `level` of the distribution between -t and t.

    Args:
        level: between 0 and 1, e.g. 0.95.
        df: degrees of freedom above 0; infinity for the normal distribution.

    Raises:
        InvalidInputError: a number is out of range.

    >>> round(t_quantile(0.95, 4), 4), round(t_quantile(0.95, math.inf), 4)
    (2.7764, 1.96)
    """
    _check(level, df)
    if not 0.0 < level < 1.0:
        raise InvalidInputError(f"level: expected a number between 0 and 1, got {level}.")
    if df > _NORMAL_FROM:
        return NormalDist().inv_cdf(0.5 + level / 2.0)
    tail = 1.0 - level
    low, high = 0.0, 1.0
    while two_sided_p(high, df) > tail:
        low, high = high, 2.0 * high
    t = (low + high) / 2.0
    for _ in range(_MAX_STEPS):
        excess = two_sided_p(t, df) - tail
        low, high = (t, high) if excess > 0.0 else (low, t)
        newton = t + excess / (2.0 * _density(t, df))
        step = newton if low < newton < high else (low + high) / 2.0
        if abs(step - t) <= _CLOSE * step:
            return step
        t = step
    return t


def _density(t: float, df: float) -> float:
    log = math.lgamma((df + 1.0) / 2.0) - math.lgamma(df / 2.0) - 0.5 * math.log(df * math.pi)
    return math.exp(log - (df + 1.0) / 2.0 * math.log1p(t * t / df))


def _check(value: float, df: float) -> None:
    if math.isnan(value) or not df > 0.0:
        raise InvalidInputError(f"df: expected degrees of freedom above 0, got {df} (of {value}).")


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b), x in [0, 1]."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
        + a * math.log(x) + b * math.log1p(-x)
    )  # fmt: skip
    front = math.exp(log_front)
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(x, a, b) / a
    return 1.0 - front * _beta_fraction(1.0 - x, b, a) / b


def _beta_fraction(x: float, a: float, b: float) -> float:
    """Continued fraction of the incomplete beta function, by Lentz's method.

    Source: Abramowitz and Stegun, 26.5.8.
    """
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _MAX_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        step = 1.0
        for term in (even, odd):
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + term / c
            c = c if abs(c) > _TINY else _TINY
            step = c * d
            value *= step
        if abs(step - 1.0) < _PRECISION:
            break
    return value
