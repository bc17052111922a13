"""predictions.parquet: the columns of predictions.csv with their types; needs pyarrow."""

from __future__ import annotations

import contextlib
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sonolesion.errors import MissingExtraError
from sonolesion.files import atomic_open
from sonolesion.writers.prediction_row import CSV_COLUMNS, PredictionRow, row_to_csv

_ROWS_PER_GROUP = 8192
_NUMBER_ENDINGS = ("_prob", "_px", "_px2", "_mm", "_mm2", "_deg", "_share", "_ratio")


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

    Columns are named and ordered as in predictions.csv; flags are booleans, lists are lists, and
    an empty number is null. The schema depends on nothing in the rows, so that the tables of
    many shards can be read as one.

    Args:
        path: output file.

    Raises:
        MissingExtraError: pyarrow is not installed.
        OutputWriteError: disk full, read-only.
    """
    require_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {name: _kind_of(name) for name in CSV_COLUMNS}
    arrow = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64(),
             tuple: pa.list_(pa.string())}  # fmt: skip
    schema = pa.schema([(name, arrow[kind]) for name, kind in kinds.items()])
    waiting: list[dict[str, Any]] = []
    with atomic_open(path) as file, pq.ParquetWriter(file, schema) as writer:

        def write() -> None:
            writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
            waiting.clear()

        def add(row: PredictionRow) -> None:
            cells = row_to_csv(row)
            waiting.append({n: _typed(row, n, kind, cells.get(n)) for n, kind in kinds.items()})
            if len(waiting) >= _ROWS_PER_GROUP:
                write()

        yield add
        write()


def _kind_of(column: str) -> type:
    """Type of a column: what the row's field says, else a number where the name has a unit."""
    hint = typing.get_type_hints(PredictionRow).get(column)
    if hint is None:
        return float if column.endswith(_NUMBER_ENDINGS) else str
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    kind: type = typing.get_origin(hint) or hint
    return kind


def _typed(row: PredictionRow, column: str, kind: type, cell: object) -> object:
    value: Any = getattr(row, column, cell)
    if kind is tuple:
        return [str(member) for member in value]
    if kind is str:
        return "" if value is None else str(value)
    return None if value is None or value == "" else kind(value)
