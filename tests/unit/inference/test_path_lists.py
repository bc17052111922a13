from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sonolesion.errors import InvalidInputError, MissingExtraError
from sonolesion.inference.path_lists import read_path_column, read_path_list


def test_list_has_a_path_a_line(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_bytes(b"\xef\xbb\xbfa b.png\r\n\n  \n\xff.png\nlast.png")
    assert list(read_path_list(str(listed))) == ["a b.png", os.fsdecode(b"\xff.png"), "last.png"]


def test_missing_list(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"gone\.txt: No such file"):
        list(read_path_list(str(tmp_path / "gone.txt")))


@pytest.mark.parametrize(("suffix", "separator"), [("csv", ","), ("tsv", "\t"), ("CSV", ",")])
def test_column_of_a_text_table(tmp_path: Path, suffix: str, separator: str) -> None:
    table = tmp_path / f"t.{suffix}"
    rows = [["id", "image"], ["1", '"a, b.png"'], ["2", " c.png "]]
    table.write_text("\n".join(separator.join(row) for row in rows) + "\n")
    assert list(read_path_column(table, "image")) == ["a, b.png", "c.png"]


def test_column_of_a_parquet_table(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="needs the extra [parquet]")
    pq = pytest.importorskip("pyarrow.parquet")
    table = tmp_path / "t.parquet"
    paths = [f"{number}.png" for number in range(2000)]
    pq.write_table(pa.table({"id": range(2000), "image": paths}), table, row_group_size=300)
    assert list(read_path_column(table, "image")) == paths
    with pytest.raises(InvalidInputError, match=r"no column 'imag'; .*Did you mean 'image'"):
        list(read_path_column(table, "imag"))
    with pytest.raises(InvalidInputError, match="row 1 of column 'id': expected a path, got 0"):
        list(read_path_column(table, "id"))


def test_parquet_without_pyarrow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"sonolesion\[parquet\]"):
        list(read_path_column(tmp_path / "t.parquet", "path"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("t.csv", "path\na.png\n,\n", "row 2 of column 'path'"),
        ("t.csv", "", "no column 'path'; it has none"),
        ("t.csv", None, "cannot be read as a table"),
        ("t.parquet", "text", "cannot be read as a table"),
        ("t.xlsx", "", "expected a table"),
        ("t", "", "got none"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, name: str, text: str | None, message: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="needs the extra [parquet]")
    table = tmp_path / name
    if text is not None:
        table.write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        list(read_path_column(table, "path"))
