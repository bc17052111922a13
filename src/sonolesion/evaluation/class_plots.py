"""Plots of the classification: confusion matrix and reliability, and the curves with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonolesion.evaluation.classification import ClassificationFigures, ClassTable
from sonolesion.evaluation.curve_plots import draw_precision_recall, draw_roc
from sonolesion.evaluation.estimate import Estimator, figure_named
from sonolesion.evaluation.plot import (
    INK,
    MUTED,
    Plot,
    add_legend,
    label_axes,
    new_figure,
    points,
)
from sonolesion.types import CLASS_NAMES


def draw_classification(
    table: ClassTable, figures: ClassificationFigures, estimator: Estimator
) -> tuple[Plot, ...]:
    """Draw all four plots; a curve without positives or negatives is left out and named."""
    return (
        draw_confusion(figures.confusion),
        draw_roc(table, estimator),
        draw_precision_recall(table, figures, estimator),
        draw_reliability(figures),
    )


def draw_confusion(confusion: NDArray[np.int64]) -> Plot:
    """Draw counts and row per cent of a confusion matrix (3, 3), rows true."""
    figure, axes = new_figure(width_in=4.6, height_in=4.2)
    axes.grid(False)
    totals = confusion.sum(axis=1)
    share = confusion / np.maximum(totals, 1)[:, np.newaxis]
    axes.imshow(share, cmap="Blues", vmin=0.0, vmax=1.25)
    rows: list[dict[str, object]] = []
    for i, true in enumerate(CLASS_NAMES):
        for j, said in enumerate(CLASS_NAMES):
            percent = f"{share[i, j]:.0%}" if totals[i] else "no case"
            colour = "white" if share[i, j] > 0.65 else "#1b2330"
            axes.text(j, i, f"{confusion[i, j]}\n{percent}", ha="center", va="center",
                      fontsize=11, color=colour)  # fmt: skip
            rows.append({"true": true, "predicted": said, "count": int(confusion[i, j]),
                         "row_percent": round(100 * float(share[i, j]), 2)})  # fmt: skip
    axes.set_xticks(range(3), CLASS_NAMES)
    axes.set_yticks(range(3), [f"{c}\nn = {n}" for c, n in zip(CLASS_NAMES, totals, strict=True)])
    for spine in axes.spines.values():
        spine.set_visible(False)
    label_axes(axes, x="predicted", y="true")
    right = int(np.trace(confusion))
    return Plot(
        "confusion_matrix", "Confusion matrix",
        f"Confusion matrix, {right} of {int(totals.sum())} cases right; rows are true classes.",
        figure, ("true", "predicted", "count", "row_percent"), tuple(rows),
    )  # fmt: skip


def draw_reliability(figures: ClassificationFigures) -> Plot:
    """Draw accuracy against confidence per bin, with the number of cases in each bin."""
    bins = figures.bins
    count = len(bins.count)
    centres, width = (np.arange(count) + 0.5) / count, 0.86 / count
    filled = bins.count > 0
    figure, axes = new_figure()
    axes.bar(centres[filled], bins.accuracy[filled], width=width, color="#7fa6cf", alpha=0.85,
             label="accuracy")  # fmt: skip
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
    axes.plot(bins.confidence[filled], bins.accuracy[filled], "o", color=INK, markersize=4,
              label="mean confidence of the bin")  # fmt: skip
    for x, n, top in zip(centres[filled], bins.count[filled], bins.accuracy[filled], strict=True):
        axes.text(x, top + 0.025, f"n={n}", ha="center", va="bottom", fontsize=7.5,
                  color=MUTED)  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.08)
    axes.grid(axis="x", visible=False)
    label_axes(axes, x="confidence", y="share right")
    add_legend(axes, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    ece = figure_named(figures.calibration, "ece")
    columns = ("bin_low", "bin_high", "confidence", "accuracy", "count")
    edges = np.arange(count + 1) / count
    rows = points(
        columns, edges[:-1].tolist(), edges[1:].tolist(),
        [round(v, 6) if v == v else "" for v in bins.confidence.tolist()],
        [round(v, 6) if v == v else "" for v in bins.accuracy.tolist()], bins.count.tolist(),
    )  # fmt: skip
    return Plot(
        "reliability", "Reliability",
        f"Reliability diagram; calibration error {ece.text()} over {ece.n} cases.",
        figure, columns, rows,
    )  # fmt: skip
