"""What each case is, and what the model said of it: from the reads or from a file beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonolesion.data.manifest import MANIFEST_NAME, PROCESSED_FOLDER, read_manifest
from sonolesion.data.readers.detect import list_dataset
from sonolesion.data.readers.table import TableRow
from sonolesion.errors import DatasetError
from sonolesion.evaluation.reader_study.read import Read
from sonolesion.evaluation.reader_study.rows import name_of, number_of, read_table
from sonolesion.types import LesionClass

_SHOWN_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class ModelScores:
    """What the model said of each case.

    Attributes:
        name: of the file it came from.
        malignant_prob: case -> probability of malignancy in [0, 1].
    """

    name: str
    malignant_prob: Mapping[str, float]


def read_truth(path: Path) -> dict[str, LesionClass]:
    """Read the truth of cases.

    Args:
        path: a CSV file with the columns `case` and `truth`, a folder of `sonolesion prepare`, or
            a raw data set. In a folder, a case's name is its case id, e.g. "benign (433)".

    Raises:
        DatasetError: not readable, or a case stands twice with two truths.
    """
    if not path.is_dir():
        truth: dict[str, LesionClass] = {}
        for row in read_table(path, columns=("case", "truth")):
            case, label = name_of(row, "case"), row.parse_label("truth")
            if truth.setdefault(case, label) is not label:
                raise row.fault(f"case {case!r} is {truth[case]} in an earlier line and {label} "
                                "here. Mend one of them.")  # fmt: skip
        return truth
    if any((path / p).is_file() for p in (MANIFEST_NAME, f"{PROCESSED_FOLDER}/{MANIFEST_NAME}")):
        return {row.case_id: row.label for row in read_manifest(path).rows if not row.is_derived}
    return {
        case.case_id: case.label for case in list_dataset(path, allow_missing_classes=True).cases
    }


def join_truth(
    reads: Sequence[Read], beside: Mapping[str, LesionClass], *, where: str
) -> dict[str, LesionClass]:
    """Give each case that was read its truth: the reads' own, else the file's.

    Args:
        reads: at least one.
        beside: from `read_truth`; empty where no file was given.
        where: name of the table, for messages.

    Raises:
        DatasetError: two rows, or a row and the file, disagree; or a case has no truth.
    """
    truth: dict[str, LesionClass] = {}
    for read in reads:
        stated = read.truth or beside.get(read.case)
        if stated is None:
            continue
        for other in (truth.get(read.case), beside.get(read.case)):
            if other is not None and other is not stated:
                raise DatasetError(
                    f"{where} line {read.line}: case {read.case!r} is {stated} here and {other} "
                    "elsewhere. Mend one of them."
                )
        truth[read.case] = stated
    lacking = _without({read.case for read in reads}, truth)
    if lacking:
        raise DatasetError(
            f"{where}: {len(lacking)} cases have no truth: {_some(lacking)}. Fill in the column "
            "truth, or give --truth FILE with the columns case and truth."
        )
    return truth


def read_model(path: Path) -> ModelScores:
    """Read the model's scores.

    Args:
        path: a CSV file with the columns `case` and `score` (0 to 100), or predictions.csv of
            `sonolesion predict` (`stem` and `malignant_prob`).

    Raises:
        DatasetError: not readable, a number out of range, or a case that stands twice.
    """
    rows = read_table(path, columns=())
    columns = rows[0].cells.keys()
    if {"case", "score"} <= columns:
        pairs = ((row, "case", number_of(row, "score", low=0.0, high=100.0)) for row in rows)
        scores = _one_each((row, name, _per_cent(row, value)) for row, name, value in pairs)
    elif {"stem", "malignant_prob"} <= columns:
        found = ((row, number_of(row, "malignant_prob", low=0.0, high=1.0)) for row in rows)
        scores = _one_each((row, "stem", value) for row, value in found if value is not None)
    else:
        raise DatasetError(
            f"{path} line {rows[0].line - 1}: expected the columns case and score (0 to 100), or "
            f"predictions.csv of sonolesion predict; found: {', '.join(columns)[:200]}."
        )
    return ModelScores(path.name, scores)


def _per_cent(row: TableRow, value: float | None) -> float:
    if value is None:
        raise row.fault("score is empty. Fill it in.")
    return value / 100.0


def _one_each(found: Iterable[tuple[TableRow, str, float]]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for row, column, value in found:
        case = name_of(row, column)
        if case in scores:
            raise row.fault(f"case {case!r} stands twice. Remove one of the rows.")
        scores[case] = value
    return scores


def _without(cases: Iterable[str], known: Mapping[str, object]) -> list[str]:
    return sorted(case for case in cases if case not in known)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(map(repr, names[:_SHOWN_AT_MOST]))
    return shown + (", ..." if len(names) > _SHOWN_AT_MOST else "")
