"""ROC and precision-recall curves, with a bootstrap band for malignant."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonolesion.data.plots import CLASS_COLOURS
from sonolesion.evaluation.classification import ClassificationFigures, ClassTable
from sonolesion.evaluation.estimate import LEVEL, Estimator, figure_named
from sonolesion.evaluation.plot import MUTED, Plot, add_legend, label_axes, new_figure
from sonolesion.metrics import precision_recall_curve, roc_auc, roc_curve
from sonolesion.metrics.resampling import draw_groups, read_groups
from sonolesion.types import CLASS_INDEX, LesionClass

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GRID = np.linspace(0.0, 1.0, 101)
_BAND_RESAMPLES = 1000
Curve = Callable[[NDArray[np.bool_], NDArray[np.float64]], NDArray[np.float64]]


def draw_roc(table: ClassTable, estimator: Estimator) -> Plot:
    """Draw one ROC curve per class against the rest, with a band for malignant."""

    def at_grid(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
        curve = roc_curve(positive, scores)
        return np.interp(_GRID, curve.false_positive_rate, curve.true_positive_rate)

    figure, axes = new_figure()
    columns = ("class", "false_positive_rate", "true_positive_rate", "low", "high")
    rows: list[dict[str, object]] = []
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
    rows += _draw_band(table, at_grid, estimator, axes_fill=axes.fill_between, columns=columns)
    words: list[str] = []
    for label in LesionClass:
        positive, scores = table.is_class(label), table.class_prob[:, CLASS_INDEX[label]]
        if not positive.any() or positive.all():
            words.append(f"{label}: not defined")
            continue
        curve = roc_curve(positive, scores)
        area = roc_auc(positive, scores)
        axes.plot(curve.false_positive_rate, curve.true_positive_rate, linewidth=1.8,
                  color=CLASS_COLOURS[label], label=f"{label}  {area:.3f}")  # fmt: skip
        rows += [
            {"class": label.value, "false_positive_rate": round(x, 6),
             "true_positive_rate": round(y, 6)}
            for x, y in zip(curve.false_positive_rate.tolist(),
                            curve.true_positive_rate.tolist(), strict=True)
        ]  # fmt: skip
        words.append(f"{label} {area:.3f}")
    _square(axes)
    label_axes(axes, x="false-positive rate", y="true-positive rate")
    if axes.get_legend_handles_labels()[1]:
        add_legend(axes, loc="lower right", title="AUC against the rest", title_fontsize=8.5)
    return Plot(
        "roc", "ROC curves", "ROC curves, area against the rest: " + ", ".join(words) + ".",
        figure, columns, tuple(rows),
    )  # fmt: skip


def draw_precision_recall(
    table: ClassTable, figures: ClassificationFigures, estimator: Estimator
) -> Plot:
    """Draw one precision-recall curve per class, with a band for malignant."""

    def at_grid(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
        curve = precision_recall_curve(positive, scores)
        first = np.minimum(np.searchsorted(curve.recall, _GRID - 1e-12), len(curve.recall) - 1)
        return curve.precision[first]

    figure, axes = new_figure()
    columns = ("class", "recall", "precision", "low", "high")
    rows = _draw_band(table, at_grid, estimator, axes_fill=axes.fill_between, columns=columns)
    words: list[str] = []
    for label in LesionClass:
        positive, scores = table.is_class(label), table.class_prob[:, CLASS_INDEX[label]]
        if not positive.any():
            words.append(f"{label}: no case")
            continue
        curve = precision_recall_curve(positive, scores)
        found = figure_named(figures.per_class[label], f"average_precision_{label}")
        recall = np.concatenate([[0.0], curve.recall])
        precision = np.concatenate([curve.precision[:1], curve.precision])
        axes.step(recall, precision, where="pre", color=CLASS_COLOURS[label], linewidth=1.8,
                  label=f"{label}  {found.text(3).split(' ')[0]}")  # fmt: skip
        rows += [
            {"class": label.value, "recall": round(x, 6), "precision": round(y, 6)}
            for x, y in zip(curve.recall.tolist(), curve.precision.tolist(), strict=True)
        ]
        words.append(f"{label} {found.text(3)}")
    _square(axes)
    label_axes(axes, x="recall", y="precision")
    if axes.get_legend_handles_labels()[1]:
        add_legend(axes, loc="lower left", title="average precision", title_fontsize=8.5)
    return Plot(
        "precision_recall", "Precision and recall",
        "Precision-recall curves, average precision: " + ", ".join(words) + ".",
        figure, columns, tuple(rows),
    )  # fmt: skip


def _draw_band(
    table: ClassTable,
    at_grid: Curve,
    estimator: Estimator,
    *,
    axes_fill: Callable[..., object],
    columns: tuple[str, ...],
) -> list[dict[str, object]]:
    """Fill the 95 % band of the malignant curve, resampling groups; nothing where undefined."""
    positive = table.is_class(LesionClass.MALIGNANT)
    scores = table.class_prob[:, CLASS_INDEX[LesionClass.MALIGNANT]]
    groups = read_groups(table.groups)
    if groups.n_groups < 2 or not positive.any() or positive.all():
        return []
    rng = estimator.generator(f"band_{columns[1]}")
    curves: list[NDArray[np.float64]] = []
    count = min(estimator.resamples, _BAND_RESAMPLES)
    for block in draw_groups(groups.n_groups, n_resamples=count, rng=rng):
        for drawn in block:
            cases = groups.cases_of(drawn)
            if positive[cases].any() and not positive[cases].all():
                curves.append(at_grid(positive[cases], scores[cases]))
    if not curves:
        return []
    tail = (1.0 - LEVEL) / 2.0
    low, high = np.quantile(np.array(curves), [tail, 1.0 - tail], axis=0)
    axes_fill(_GRID, low, high, color=CLASS_COLOURS[LesionClass.MALIGNANT], alpha=0.16,
              linewidth=0, label="95 % band, malignant")  # fmt: skip
    return [
        {"class": "malignant band", columns[1]: round(x, 6), "low": round(a, 6),
         "high": round(b, 6)}
        for x, a, b in zip(_GRID.tolist(), low.tolist(), high.tolist(), strict=True)
    ]  # fmt: skip


def _square(axes: Axes) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.02)
