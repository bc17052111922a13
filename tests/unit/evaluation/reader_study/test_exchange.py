from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from sonolesion.evaluation.reader_study.exchange import write_exchange
from sonolesion.evaluation.reader_study.study_table import StudyTable


@pytest.fixture
def folder(tmp_path: Path, table: StudyTable) -> Path:
    table.score[0, 0, 0] = np.nan
    write_exchange(table, tmp_path, title="A study")
    return tmp_path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_named_layout(folder: Path, table: StudyTable) -> None:
    rows = rows_of(folder / "imrmc.csv")
    truth = [row for row in rows if row["readerID"] == "-1"]
    assert [row["caseID"] for row in truth] == list(table.cases)
    assert {row["modalityID"] for row in truth} == {"0"}
    assert [row["score"] == "1" for row in truth] == table.positive.tolist()
    assert len(rows) - len(truth) == 2 * 4 * 30 - 1  # a read without a score is left out


def test_numbered_layout_says_the_same(folder: Path, table: StudyTable) -> None:
    head, data = (folder / "study.imrmc").read_text().split("BEGIN DATA:\n")
    assert head.startswith("A study\n")
    assert all(line in head for line in ("NR: 4", "N0: 18", "N1: 12", "NM: 2"))
    numbers = {
        (row["kind"], row["number"]): row["name"] for row in rows_of(folder / "imrmc_names.csv")
    }
    cells = [line.split(",") for line in data.splitlines()]
    assert [int(c[3]) for c in cells if c[0] == "-1"] == table.positive.astype(int).tolist()
    named = {
        (numbers["reader", r], numbers["case", n], numbers["modality", a]): float(s)
        for r, n, a, s in cells if r != "-1"
    }  # fmt: skip
    expected = {
        (row["readerID"], row["caseID"], row["modalityID"]): float(row["score"])
        for row in rows_of(folder / "imrmc.csv") if row["readerID"] != "-1"
    }  # fmt: skip
    assert named == expected


def test_wide_layout(folder: Path, table: StudyTable) -> None:
    rows = rows_of(folder / "wide.csv")
    assert [row["case"] for row in rows] == list(table.cases)
    assert rows[0]["alone: reader-1"] == ""
    assert float(rows[3]["with: reader-2"]) == table.score[1, 1, 3]
