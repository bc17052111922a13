"""The journal of a run, OUT/journal.jsonl: what is finished stands in it, whatever happens next.

The first line says what the run is (bundle, options); each further line is one `FileOutcome`.
Lines are only ever added. A line is handed to the operating system at once, so a killed process
loses none, and forced to the disk every few seconds, so a power failure loses seconds. A last
line that was cut off is dropped when the journal is opened again. Of two lines of one input the
later one counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from sonolesion.errors import DatasetError, OutputExistsError
from sonolesion.files import explain_write_errors, lock_file
from sonolesion.writers.outcome import FileOutcome, outcome_from_json, outcome_to_json

JOURNAL_NAME = "journal.jsonl"
JOURNAL_VERSION = 1
_SYNC_EVERY_S = 2.0
_SYNC_EVERY_LINES = 256
_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


class Journal:
    """The journal of one output folder, open to be added to; one process at a time.

    Use it in a `with` block, which gives it back to other processes.

    Args:
        out: the output folder; it must exist. The journal is created where there is none.

    Raises:
        OutputExistsError: another process is writing to it.
        OutputWriteError: it cannot be written.
    """

    def __init__(self, out: Path) -> None:
        self.path = out / JOURNAL_NAME
        with explain_write_errors(self.path):
            self._file: BinaryIO = self.path.open("a+b")
        if not lock_file(self._file):
            self._file.close()
            raise OutputExistsError(
                f"{out}: another run is writing to it. Wait for its end, or choose another "
                "folder with -o."
            )
        self._unsynced_lines = 0
        self._synced_s = time.monotonic()

    def read_header(self) -> dict[str, Any] | None:
        """Return what the run is; None for a new journal (or one that was cut off there).

        Raises:
            DatasetError: the file is no journal, or one of a newer version.
        """
        self._file.seek(0)
        line = self._file.readline()
        if not line.endswith(b"\n"):
            return None
        with contextlib.suppress(*_UNREADABLE):
            values = json.loads(line)
            if values.pop("journal") == JOURNAL_VERSION:
                return dict(values)
        raise DatasetError(
            f"{self.path}: not a journal that this version of sonolesion reads. Choose another "
            "folder with -o, or remove the file."
        )

    def start(self, header: Mapping[str, object]) -> None:
        """Empty the journal and write what the run is.

        Raises:
            OutputWriteError: disk full, read-only.
        """
        with explain_write_errors(self.path):
            self._file.truncate(0)
        self._write({"journal": JOURNAL_VERSION, **header})
        self.sync()

    def scan(self) -> Iterator[tuple[int, FileOutcome]]:
        """Give each outcome with its place; cut the file off at the first line that is damaged.

        What is cut off was written last, and costs the time to predict it again.

        Raises:
            OutputWriteError: the damaged end cannot be cut off.
        """
        self._file.seek(0)
        place = len(self._file.readline())
        for line in self._file:
            outcome = _parse(line)
            if outcome is None:
                with explain_write_errors(self.path):
                    self._file.truncate(place)
                return
            yield place, outcome
            place += len(line)

    def listed_files(self) -> Iterator[str]:
        """Give the result files of all lines, also of those that another version wrote."""
        self._file.seek(0)
        for line in self._file:
            with contextlib.suppress(*_UNREADABLE):
                for row in json.loads(line)["rows"]:
                    yield from map(str, row["files"].values())

    def read(self, place: int) -> FileOutcome:
        """Return the outcome at a place.

        Raises:
            DatasetError: there is none; the journal was changed in the meantime.
        """
        return _read(self._file, place, self.path)

    def append(self, outcome: FileOutcome) -> int:
        """Add an outcome and return its place.

        Raises:
            OutputWriteError: disk full, read-only.
        """
        place = self._write(outcome_to_json(outcome))
        self._unsynced_lines += 1
        waited_s = time.monotonic() - self._synced_s
        if self._unsynced_lines >= _SYNC_EVERY_LINES or waited_s >= _SYNC_EVERY_S:
            self.sync()
        return place

    def sync(self) -> None:
        """Force what was added to the disk.

        Raises:
            OutputWriteError: disk full, read-only.
        """
        with explain_write_errors(self.path):
            os.fsync(self._file.fileno())
        self._unsynced_lines, self._synced_s = 0, time.monotonic()

    def _write(self, values: Mapping[str, object]) -> int:
        # ASCII only: a file name that is not UTF-8 survives as an escape
        line = json.dumps(values, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"
        with explain_write_errors(self.path):
            place = self._file.seek(0, os.SEEK_END)
            self._file.write(line)
            self._file.flush()
        return place

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Force the rest to the disk, as far as it takes it, and close."""
        with contextlib.suppress(OSError):
            os.fsync(self._file.fileno())
        self._file.close()


class FinishedOutcomes:
    """The outcomes of a run in the order of its inputs, read from the journal one at a time.

    Args:
        path: the journal.
        places: place of each input's line, in input order: 8 bytes an input, and no row, is what
            a run keeps in memory.
    """

    def __init__(self, path: Path, places: array[int]) -> None:
        self._path = path
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[FileOutcome]:
        """Give each outcome.

        Raises:
            DatasetError: the journal was changed in the meantime.
        """
        with self._path.open("rb") as file:
            for place in self._places:
                yield _read(file, place, self._path)


def _read(file: BinaryIO, place: int, path: Path) -> FileOutcome:
    file.seek(place)
    outcome = _parse(file.readline())
    if outcome is None:
        raise DatasetError(f"{path}: was changed while it was in use. Run again.")
    return outcome


def _parse(line: bytes) -> FileOutcome | None:
    """Read one line; None for one that is cut off or damaged."""
    if not line.endswith(b"\n"):
        return None
    try:
        return outcome_from_json(json.loads(line))
    except _UNREADABLE:
        return None
