"""predictions.parquet: the columns of predictions.csv with their types; needs pyarrow."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sonolesion.errors import MissingExtraError
from sonolesion.files import atomic_open
from sonolesion.writers.prediction_columns import COLUMNS, Column, ColumnKind
from sonolesion.writers.prediction_row import PredictionRow, row_to_csv

_ROWS_PER_GROUP = 8192


def require_parquet() -> None:
    """Check that Parquet can be written.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "--parquet needs pyarrow: pip install 'sonolesion[parquet]', or leave it out and take "
            "predictions.csv."
        ) from error


@contextlib.contextmanager
def parquet_table(path: Path) -> Iterator[Callable[[PredictionRow], None]]:
    """Give a function that adds a row to a Parquet table, which is written whole or not at all.

    Columns are named and ordered as in predictions.csv, with the types of `COLUMNS`: numbers and
    flags of which there is none are null. The schema depends on nothing in the rows, so that the
    tables of many shards can be read as one.

    Args:
        path: output file.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OutputWriteError: disk full, read-only.
    """
    require_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [pa.field(c.name, _arrow_type(pa, c.kind), nullable=c.is_nullable) for c in COLUMNS]
    )
    waiting: list[dict[str, Any]] = []
    with atomic_open(path) as file, pq.ParquetWriter(file, schema) as writer:

        def write() -> None:
            writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
            waiting.clear()

        def add(row: PredictionRow) -> None:
            cells = row_to_csv(row)
            waiting.append({c.name: _type_cell(row, c, cells.get(c.name)) for c in COLUMNS})
            if len(waiting) >= _ROWS_PER_GROUP:
                write()

        yield add
        write()


def _arrow_type(pa: Any, kind: ColumnKind) -> Any:
    """Arrow's type of a kind of cell."""
    return {
        ColumnKind.TEXT: pa.string(),
        ColumnKind.TEXTS: pa.list_(pa.string()),
        ColumnKind.FLAG: pa.bool_(),
        ColumnKind.COUNT: pa.int64(),
        ColumnKind.NUMBER: pa.float64(),
    }[kind]


def _type_cell(row: PredictionRow, column: Column, cell: Any) -> object:
    """The cell of predictions.csv with its type; None for an empty one that is no text."""
    if column.kind is ColumnKind.TEXTS:
        return [str(member) for member in getattr(row, column.name)]
    if column.kind is ColumnKind.TEXT:
        return "" if cell is None else str(cell)
    make = {ColumnKind.FLAG: bool, ColumnKind.COUNT: int, ColumnKind.NUMBER: float}[column.kind]
    return None if cell is None else make(cell)
