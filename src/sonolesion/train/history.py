"""Training curves: `metrics.csv` and `training_progress.png`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from sonolesion.files import atomic_write_bytes, atomic_write_csv
from sonolesion.types import RESEARCH_USE_ONLY

METRICS_NAME = "metrics.csv"
PLOT_NAME = "training_progress.png"
_PANELS = (
    ("Loss", "loss"),
    ("Dice of the mask", "dice"),
    ("IoU of the mask", "iou"),
    ("Class accuracy", "accuracy"),
)


def write_history(folder: Path, history: Sequence[Mapping[str, float]], *, best_epoch: int) -> None:
    """Write the curves of all epochs so far.

    Args:
        folder: output folder.
        history: one row per epoch, all with the same columns; "epoch" counts from 1.
        best_epoch: marked in the plot.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    rows = [{**row, "epoch": int(row["epoch"])} for row in history]
    atomic_write_csv(folder / METRICS_NAME, list(rows[0]), rows)
    figure = Figure(figsize=(10, 7), layout="constrained")
    epochs = [row["epoch"] for row in rows]
    for axes, (title, key) in zip(figure.subplots(2, 2).flat, _PANELS, strict=True):
        axes.plot(epochs, [r[f"train_{key}"] for r in rows], "o-", ms=3, label="training")
        if f"val_{key}" in rows[0]:
            axes.plot(epochs, [r[f"val_{key}"] for r in rows], "s-", ms=3, label="validation")
        axes.axvline(best_epoch, color="0.6", ls="--", lw=1, label=f"epoch kept ({best_epoch})")
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False)
    figure.suptitle("Training progress")
    figure.supxlabel(RESEARCH_USE_ONLY, fontsize=8, color="0.4")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    atomic_write_bytes(folder / PLOT_NAME, buffer.getvalue())
