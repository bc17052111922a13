"""Seconds per read, and how much longer or shorter a read with the model is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonolesion.evaluation.reader_study.read import Arm
from sonolesion.evaluation.reader_study.study_figure import (
    Labelled,
    Method,
    StudyFigure,
    from_bootstrap,
    none_if_nan,
)
from sonolesion.evaluation.reader_study.study_table import StudyTable
from sonolesion.evaluation.reader_study.two_way_bootstrap import (
    BootstrapEstimate,
    Draws,
    everything_once,
    over_readers,
    resampled_mean,
    summarise,
)


@dataclass(frozen=True, slots=True)
class ArmSeconds:
    """Times of one arm, of one reader or of all.

    Attributes:
        reader: name; empty for all readers.
        arm: the arm.
        n: reads with a time.
        lower_quartile, median, upper_quartile: in seconds; None without a read.
    """

    reader: str
    arm: Arm
    n: int
    lower_quartile: float | None
    median: float | None
    upper_quartile: float | None


@dataclass(frozen=True, slots=True)
class TimeFigures:
    """Times of a study.

    Attributes:
        seconds: all readers first, then each reader; per arm.
        ratio: geometric mean over readers of (with / alone), each reader's being the geometric
            mean over the cases timed in both arms; None without such cases.
        reader_ratios: reader -> the reader's own ratio, with an interval over cases.
    """

    seconds: tuple[ArmSeconds, ...]
    ratio: StudyFigure | None
    reader_ratios: tuple[tuple[str, StudyFigure], ...]


def time_figures(table: StudyTable, draws: Draws) -> TimeFigures | None:
    """Compute the times; None where no read has one."""
    if not np.isfinite(table.seconds).any():
        return None
    seconds = [_quartiles("", arm, table.seconds[a]) for a, arm in enumerate(table.arms)]
    for r, reader in enumerate(table.readers):
        seconds += [
            _quartiles(reader, arm, table.seconds[a, r]) for a, arm in enumerate(table.arms)
        ]
    if not table.has_both_arms:
        return TimeFigures(tuple(seconds), None, ())
    log_ratio = np.log(table.seconds[1]) - np.log(table.seconds[0])  # (R, N), nan without a pair
    if not np.isfinite(log_ratio).any():
        return TimeFigures(tuple(seconds), None, ())
    drawn = resampled_mean(log_ratio[None], draws)[:, 0]
    point = resampled_mean(log_ratio[None], everything_once(*log_ratio.shape))[:, 0]
    once = everything_once(len(table.readers), 1)
    paired = np.isfinite(log_ratio)
    what = Labelled("seconds_ratio", "Time with the model over time alone",
                    int(paired.any(axis=1).sum()), int(paired.any(axis=0).sum()), "x")  # fmt: skip
    found = summarise(float(over_readers(point, once)[0]), over_readers(drawn, draws), test=True)
    method = Method.BOOTSTRAP if what.n_readers > 1 else Method.BOOTSTRAP_CASES
    ratio = from_bootstrap(what, _exponential(found), method=method, empty="no such reads")
    own = tuple(
        (reader, _own_ratio(reader, float(point[0, r]), drawn[:, r], int(paired[r].sum())))
        for r, reader in enumerate(table.readers)
    )
    return TimeFigures(tuple(seconds), ratio, own)


def _own_ratio(reader: str, value: float, drawn: np.ndarray, n: int) -> StudyFigure:
    found = _exponential(summarise(value, drawn, test=True))
    what = Labelled("seconds_ratio", reader, 1, n, "x")
    return from_bootstrap(what, found, method=Method.BOOTSTRAP_CASES, empty="no case timed twice")


def _exponential(found: BootstrapEstimate) -> BootstrapEstimate:
    """From the mean log ratio to the ratio; the p-value stays that of "no change"."""
    value, low, high = np.exp([found.value, found.low, found.high]).tolist()
    return BootstrapEstimate(value, low, high, found.p, found.n_resamples, found.n_undefined)


def _quartiles(reader: str, arm: Arm, seconds: np.ndarray) -> ArmSeconds:
    known = seconds[np.isfinite(seconds)]
    if not known.size:
        return ArmSeconds(reader, arm, 0, None, None, None)
    low, median, high = np.quantile(known, [0.25, 0.5, 0.75]).tolist()
    return ArmSeconds(reader, arm, known.size, none_if_nan(low), median, high)
