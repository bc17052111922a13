"""Pictures of a study: ROC curves, differences reader by reader, seconds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonolesion.evaluation.plot import (
    INK,
    MUTED,
    Plot,
    add_legend,
    label_axes,
    new_figure,
)
from sonolesion.evaluation.reader_study.measures import (
    ARM_LABELS,
    MEASURE_LABELS,
    Measure,
    MeasureFigures,
)
from sonolesion.evaluation.reader_study.read import Arm
from sonolesion.evaluation.reader_study.read_times import TimeFigures
from sonolesion.evaluation.reader_study.study_figure import StudyFigure
from sonolesion.evaluation.reader_study.study_report import StudyReport
from sonolesion.evaluation.reader_study.study_table import StudyTable, pairs_only
from sonolesion.metrics import roc_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ARM_COLOURS = {Arm.ALONE: "#0072b2", Arm.WITH: "#d55e00"}
_GRID = np.linspace(0.0, 1.0, 101)
_ROW_IN = 0.34
_NAME_CHARACTERS = 24


def draw_study(report: StudyReport) -> tuple[Plot, ...]:
    """Draw every picture that the study allows."""
    return tuple(_draw(report))


def _draw(report: StudyReport) -> Iterator[Plot]:
    auc = report.measure(Measure.AUC)
    if auc is not None and auc.arms[0].value is not None:
        yield draw_roc(report.table, auc)
    for found in report.measures:
        if found.difference is not None and found.difference.value is not None:
            yield draw_differences(found)
    if report.times is not None:
        yield draw_seconds(report.times)


def draw_roc(table: StudyTable, auc: MeasureFigures) -> Plot:
    """Draw each reader's ROC curve thin and their mean bold, per arm.

    The mean is of the true-positive rates at each false-positive rate.
    """
    figure, axes = new_figure()
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
    rows: list[dict[str, object]] = []
    scores = pairs_only(table.score)
    for a, arm in enumerate(table.arms):
        curves: list[NDArray[np.float64]] = []
        for r, reader in enumerate(table.readers):
            known = np.isfinite(scores[a, r])
            positive = table.positive[known]
            if not positive.any() or positive.all():
                continue
            curve = roc_curve(positive, scores[a, r, known])
            fpr, tpr = curve.false_positive_rate, curve.true_positive_rate
            axes.plot(fpr, tpr, color=ARM_COLOURS[arm], linewidth=0.7, alpha=0.35)
            curves.append(np.interp(_GRID, fpr, tpr))
            rows += _curve_rows(arm, reader, fpr, tpr)
        if not curves:
            continue
        mean = np.mean(curves, axis=0)
        axes.plot(np.r_[0.0, _GRID], np.r_[0.0, mean], color=ARM_COLOURS[arm], linewidth=2.4,
                  label=f"{ARM_LABELS[arm]}  {auc.arms[a].text().split(' ')[0]}")  # fmt: skip
        rows += _curve_rows(arm, "mean", _GRID, mean)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.02)
    label_axes(axes, x="1 - specificity", y="sensitivity")
    add_legend(axes, loc="lower right", title="mean AUC over readers", title_fontsize=8.5)
    words = "; ".join(f"{figure.label} {figure.text()}" for figure in auc.arms)
    columns = ("arm", "reader", "false_positive_rate", "true_positive_rate")
    return Plot(
        "roc", "ROC curves of the readers",
        f"ROC curves, thin per reader, bold their mean: {words}.",
        figure, columns, tuple(rows),
    )  # fmt: skip


def draw_differences(found: MeasureFigures) -> Plot:
    """Draw each reader's difference with its interval, and the mean over readers below."""
    name = MEASURE_LABELS[found.measure]
    entries = [(row.reader, row.difference) for row in found.readers if row.difference]
    entries = [(reader, d) for reader, d in entries if d.value is not None]
    figure, axes = new_figure(height_in=1.6 + _ROW_IN * (len(entries) + 1))
    rows: list[dict[str, object]] = []
    for y, (reader, difference) in enumerate(entries):
        _interval(axes, difference, y, bold=False)
        rows.append(_forest_row(reader, difference))
    bottom = len(entries)
    if found.difference is not None:
        _interval(axes, found.difference, bottom, bold=True)
        rows.append(_forest_row("mean over readers", found.difference))
    axes.axvline(0.0, color=INK, linewidth=0.9)
    names = [_plain(reader) for reader, _ in entries]
    axes.set_yticks(range(bottom + 1), [*names, "mean over readers"])
    axes.set_ylim(bottom + 0.6, -0.6)
    axes.grid(visible=False, axis="y")
    label_axes(axes, x=f"{name} with the model minus alone", y="")
    text = found.difference.text() if found.difference else "none"
    return Plot(
        f"difference_{found.measure}", f"{name}: difference by reader",
        f"{name} with the model minus alone: mean over readers {text}; one bar per reader.",
        figure, ("reader", "difference", "low", "high", "p"), tuple(rows),
    )  # fmt: skip


def draw_seconds(times: TimeFigures) -> Plot:
    """Draw the median time of each reader and arm with its quartiles."""
    own = [row for row in times.seconds if row.reader and row.median is not None]
    readers = list(dict.fromkeys(row.reader for row in own))
    figure, axes = new_figure(height_in=1.6 + _ROW_IN * max(2, len(readers)))
    seen: set[Arm] = set()
    rows: list[dict[str, object]] = []
    for row in own:
        if row.median is None or row.lower_quartile is None or row.upper_quartile is None:
            continue
        y = readers.index(row.reader) + (0.14 if row.arm is Arm.WITH else -0.14)
        colour = ARM_COLOURS[row.arm]
        axes.plot([row.lower_quartile, row.upper_quartile], [y, y], color=colour, linewidth=2.0,
                  alpha=0.45, solid_capstyle="butt")  # fmt: skip
        label = ARM_LABELS[row.arm] if row.arm not in seen else None
        axes.plot([row.median], [y], "o", color=colour, markersize=5, label=label)
        seen.add(row.arm)
        rows.append({"reader": row.reader, "arm": row.arm.value, "n": row.n,
                     "lower_quartile": row.lower_quartile, "median": row.median,
                     "upper_quartile": row.upper_quartile})  # fmt: skip
    axes.set_yticks(range(len(readers)), [_plain(reader) for reader in readers])
    axes.set_ylim(len(readers) - 0.4, -0.6)
    axes.set_xlim(left=0.0)
    axes.grid(visible=False, axis="y")
    label_axes(axes, x="seconds per read: median and quartiles", y="")
    add_legend(axes, loc="best")
    words = "; ".join(
        f"{ARM_LABELS[row.arm]} median {row.median:.1f} s"
        for row in times.seconds
        if not row.reader and row.median is not None
    )
    columns = ("reader", "arm", "n", "lower_quartile", "median", "upper_quartile")
    return Plot(
        "seconds", "Time per read", f"Seconds per read by reader and arm: {words}.",
        figure, columns, tuple(rows),
    )  # fmt: skip


def _plain(name: str) -> str:
    """Keep a `$` of a name from starting a formula, and a long name from filling the picture."""
    short = name if len(name) <= _NAME_CHARACTERS else name[: _NAME_CHARACTERS - 1] + "…"
    return short.replace("$", r"\$")


def _interval(axes: Axes, figure: StudyFigure, y: int, *, bold: bool) -> None:
    if figure.value is None:
        return
    colour = INK if bold else MUTED
    if figure.low is not None and figure.high is not None:
        axes.plot([figure.low, figure.high], [y, y], color=colour, linewidth=2.6 if bold else 1.2)
    axes.plot(
        [figure.value], [y], "D" if bold else "o", color=colour, markersize=7 if bold else 4.5
    )


def _curve_rows(
    arm: Arm, reader: str, fpr: NDArray[np.float64], tpr: NDArray[np.float64]
) -> list[dict[str, object]]:
    return [
        {"arm": arm.value, "reader": reader, "false_positive_rate": round(x, 6),
         "true_positive_rate": round(y, 6)}
        for x, y in zip(fpr.tolist(), tpr.tolist(), strict=True)
    ]  # fmt: skip


def _forest_row(reader: str, figure: StudyFigure) -> dict[str, object]:
    return {"reader": reader, "difference": figure.value, "low": figure.low, "high": figure.high,
            "p": figure.p}  # fmt: skip
