"""Paths from a text list or from a column of a table, for inputs too many for a command line.

A path is taken as on the command line: relative to the working folder, not to the list.
"""

from __future__ import annotations

import csv
import difflib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sonolesion.errors import InvalidInputError, MissingExtraError

STANDARD_INPUT = "-"
PARQUET_SUFFIXES = (".parquet", ".pq")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def read_path_list(source: str) -> Iterator[str]:
    """Read one path a line; empty lines are left out. A name that is not UTF-8 is kept as it is.

    Args:
        source: a text file, or "-" for the standard input.

    Raises:
        InvalidInputError: the file cannot be read.
    """
    if source == STANDARD_INPUT:
        yield from _paths_of(sys.stdin.buffer)
        return
    try:
        with Path(source).open("rb") as file:
            yield from _paths_of(file)
    except OSError as error:
        raise InvalidInputError(
            f"{source}: {error.strerror or error}. Give a text file with one path a line, or - "
            "for the standard input."
        ) from error


def read_path_column(table: Path, column: str) -> Iterator[str]:
    """Read the paths in one column of a table, a batch of rows at a time.

    Args:
        table: .csv, .tsv (UTF-8, first row the names), .parquet or .pq.
        column: name of the column.

    Raises:
        InvalidInputError: another suffix, unreadable, no such column, or an empty cell.
        MissingExtraError: a Parquet table without pyarrow.
    """
    suffix = table.suffix.lower()
    if suffix in PARQUET_SUFFIXES:
        cells = _parquet_cells(table, column)
    elif suffix in _DELIMITERS:
        cells = _csv_cells(table, column, _DELIMITERS[suffix])
    else:
        known = ", ".join((*_DELIMITERS, *PARQUET_SUFFIXES))
        raise InvalidInputError(f"{table}: expected a table ({known}), got {suffix or 'none'}.")
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, str) or not cell.strip():
            raise InvalidInputError(
                f"{table}: row {number} of column {column!r}: expected a path, got {cell!r}. "
                "Fill it in or leave the row out."
            )
        yield cell.strip()


def _paths_of(lines: Iterable[bytes]) -> Iterator[str]:
    for line in lines:
        path = os.fsdecode(line.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n"))
        if path.strip():
            yield path


def _csv_cells(table: Path, column: str, delimiter: str) -> Iterator[object]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter)
            names = reader.fieldnames or ()
            if column not in names:
                _refuse_column(table, column, names)
            for row in reader:
                yield row[column]
    except (OSError, ValueError, csv.Error) as error:
        _refuse_table(table, error)


def _parquet_cells(table: Path, column: str) -> Iterator[object]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{table}: reading Parquet needs pyarrow: pip install 'sonolesion[parquet]', or give "
            "the table as CSV."
        ) from error
    try:
        with pq.ParquetFile(table) as file:
            if column not in file.schema_arrow.names:
                _refuse_column(table, column, file.schema_arrow.names)
            for batch in file.iter_batches(columns=[column]):
                cells: list[Any] = batch.column(0).to_pylist()
                yield from cells
    except (OSError, pa.ArrowException) as error:
        _refuse_table(table, error)


def _refuse_column(table: Path, column: str, names: Sequence[str]) -> NoReturn:
    near = difflib.get_close_matches(column, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise InvalidInputError(
        f"{table}: no column {column!r}; it has {', '.join(map(repr, names)) or 'none'}.{hint} "
        "Name it with --column."
    )


def _refuse_table(table: Path, error: Exception) -> NoReturn:
    why = getattr(error, "strerror", None) or str(error)
    raise InvalidInputError(f"{table}: cannot be read as a table ({why}).") from error
