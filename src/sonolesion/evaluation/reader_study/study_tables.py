"""The tables of a study as CSV files; a cell that a spreadsheet would run is quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from sonolesion.evaluation.reader_study.read import Read
from sonolesion.evaluation.reader_study.rows import COLUMNS
from sonolesion.evaluation.reader_study.study_figure import StudyFigure
from sonolesion.evaluation.reader_study.study_report import StudyReport
from sonolesion.files import atomic_write_csv

_FIGURE_COLUMNS = (
    "figure", "label", "value", "low", "high", "p", "standard_error", "df", "method", "n_readers",
    "n_cases", "unit", "check_low", "check_high", "check_p", "reason",
)  # fmt: skip
_READER_COLUMNS = ("measure", "reader", *_FIGURE_COLUMNS)
_CHANGE_COLUMNS = (
    "reader", "cases", "n", "right_both", "wrong_both", "helped", "harmed"
)  # fmt: skip
_TIME_COLUMNS = ("reader", "arm", "n", "lower_quartile", "median", "upper_quartile")
_GAP_COLUMNS = ("reader", "case", "missing_arm", "read_in_other_arm")


def write_tables(report: StudyReport, folder: Path) -> None:
    """Write figures.csv, readers.csv, agreement.csv, changes.csv, times.csv and missing.csv.

    A table without a row has its column names only.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    figures: list[StudyFigure] = []
    for found in report.measures:
        figures += [*found.arms, *filter(None, (found.difference,))]
    times = report.times
    if times and times.ratio:
        figures.append(times.ratio)
    tables: dict[str, tuple[Sequence[str], Iterable[Mapping[str, object]]]] = {
        "figures.csv": (_FIGURE_COLUMNS, map(figure_cells, figures)),
        "readers.csv": (_READER_COLUMNS, _reader_rows(report)),
        "agreement.csv": (_FIGURE_COLUMNS, map(figure_cells, report.agreement)),
        "changes.csv": (_CHANGE_COLUMNS, (
            asdict(row) | {"cases": "malignant" if row.is_malignant else "not malignant"}
            for row in report.changes
        )),
        "times.csv": (_TIME_COLUMNS, (
            asdict(row) | {"arm": row.arm.value, "reader": row.reader or "all readers"}
            for row in (times.seconds if times else ())
        )),
        "missing.csv": (_GAP_COLUMNS, (
            {"reader": gap.reader, "case": gap.case, "missing_arm": gap.arm.value,
             "read_in_other_arm": int(gap.has_partner)}
            for gap in report.gaps
        )),
    }  # fmt: skip
    for name, (columns, rows) in tables.items():
        atomic_write_csv(folder / name, columns, rows)


def figure_cells(figure: StudyFigure) -> dict[str, object]:
    """Return one figure as cells of `figures.csv`."""
    return asdict(figure) | {"figure": figure.key, "method": figure.method.value}


def write_reads(path: Path, reads: Iterable[Read]) -> None:
    """Write a table of reads as `read_rows` takes it.

    Raises:
        OutputWriteError: the file cannot be written.
    """
    atomic_write_csv(path, COLUMNS, (_read_cells(read) for read in reads))


def _read_cells(read: Read) -> dict[str, object]:
    call = "" if read.malignant_call is None else int(read.malignant_call)
    truth = read.truth.value if read.truth else ""
    return asdict(read) | {"arm": read.arm.value, "malignant_call": call, "truth": truth}


def _reader_rows(report: StudyReport) -> Iterable[dict[str, object]]:
    for found in report.measures:
        for row in found.readers:
            for figure in (*row.arms, *filter(None, (row.difference,))):
                yield {"measure": found.measure.value, "reader": row.reader} | figure_cells(figure)
