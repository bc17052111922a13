"""Type of each column of a table of predictions, for tables that know types.

`make docs` writes them to docs/reference/parquet-columns.md; what a column means stands in
docs/reference/predictions.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sonolesion.types import CLASS_NAMES
from sonolesion.writers.lesion_record import LESION_COLUMNS
from sonolesion.writers.prediction_row import CSV_COLUMNS


class ColumnKind(StrEnum):
    """What the cells of a column are; the value is the name of Arrow's type."""

    TEXT = "string"
    TEXTS = "list<string>"
    FLAG = "bool"
    COUNT = "int64"
    NUMBER = "double"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: as in predictions.csv.
        kind: of its cells.
        is_nullable: a cell may be null, where the CSV file has an empty one. A text is never
            null: there "" says that there is none.
    """

    name: str
    kind: ColumnKind
    is_nullable: bool


_TEXTS = {"prediction_set", "notes"}
_FLAGS = {"unsure", "malignant_alert", "disagreement", "is_lower_bound"}
_COUNTS = {"mask_px", "width_px", "height_px", "n_lesions"}
_NUMBERS = {
    "confidence", *(f"{name}_prob" for name in CLASS_NAMES), "mask_coverage", "row_spacing_mm",
    "col_spacing_mm", "longest_px", "longest_mm", "perpendicular_px", "perpendicular_mm",
    "area_px", "area_mm2", "height_to_width", "depth_top_px", "depth_top_mm", "evidence_share",
    "evidence_ratio", "seconds",
}  # fmt: skip
_KINDS = (
    dict.fromkeys(_TEXTS, ColumnKind.TEXTS)
    | dict.fromkeys(_FLAGS, ColumnKind.FLAG)
    | dict.fromkeys(_COUNTS, ColumnKind.COUNT)
    | dict.fromkeys(_NUMBERS, ColumnKind.NUMBER)
)
_UNKNOWN_AT_TIMES = {
    *LESION_COLUMNS, "row_spacing_mm", "col_spacing_mm", "evidence_share", "evidence_ratio",
}  # fmt: skip


def _describe(name: str) -> Column:
    kind = _KINDS.get(name, ColumnKind.TEXT)
    return Column(name, kind, name in _UNKNOWN_AT_TIMES and kind is not ColumnKind.TEXT)


COLUMNS = tuple(_describe(name) for name in CSV_COLUMNS)
"""All columns, in order."""
