"""The text of summary.txt, counted while rows pass by; no row is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from sonolesion.inference import FailedInput
from sonolesion.inference.inputs import InputListing
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY
from sonolesion.writers.prediction_row import PredictionRow

FAILURES_LISTED = 100


@dataclass(slots=True)
class _Tally:
    """Rows of one class, or of all."""

    images: int = 0
    marked: int = 0
    confidence_sum: float = 0.0

    def add(self, row: PredictionRow) -> None:
        self.images += 1
        self.marked += row.mask_px > 0
        self.confidence_sum += row.confidence


@dataclass(slots=True)
class PredictionSummary:
    """Counts and confidence per class, flags, failures.

    Attributes:
        predicted: rows added.
        failed: failures added.
    """

    predicted: int = 0
    failed: int = 0
    _all: _Tally = field(default_factory=_Tally)
    _classes: dict[str, _Tally] = field(default_factory=lambda: {n: _Tally() for n in CLASS_NAMES})
    _coverage_sum: float = 0.0
    _disagreements: int = 0
    _decided: int = 0
    _unsure: int = 0
    _alerts: int = 0
    _messages: list[str] = field(default_factory=list)

    def add_row(self, row: PredictionRow) -> None:
        """Count a prediction."""
        self.predicted += 1
        self._all.add(row)
        self._classes[row.label].add(row)
        self._coverage_sum += row.mask_coverage if row.mask_px > 0 else 0.0
        self._disagreements += row.disagreement
        self._decided += bool(row.prediction_set)
        self._unsure += row.unsure
        self._alerts += row.malignant_alert

    def add_failure(self, failed: FailedInput) -> None:
        """Count what could not be used; the first hundred are listed."""
        self.failed += 1
        if len(self._messages) < FAILURES_LISTED:
            self._messages.append(str(failed.error))

    def format(self, listing: InputListing, *, bundle: str) -> str:
        """Return the text; the joint decision's flags only where there is one."""
        lines = [f"Images: {len(listing.files)}", f"Predicted: {self.predicted}"]
        lines.append(f"Failed: {self.failed}")
        skipped = (
            (listing.skipped_masks, "files called like masks"),
            (listing.skipped_others, "files without an image suffix"),
            (listing.unreadable, "folders that could not be read"),
        )
        lines += [f"Skipped: {len(paths)} {what}" for paths, what in skipped if paths]
        lines += [f"Bundle: {bundle}", "", "Class        images   mean confidence   with a mask"]
        for name, tally in (*self._classes.items(), ("all", self._all)):
            confidence = _format_mean(tally.confidence_sum, tally.images)
            lines.append(f"{name:<12} {tally.images:>6}   {confidence:>15}   {tally.marked:>11}")
        marked = self._all.marked
        coverage = _format_mean(self._coverage_sum, marked)
        lines += ["", f"Mean mask coverage where a mask is marked (n = {marked}): {coverage}"]
        lines.append(f"Outline and class disagreed: {self._disagreements}")
        if self._decided:
            lines.append(f"Unsure, have them read: {self._unsure}")
            lines.append(f"Malignant alerts: {self._alerts}")
        if self.failed:
            lines += ["", "Failed:", *(f"  {message}" for message in self._messages)]
        if self.failed > len(self._messages):
            more = self.failed - len(self._messages)
            lines.append(f"  ... and {more} more, all of them in errors.csv")
        return "\n".join([*lines, "", RESEARCH_USE_ONLY]) + "\n"


def _format_mean(total: float, count: int) -> str:
    return f"{total / count:.4f}" if count else "-"
