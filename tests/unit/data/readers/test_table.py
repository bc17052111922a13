"""Faults of a data set's table, each with the file and the line; tried on BUS-BRA's layout."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sonolesion.data.readers import list_dataset
from sonolesion.errors import DatasetError


def change(root: Path, edit: Callable[[list[str]], None]) -> Path:
    table = root / "bus_data.csv"
    lines = table.read_text().splitlines()
    edit(lines)
    table.write_text("\n".join(lines) + "\n")
    return table


def test_mark_line_ends_blank_lines_and_spaces_do_not_matter(bus_bra: Path) -> None:
    table = bus_bra / "bus_data.csv"
    expected = list_dataset(bus_bra).cases
    text = table.read_text().replace(",benign,", ", Benign ,")
    table.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode() + b"\r\n,,,,\r\n")
    assert list_dataset(bus_bra).cases == expected


def test_a_row_without_its_image(bus_bra: Path) -> None:
    (bus_bra / "Images/bus_0002-r.png").unlink()
    with pytest.raises(DatasetError, match=r"bus_data.csv line 5: ID names 'bus_0002-r'"):
        list_dataset(bus_bra)


def test_images_without_a_row(bus_bra: Path) -> None:
    change(bus_bra, lambda lines: lines.__delitem__(slice(1, 3)))
    with pytest.raises(
        DatasetError,
        match=r"bus_data.csv line 11 is the last row, and 2 images have none: "
        r"bus_0001-l.png, bus_0001-r.png",
    ):
        list_dataset(bus_bra)


def test_an_id_that_stands_twice(bus_bra: Path) -> None:
    change(bus_bra, lambda lines: lines.append(lines[1]))
    with pytest.raises(DatasetError, match=r"line 14: 'bus_0001-l' stands twice.*line 2\."):
        list_dataset(bus_bra)


def test_one_name_with_two_suffixes(bus_bra: Path) -> None:
    (bus_bra / "Images/bus_0001-l.jpg").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"bus_0001-l.jpg and bus_0001-l.png have one name"):
        list_dataset(bus_bra)


@pytest.mark.parametrize(("separator", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_wrong_separator_is_named(bus_bra: Path, separator: str, name: str) -> None:
    table = bus_bra / "bus_data.csv"
    table.write_text(table.read_text().replace(",", separator))
    with pytest.raises(
        DatasetError, match=rf"line 1: no column ID, .*separated by {name}, expected commas"
    ):
        list_dataset(bus_bra)


def test_commas_where_semicolons_belong(bus_uclm: Path) -> None:
    table = bus_uclm / "INFO.csv"
    table.write_text(table.read_text().replace(";", ","))
    with pytest.raises(DatasetError, match=r"INFO.csv line 1: .*commas, expected semicolons"):
        list_dataset(bus_uclm)


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (0, "ID,Case", r"line 1: no column Pathology; found: ID, Case"),
        (0, "ID,Case,Pathology,Case,e,f,g,h,i,j", r"line 1: the column Case stands twice"),
        (2, "bus_0001-r,1,benign", r"line 3: 3 cells, expected 10"),
        (2, "bus_0001-r,,x,benign,4,GE,1,1,r,b", r"line 3: Case is empty"),
        (2, ",1,x,benign,4,GE,1,1,r,b", r"line 3: ID is empty"),
        (2, "bus_0001-r,1,x,,4,GE,1,1,r,b", r"line 3: Pathology is empty"),
        (2, "bus_0001-r,1,x,cyst,4,GE,1,1,r,b", r"line 3: Pathology: .*'cyst'"),
        (12, 'bus_0008-l,8,x,benign,4,GE,1,1,r,"b', r"line 13: unexpected end of data"),
    ],
)
def test_faulty_lines(bus_bra: Path, line: int, text: str, message: str) -> None:
    change(bus_bra, lambda lines: lines.__setitem__(line, text))
    with pytest.raises(DatasetError, match="bus_data.csv " + message):
        list_dataset(bus_bra)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1: the table is empty"),
        (b"ID,Case,Pathology\n", "line 1: the table has no row"),
        (b"ID,Case,Pathology\nbus,1,b\xe9nign\n", "line 2: not UTF-8 text"),
        ("ID,Case,Pathology\n".encode("utf-16"), "line 1: not UTF-8 text"),
    ],
)
def test_faulty_files(bus_bra: Path, data: bytes, message: str) -> None:
    (bus_bra / "bus_data.csv").write_bytes(data)
    with pytest.raises(DatasetError, match=f"bus_data.csv {message}"):
        list_dataset(bus_bra)
