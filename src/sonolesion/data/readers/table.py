"""The tables that come with data sets, read strictly: each fault names the file and the line."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sonolesion.errors import DatasetError, MissingExtraError
from sonolesion.types import LesionClass

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
_SHOWN_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row and where it stands.

    Attributes:
        path: the table's file.
        line: its line there, from 1 (the last one, if a quoted cell holds line ends).
        cells: column name -> text without surrounding blanks.
    """

    path: Path
    line: int
    cells: Mapping[str, str]

    def fault(self, message: str) -> DatasetError:
        """Make an error that names file and line."""
        return DatasetError(f"{self.path} line {self.line}: {message}")

    def require(self, column: str) -> str:
        """Return a cell that may not be empty.

        Raises:
            DatasetError: it is.
        """
        if not (text := self.cells[column]):
            raise self.fault(f"{column} is empty. Fill it in.")
        return text

    def parse_label(self, column: str) -> LesionClass:
        """Return a cell as a class, in any letter case.

        Raises:
            DatasetError: it names none.
        """
        text = self.require(column)
        try:
            return LesionClass(text.lower())
        except ValueError as error:
            wanted = ", ".join(LesionClass)
            raise self.fault(f"{column}: expected one of {wanted}, got {text!r}.") from error


def read_csv(path: Path, *, columns: Sequence[str], separator: str = ",") -> list[TableRow]:
    """Read a UTF-8 table with or without a byte-order mark, with any line ends.

    Args:
        path: the file; its first line names the columns.
        columns: those that must be there; others may be.
        separator: what stands between cells.

    Raises:
        DatasetError: unreadable, no UTF-8, a column missing, a wrong separator, a row with too
            few or too many cells, or no row at all.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DatasetError(f"{path} line {line}: not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror or error}. Check the file.") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        numbered = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise DatasetError(f"{path} line {reader.line_num}: {error}. Mend the quotes.") from error
    return list(_name_cells(path, numbered, columns=columns, separator=separator))


def read_xlsx(path: Path, *, columns: Sequence[str]) -> list[TableRow]:
    """Read the first sheet of an Excel workbook by the rules of `read_csv`.

    Raises:
        MissingExtraError: openpyxl is not installed.
        DatasetError: no workbook, or see `read_csv`.
    """
    try:
        openpyxl = import_module("openpyxl")
    except ImportError as error:
        raise MissingExtraError(
            f"{path}: openpyxl is needed to read .xlsx: pip install openpyxl. "
            "Or save the table as .csv beside it."
        ) from error
    try:
        data = io.BytesIO(path.read_bytes())
        sheet = openpyxl.load_workbook(data, read_only=True, data_only=True).worksheets[0]
        rows = [[_as_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile) as error:
        raise DatasetError(f"{path}: not a readable workbook ({error}). Copy it again.") from error
    width = max(map(len, rows), default=0)  # a workbook may leave out empty cells at a row's end
    padded = [row + [""] * (width - len(row)) for row in rows]
    return list(_name_cells(path, enumerate(padded, start=1), columns=columns, separator=None))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # workbooks keep every number as a float
    return str(value)


def _name_cells(
    path: Path,
    numbered: Iterable[tuple[int, list[str]]],
    *,
    columns: Sequence[str],
    separator: str | None,
) -> Iterator[TableRow]:
    filled = [
        (n, [cell.strip() for cell in row]) for n, row in numbered if any(map(str.strip, row))
    ]
    if not filled:
        raise DatasetError(f"{path} line 1: the table is empty, expected {', '.join(columns)}.")
    line, header = filled[0]
    if missing := [name for name in columns if name not in header]:
        raise DatasetError(
            f"{path} line {line}: no column {', '.join(missing)}"
            f"{_guess_separator(header, columns, separator)}; found: {', '.join(header)[:200]}."
        )
    if repeated := [name for name in columns if header.count(name) > 1]:
        raise DatasetError(f"{path} line {line}: the column {repeated[0]} stands twice.")
    if len(filled) == 1:
        raise DatasetError(f"{path} line {line}: the table has no row below its column names.")
    for line, cells in filled[1:]:
        if len(cells) != len(header):
            raise DatasetError(
                f"{path} line {line}: {len(cells)} cells, expected {len(header)} as in the first "
                "line. Mend the separators or quotes."
            )
        yield TableRow(path, line, dict(zip(header, cells, strict=True)))


def _guess_separator(header: list[str], columns: Sequence[str], separator: str | None) -> str:
    """Say so if another separator would have given the columns."""
    if separator is None:
        return ""
    line = separator.join(header)
    for other, name in _SEPARATORS.items():
        if other != separator and {*columns} <= {cell.strip() for cell in line.split(other)}:
            return f" (it is separated by {name}, expected {_SEPARATORS[separator]})"
    return ""


def match_rows(
    rows: Sequence[TableRow], images: Mapping[str, Path], *, column: str
) -> dict[str, TableRow]:
    """Pair each image with its row, by the image's name with or without a suffix.

    Args:
        rows: of the table.
        images: stem -> file.
        column: that names the image.

    Returns:
        stem -> row, sorted by stem.

    Raises:
        DatasetError: a row without an image, an image without a row, or a name that stands twice.
    """
    row_of: dict[str, TableRow] = {}
    for row in rows:
        name = row.require(column)
        stem = name if name in images else Path(name).stem
        if stem not in images:
            raise row.fault(f"{column} names {name!r}, and there is no such image. "
                            "Add the image or remove the row.")  # fmt: skip
        if stem in row_of:
            raise row.fault(f"{name!r} stands twice, first in line {row_of[stem].line}. "
                            "Remove one of the rows.")  # fmt: skip
        row_of[stem] = row
    if lacking := [path.name for stem, path in images.items() if stem not in row_of]:
        shown = ", ".join(lacking[:_SHOWN_AT_MOST])
        raise DatasetError(
            f"{rows[0].path} line {rows[-1].line} is the last row, and {len(lacking)} images have "
            f"none: {shown}{', ...' if len(lacking) > _SHOWN_AT_MOST else ''}. "
            "Add their rows or move the images away."
        )
    return dict(sorted(row_of.items()))
