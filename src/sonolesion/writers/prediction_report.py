"""What a run came to, in a form that does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sonolesion.inference import FailedInput
from sonolesion.inference.inputs import InputListing
from sonolesion.writers.journal import FinishedOutcomes
from sonolesion.writers.prediction_row import PredictionRow
from sonolesion.writers.prediction_tables import WrittenTables


@dataclass(frozen=True, slots=True)
class PredictionReport:
    """What a run came to. It holds counts, not rows: those stay on the disk.

    Read rows before another run overwrites the folder.

    Attributes:
        out: the output folder.
        listing: what the inputs came to, with the files skipped.
        outcomes: one per file of `listing`, in its order, read from the journal when iterated.
        tables: counts and summary of what was written.
        n_taken_over: files of `listing` that an earlier run had finished.
    """

    out: Path
    listing: InputListing
    outcomes: FinishedOutcomes = field(repr=False)
    tables: WrittenTables = field(repr=False)
    n_taken_over: int = 0

    @property
    def summary(self) -> str:
        """The text of summary.txt."""
        return self.tables.summary

    @property
    def rows(self) -> tuple[PredictionRow, ...]:
        """All predictions in input order, read into memory; for few. Else `iter_rows`."""
        return tuple(self.iter_rows())

    @property
    def failures(self) -> tuple[FailedInput, ...]:
        """All failures in input order, read into memory; for few. Else `iter_failures`."""
        return tuple(self.iter_failures())

    def iter_rows(self) -> Iterator[PredictionRow]:
        """Give the predictions one at a time, in input order."""
        return (row for outcome in self.outcomes for row in outcome.rows)

    def iter_failures(self) -> Iterator[FailedInput]:
        """Give what could not be used, one at a time, in input order."""
        return (failed for outcome in self.outcomes for failed in outcome.failures)
