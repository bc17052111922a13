from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sonolesion.errors import DatasetError, InvalidInputError
from sonolesion.evaluation.reader_study.read import Arm, CallRule, Read
from sonolesion.evaluation.reader_study.rows import Duplicates, read_rows
from sonolesion.evaluation.reader_study.study_tables import write_reads
from sonolesion.types import LesionClass

HEAD = "study,reader,case,arm,session,order,birads,score,malignant_call,seconds,truth"


def write(path: Path, *lines: str, head: str = HEAD, end: str = "\n", bom: bool = False) -> Path:
    path.write_bytes(end.join([head, *lines, ""]).encode("utf-8-sig" if bom else "utf-8"))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def test_a_whole_row(path: Path) -> None:
    write(path, "s1,Ann,c 1,alone,1,7,4b,62.5,1,41.2,malignant")
    (read,) = read_rows(path)
    assert read == Read(
        line=2, study="s1", reader="Ann", case="c 1", arm=Arm.ALONE, session="1", order="7",
        birads="4B", score=62.5, malignant_call=True, seconds=41.2, truth=LesionClass.MALIGNANT,
    )  # fmt: skip


def test_empty_cells_are_none(path: Path) -> None:
    write(path, ",Ann,c1,WITH,,,,,,,")
    (read,) = read_rows(path)
    assert (read.arm, read.score, read.malignant_call, read.seconds) == (Arm.WITH, None, None, None)
    assert read.truth is None


def test_only_three_columns_are_needed_and_others_are_passed_over(path: Path) -> None:
    write(path, "x,Ann,c1,alone", head="remark,reader,case,arm")
    assert read_rows(path)[0].reader == "Ann"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", [True, False])
def test_semicolons_decimal_commas_bom_and_line_ends(path: Path, end: str, bom: bool) -> None:
    write(path, "Ann;c1;alone;62,5;41,2", head="reader;case;arm;score;seconds", end=end, bom=bom)
    (read,) = read_rows(path)
    assert (read.score, read.seconds) == (62.5, 41.2)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (",Ann,c1,both,,,,,,,", "arm: expected alone or with"),
        (",,c1,alone,,,,,,,", "reader is empty"),
        (",Ann,c1,alone,,,4,,,,", "split into 4A, 4B and 4C"),
        (",Ann,c1,alone,,,7,,,,", "birads: expected one of"),
        (",Ann,c1,alone,,,,101,,,", "score: expected 0 to 100"),
        (",Ann,c1,alone,,,,nan,,,", "score: expected 0 to 100"),
        (",Ann,c1,alone,,,,high,,,", "score: expected a number"),
        (",Ann,c1,alone,,,,,maybe,,", "malignant_call: expected 1, 0"),
        (",Ann,c1,alone,,,,,,0,", "seconds: expected a time above 0"),
        (",Ann,c1,alone,,,,,,-3,", "seconds: expected 0 or more"),
        (",Ann,c1,alone,,,,,,,cancer", "truth: expected one of normal, benign, malignant"),
        (",Ann,c1,alone", "4 cells, expected 11"),
    ],
)
def test_a_fault_names_the_line(path: Path, cells: str, message: str) -> None:
    write(path, ",Ann,c0,alone,,,,,,,", cells)
    with pytest.raises(DatasetError, match=message) as caught:
        read_rows(path)
    assert "rows.csv line 3: " in str(caught.value)


def test_a_missing_column_is_named(path: Path) -> None:
    with pytest.raises(DatasetError, match="no column arm"):
        read_rows(write(path, "Ann,c1", head="reader,case"))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        read_rows(tmp_path / "none.csv")


def test_a_second_read_is_refused_or_the_last_one_counts(path: Path) -> None:
    write(path, ",Ann,c1,alone,,,,10,,,benign", ",Bob,c1,alone,,,,20,,,", ",Ann,c1,alone,,,,30,,,")
    with pytest.raises(
        DatasetError, match="line 4: reader 'Ann' has read case 'c1' alone already in line 2"
    ):
        read_rows(path)
    found = read_rows(path, duplicates=Duplicates.LAST)
    assert [(r.reader, r.score) for r in found] == [("Bob", 20.0), ("Ann", 30.0)]
    assert found[1].truth is LesionClass.BENIGN  # said in the earlier row


def test_several_studies_must_be_chosen_from(path: Path) -> None:
    write(path, "a,Ann,c1,alone,,,,,,,", "b,Ann,c1,alone,,,,,,,")
    with pytest.raises(InvalidInputError, match="--study NAME"):
        read_rows(path)
    assert [r.line for r in read_rows(path, study="b")] == [3]
    with pytest.raises(DatasetError, match="no read of study 'c'"):
        read_rows(path, study="c")


def test_what_is_written_is_read_again(path: Path, reads: tuple[Read, ...]) -> None:
    odd = replace(reads[0], reader="=cmd|' /C calc'!A0", case="-1+1", malignant_call=False)
    write_reads(path, [odd, *reads[1:5]])
    assert ",'=cmd" in path.read_text("utf-8")  # a spreadsheet runs nothing
    found = read_rows(path)
    assert [replace(r, line=0) for r in found] == [odd, *reads[1:5]]


@pytest.mark.parametrize(
    ("birads", "own", "call"),
    [("4A", None, True), ("3", None, False), ("6", None, True), ("0", None, True), ("", None, None),
     ("5", False, False), ("2", True, True)],
)  # fmt: skip
def test_rule_of_the_call(birads: str, own: bool | None, call: bool | None) -> None:
    read = Read(
        line=1, study="", reader="a", case="c", arm=Arm.ALONE, birads=birads, malignant_call=own
    )
    assert CallRule().call(read) is call


def test_rule_can_be_set() -> None:
    read = Read(line=1, study="", reader="a", case="c", arm=Arm.ALONE, birads="4A")
    assert CallRule("4B").call(read) is False
    assert CallRule(zero_is_positive=False).call(replace(read, birads="0")) is False
    assert "4B or higher" in CallRule("4B").text()
