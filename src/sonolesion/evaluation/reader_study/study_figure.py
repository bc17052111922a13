"""A figure of a study with its interval, the test, and how both were found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from sonolesion.evaluation.reader_study.obuchowski_rockette import RandomEstimate
from sonolesion.evaluation.reader_study.two_way_bootstrap import BootstrapEstimate


class Method(StrEnum):
    """How interval and p-value were found."""

    OR = "Obuchowski-Rockette, readers and cases random"
    ONE_READER = "DeLong, one reader, cases random"
    FIXED_READERS = "Obuchowski-Rockette, these readers, cases random"
    BOOTSTRAP = "bootstrap over readers and cases"
    BOOTSTRAP_CASES = "bootstrap over cases, these readers"
    WILSON = "Wilson"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StudyFigure:
    """One figure.

    Attributes:
        key: stable name, e.g. "auc_difference".
        label: what people read.
        value: None where it is not defined.
        low, high: ends of the 95 % interval, cut where the figure cannot go; None without one.
        p: two-sided p-value against 0; None where nothing is tested.
        standard_error, df: of the analysis of variance; None with another method.
        method: how interval and p-value were found.
        n_readers, n_cases: behind it.
        unit: "" for a share or kappa, else "s" or "x" (a ratio).
        check_low, check_high, check_p: the same by the bootstrap, where `method` is another one.
        reason: why something is missing, or what limits it; empty when nothing does.
    """

    key: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    standard_error: float | None
    df: float | None
    method: Method
    n_readers: int
    n_cases: int
    unit: str = ""
    check_low: float | None = None
    check_high: float | None = None
    check_p: float | None = None
    reason: str = ""

    def text(self) -> str:
        """Format as "0.897 [0.825, 0.969]"; seconds get one decimal."""
        places = 1 if self.unit == "s" else 3
        if self.value is None:
            return "not defined"
        unit = f" {self.unit}" if self.unit == "s" else ""
        shown = f"{self.value:.{places}f}"
        if self.low is None or self.high is None:
            return shown + unit
        return f"{shown} [{self.low:.{places}f}, {self.high:.{places}f}]{unit}"


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a figure is called and what is behind it."""

    key: str
    label: str
    n_readers: int
    n_cases: int
    unit: str = ""


def from_estimate(
    what: Labelled,
    found: RandomEstimate,
    *,
    method: Method,
    limits: tuple[float, float],
    test: bool,
    check: BootstrapEstimate | None = None,
) -> StudyFigure:
    """Make a figure of an estimate with a standard error; `limits` are where it cannot go."""
    reason = ""
    if math.isnan(found.standard_error):
        reason = "fewer than 2 malignant or 2 other cases: no variance to estimate"
    elif found.standard_error == 0.0:
        reason = "nothing varies between cases or readers: no interval"
    known = not reason
    return StudyFigure(
        key=what.key,
        label=what.label,
        value=none_if_nan(found.value),
        low=max(limits[0], found.low) if known else None,
        high=min(limits[1], found.high) if known else None,
        p=none_if_nan(found.p) if test and known else None,
        standard_error=found.standard_error if known else None,
        df=found.df if known and math.isfinite(found.df) else None,
        method=method if known else Method.NONE,
        n_readers=what.n_readers,
        n_cases=what.n_cases,
        unit=what.unit,
        check_low=none_if_nan(check.low) if check else None,
        check_high=none_if_nan(check.high) if check else None,
        check_p=none_if_nan(check.p) if check and test else None,
        reason=reason,
    )


def from_bootstrap(
    what: Labelled, found: BootstrapEstimate, *, method: Method, empty: str
) -> StudyFigure:
    """Make a figure of a bootstrap; `empty` says when it is not defined."""
    value, reason = none_if_nan(found.value), ""
    if value is None:
        reason = empty
    elif found.low == found.high:
        reason = "nothing varies between cases or readers: no interval"
    elif found.n_undefined:
        reason = f"{found.n_undefined} of {found.n_resamples} resamples undefined, left out"
    known = value is not None and found.low != found.high
    return StudyFigure(
        key=what.key,
        label=what.label,
        value=value,
        low=none_if_nan(found.low) if known else None,
        high=none_if_nan(found.high) if known else None,
        p=none_if_nan(found.p) if known else None,
        standard_error=None,
        df=None,
        method=method if known else Method.NONE,
        n_readers=what.n_readers,
        n_cases=what.n_cases,
        unit=what.unit,
        reason=reason,
    )


def none_if_nan(value: float) -> float | None:
    """Return a finite number, else None: JSON has no nan."""
    return float(value) if math.isfinite(value) else None
