"""The reads in the layouts that multi-reader multi-case software takes.

::

    imrmc.csv        readerID,caseID,modalityID,score; truth rows have readerID -1, modalityID 0 and
                     score 1 (malignant) or 0: the R package iMRMC reads it as it is
    study.imrmc      the same with whole numbers for names, under the head that the iMRMC program
                     and RJafroc expect
    imrmc_names.csv  which number is which reader, case or arm
    wide.csv         one row per case: truth, then one score per arm and reader
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from sonolesion.evaluation.reader_study.study_table import StudyTable
from sonolesion.files import atomic_write_csv, atomic_write_text

IMRMC_CSV, IMRMC_TEXT, IMRMC_NAMES, WIDE = (
    "imrmc.csv", "study.imrmc", "imrmc_names.csv", "wide.csv"
)  # fmt: skip
_TRUTH_READER, _TRUTH_ARM = "-1", "0"
_COLUMNS = ("readerID", "caseID", "modalityID", "score")


def write_exchange(table: StudyTable, folder: Path, *, title: str) -> None:
    """Write the four files.

    Args:
        table: the study; a read without a score is left out.
        folder: where to.
        title: first line of study.imrmc.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    _write_named(table, folder / IMRMC_CSV)
    atomic_write_text(folder / IMRMC_TEXT, _numbered(table, title))
    kinds = {"reader": table.readers, "case": table.cases, "modality": table.arms}
    names = [
        {"kind": kind, "number": number, "name": str(name)}
        for kind, members in kinds.items()
        for number, name in enumerate(members, start=1)
    ]
    atomic_write_csv(folder / IMRMC_NAMES, ("kind", "number", "name"), names)
    _write_wide(table, folder / WIDE)


def _write_named(table: StudyTable, path: Path) -> None:
    truth = (
        {"readerID": int(_TRUTH_READER), "caseID": case, "modalityID": int(_TRUTH_ARM),
         "score": int(positive)}
        for case, positive in zip(table.cases, table.positive.tolist(), strict=True)
    )  # fmt: skip
    reads = (
        {"readerID": table.readers[r], "caseID": table.cases[n],
         "modalityID": table.arms[a].value, "score": score}
        for a, r, n, score in _scores(table)
    )  # fmt: skip
    atomic_write_csv(path, _COLUMNS, (*truth, *reads))


def _numbered(table: StudyTable, title: str) -> str:
    positive = table.positive
    head = [
        title, "",
        f"NR: {len(table.readers)}", f"N0: {int((~positive).sum())}",
        f"N1: {int(positive.sum())}", f"NM: {len(table.arms)}", "",
        "BEGIN DATA:",
    ]  # fmt: skip
    truth = [f"{_TRUTH_READER},{n},{_TRUTH_ARM},{int(p)}" for n, p in enumerate(positive, 1)]
    reads = [f"{r + 1},{n + 1},{a + 1},{score:g}" for a, r, n, score in _scores(table)]
    return "\n".join([*head, *truth, *reads]) + "\n"


def _write_wide(table: StudyTable, path: Path) -> None:
    columns = [
        (f"{arm}: {reader}", a, r)
        for a, arm in enumerate(table.arms)
        for r, reader in enumerate(table.readers)
    ]
    rows = []
    for n, (case, label) in enumerate(zip(table.cases, table.truth, strict=True)):
        row: dict[str, object] = {"case": case, "truth": label.value}
        for name, a, r in columns:
            score = float(table.score[a, r, n])
            row[name] = score if np.isfinite(score) else None
        rows.append(row)
    atomic_write_csv(path, ("case", "truth", *(name for name, _, _ in columns)), rows)


def _scores(table: StudyTable) -> Iterator[tuple[int, int, int, float]]:
    for a, r, n in np.argwhere(np.isfinite(table.score)).tolist():
        yield a, r, n, float(table.score[a, r, n])
