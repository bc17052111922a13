"""The table of reads, one row per reader, case and arm; `COLUMNS` are its columns.

Read strictly: each fault names the file and the line. Commas, semicolons (then with decimal commas
too) or tabs; with or without a byte-order mark; any line ends; other columns are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from sonolesion.data.readers.table import TableRow, read_csv
from sonolesion.errors import DatasetError, InvalidInputError
from sonolesion.evaluation.reader_study.read import BIRADS_CATEGORIES, Arm, Read
from sonolesion.types import LesionClass

COLUMNS = (
    "study", "reader", "case", "arm", "session", "order", "birads", "score", "malignant_call",
    "seconds", "truth",
)  # fmt: skip
REQUIRED_COLUMNS = ("reader", "case", "arm")
_SEPARATORS = (",", ";", "\t")
_FORMULA_SIGNS = ("=", "+", "-", "@")
_CALLS = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}
_HEAD_BYTES = 4096


class Duplicates(StrEnum):
    """What to do where one reader has read one case twice in one arm."""

    REFUSE = "refuse"
    LAST = "last"


def read_rows(
    path: Path, *, study: str = "", duplicates: Duplicates = Duplicates.REFUSE
) -> tuple[Read, ...]:
    """Read the table of one study.

    Args:
        path: the file.
        study: name of the study where the file holds several; empty where it holds one.
        duplicates: refuse a second read of the same reader, case and arm, or take the last one.

    Returns:
        The reads, in the order of the file, at least one.

    Raises:
        DatasetError: the table or a cell cannot be read, a read stands twice, a case has two
            truths, or there is no read of that study.
        InvalidInputError: the file holds several studies and none was named.
    """
    rows = read_table(path, columns=REQUIRED_COLUMNS)
    reads = _choose_study([_parse(row) for row in rows], study, path)
    return _without_duplicates(reads, duplicates, path)


def read_table(path: Path, *, columns: Sequence[str]) -> list[TableRow]:
    """Read a CSV file whose separator is found from its first line.

    Raises:
        DatasetError: see `sonolesion.data.readers.table.read_csv`.
    """
    try:
        with path.open("rb") as file:
            first = file.read(_HEAD_BYTES).split(b"\n", 1)[0].decode("utf-8-sig", "replace")
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror or error}. Check the file.") from error
    separator = max(_SEPARATORS, key=first.count)
    return read_csv(path, columns=columns, separator=separator)


def name_of(row: TableRow, column: str) -> str:
    """Return a cell that holds a name and may not be empty.

    The `'` that sonolesion's own tables put before `=`, `+`, `-` and `@`, against formulas, is
    taken away again.

    Raises:
        DatasetError: it is empty.
    """
    text = row.require(column)
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA_SIGNS else text


def number_of(row: TableRow, column: str, *, low: float, high: float) -> float | None:
    """Return a cell as a number in [low, high]; None where the cell or the column is not there.

    Raises:
        DatasetError: no number, or out of range.
    """
    text = row.cells.get(column, "")
    if not text:
        return None
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError as error:
        raise row.fault(f"{column}: expected a number, got {text!r}.") from error
    if not low <= value <= high:
        limits = f"{low:g} or more" if math.isinf(high) else f"{low:g} to {high:g}"
        raise row.fault(f"{column}: expected {limits}, got {text}.")
    return value


def truth_of(row: TableRow) -> LesionClass | None:
    """Return the cell `truth` as a class; None where the cell or the column is not there."""
    return row.parse_label("truth") if row.cells.get("truth") else None


def _parse(row: TableRow) -> Read:
    arm = row.require("arm").lower()
    if arm not in tuple(Arm):
        raise row.fault(f"arm: expected alone or with, got {arm!r}.")
    birads = row.cells.get("birads", "").upper().removeprefix("BI-RADS").strip()
    if birads and birads not in BIRADS_CATEGORIES:
        hint = " 4 is split into 4A, 4B and 4C." if birads == "4" else ""
        raise row.fault(f"birads: expected one of {', '.join(BIRADS_CATEGORIES)}, "
                        f"got {birads!r}.{hint}")  # fmt: skip
    call = row.cells.get("malignant_call", "").lower()
    if call and call not in _CALLS:
        raise row.fault(f"malignant_call: expected 1, 0 or nothing, got {call!r}.")
    seconds = number_of(row, "seconds", low=0.0, high=math.inf)
    if seconds == 0.0 or (seconds is not None and math.isinf(seconds)):
        raise row.fault(f"seconds: expected a time above 0, got {seconds:g}. Leave it empty where "
                        "it was not taken.")  # fmt: skip
    return Read(
        line=row.line,
        study=row.cells.get("study", ""),
        reader=name_of(row, "reader"),
        case=name_of(row, "case"),
        arm=Arm(arm),
        session=row.cells.get("session", ""),
        order=row.cells.get("order", ""),
        birads=birads,
        score=number_of(row, "score", low=0.0, high=100.0),
        malignant_call=_CALLS[call] if call else None,
        seconds=seconds,
        truth=truth_of(row),
    )


def _choose_study(reads: Sequence[Read], study: str, path: Path) -> list[Read]:
    names = sorted({read.study for read in reads})
    if not study:
        if len(names) > 1:
            raise InvalidInputError(
                f"{path}: holds {len(names)} studies ({', '.join(map(repr, names[:5]))}). "
                "Choose one with --study NAME."
            )
        return list(reads)
    chosen = [read for read in reads if read.study == study]
    if not chosen:
        raise DatasetError(
            f"{path}: no read of study {study!r}; there are {', '.join(map(repr, names[:5]))}."
        )
    return chosen


def _without_duplicates(
    reads: Sequence[Read], duplicates: Duplicates, path: Path
) -> tuple[Read, ...]:
    kept: dict[tuple[str, str, Arm], Read] = {}
    for read in reads:
        if (earlier := kept.pop(read.key, None)) is not None:
            if duplicates is Duplicates.REFUSE:
                raise DatasetError(
                    f"{path} line {read.line}: reader {read.reader!r} has read case {read.case!r} "
                    f"{read.arm} already in line {earlier.line}. Remove one of the rows, or take "
                    "the last one with --duplicates last."
                )
            truth = read.truth or earlier.truth
            read = replace(read, truth=truth)
        kept[read.key] = read
    return tuple(kept.values())
