"""Plot of the segmentation: Dice of each lesion case by the size of its lesion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonolesion.data.plots import CLASS_COLOURS
from sonolesion.evaluation.case_table import CaseResult
from sonolesion.evaluation.plot import INK, MUTED, Plot, add_legend, label_axes, new_figure
from sonolesion.evaluation.subgroups import lesion_share
from sonolesion.types import LesionClass

_MARKERS = {LesionClass.BENIGN: "o", LesionClass.MALIGNANT: "D"}


def draw_dice_by_size(results: Sequence[CaseResult]) -> Plot:
    """Draw the Dice of lesion cases against the lesion's share of the image (log scale).

    The line is the mean of each size third; failed cases are drawn as crosses at 0.
    """
    lesions = [r for r in results if r.has_truth and r.dice is not None]
    figure, axes = new_figure(width_in=6.2)
    for label, marker in _MARKERS.items():
        some = [r for r in lesions if r.label is label]
        axes.scatter(
            [100 * lesion_share(r) for r in some], [r.dice or 0.0 for r in some], s=26,
            marker=marker, color=CLASS_COLOURS[label], alpha=0.75, linewidths=0,
            label=f"{label}, n = {len(some)}",
        )  # fmt: skip
    failed = [r for r in lesions if r.error]
    if failed:
        axes.scatter([100 * lesion_share(r) for r in failed], [0.0] * len(failed), marker="x",
                     color=INK, s=40, label=f"no prediction, n = {len(failed)}")  # fmt: skip
    ranked = sorted(lesions, key=lesion_share)
    thirds = [part for part in np.array_split(np.arange(len(ranked)), 3) if len(part)]
    if thirds:
        centres = [100 * float(np.median([lesion_share(ranked[i]) for i in p])) for p in thirds]
        means = [float(np.mean([ranked[i].dice or 0.0 for i in p])) for p in thirds]
        axes.plot(centres, means, color=INK, linewidth=1.2, marker="_", markersize=14,
                  label="mean of each size third")  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(-0.03, 1.03)
    axes.tick_params(which="minor", colors=MUTED, length=2)
    label_axes(axes, x="lesion, % of the image (log)", y="Dice")
    if lesions:
        add_legend(axes, loc="lower right")
    mean = f"{np.mean([r.dice or 0.0 for r in lesions]):.3f}" if lesions else "not defined"
    columns = ("case_id", "label", "lesion_percent", "dice")
    return Plot(
        "dice_by_size", "Dice by lesion size",
        f"Dice of {len(lesions)} lesion cases against lesion size; mean {mean}.",
        figure, columns,
        tuple(
            {"case_id": r.case_id, "label": r.label.value,
             "lesion_percent": round(100 * lesion_share(r), 4), "dice": round(r.dice or 0.0, 6)}
            for r in lesions
        ),
    )  # fmt: skip
