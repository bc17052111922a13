import shutil
import sys
from pathlib import Path

import pytest

from sonolesion.data.readers import list_dataset
from sonolesion.data.scan import load_case
from sonolesion.errors import DatasetError, MissingExtraError
from sonolesion.types import LesionClass


def test_lists_image_masks_class_and_patient(breast: Path) -> None:
    listing = list_dataset(breast)
    assert [case.case_id for case in listing.cases] == ["case001", "case002", "case003", "case004"]
    assert [case.patient_id for case in listing.cases] == ["1", "2", "3", "4"]
    assert [case.label.value for case in listing.cases] == [
        "benign", "malignant", "normal", "benign",
    ]  # fmt: skip
    assert [[path.name for path in case.mask_paths] for case in listing.cases] == [
        ["case001_tumor.png"], ["case002_tumor.png"], [],
        ["case004_tumor1.png", "case004_tumor2.png"],
    ]  # fmt: skip
    assert {case.dataset for case in listing.cases} == {listing.dataset} == {"breast"}
    assert listing.orphan_masks == listing.odd_files == ()


def test_transparent_regions_are_black_and_a_normal_needs_no_mask(breast: Path) -> None:
    first, _, normal, _ = map(load_case, list_dataset(breast).cases)
    assert first.problems == normal.problems == ()
    assert first.pixels is not None
    assert not first.pixels[:, :8].any()
    assert first.pixels[:, 8:].mean() > 100
    assert first.masks_px == (200,)
    assert normal.case.label is LesionClass.NORMAL
    assert normal.mask is not None
    assert not normal.mask.any()


def test_images_may_lie_in_a_folder_beside_the_table(breast: Path) -> None:
    inner = breast / "images_and_masks"
    inner.mkdir()
    for path in breast.glob("*.png"):
        shutil.move(path, inner)
    listing = list_dataset(breast)
    assert listing.cases[0].image_path == inner / "case001.png"
    assert listing.odd_files == ()


def test_a_mask_that_no_row_names_is_an_orphan(breast: Path) -> None:
    shutil.copy(breast / "case001_tumor.png", breast / "case003_tumor.png")
    (orphan,) = list_dataset(breast).orphan_masks
    assert orphan.name == "case003_tumor.png"


def test_a_lesion_case_without_a_mask_is_a_problem_of_that_case(breast: Path) -> None:
    table = breast / "clinical.csv"
    table.write_text(table.read_text().replace("case002_tumor.png", "Not applicable"))
    (problem,) = load_case(list_dataset(breast).cases[1]).problems
    assert problem.kind == "mask_missing"


def test_a_row_that_names_a_lost_mask(breast: Path) -> None:
    (breast / "case002_tumor.png").unlink()
    with pytest.raises(DatasetError, match=r"clinical.csv line 3: .*'case002_tumor.png'"):
        list_dataset(breast)


def test_no_table_and_several_tables(breast: Path) -> None:
    table = breast / "clinical.csv"
    for name in ("a.csv", "b.csv"):
        shutil.copy(table, breast / name)
    assert len(list_dataset(breast).cases) == 4  # the one that is called clinical
    table.unlink()
    with pytest.raises(DatasetError, match=r"several tables \(a.csv, b.csv\)"):
        list_dataset(breast)
    for name in ("a.csv", "b.csv"):
        (breast / name).unlink()
    with pytest.raises(DatasetError, match=r"no clinical table.*\.csv.*Classification"):
        list_dataset(breast)


def test_two_image_folders(breast: Path) -> None:
    for name in ("one", "two"):
        (breast / name).mkdir()
        shutil.copy(breast / "case001_tumor.png", breast / name)
    (breast / "case001_tumor.png").rename(breast / "x.png")
    for path in breast.glob("case*_tumor*.png"):
        path.unlink()
    with pytest.raises(DatasetError, match="one, two"):
        list_dataset(breast)


def write_workbook(folder: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="pip install openpyxl")
    book = openpyxl.Workbook()
    for number, line in enumerate((folder / "clinical.csv").read_text().splitlines()):
        cells: list[object] = [*line.split(",")]
        if number:
            cells[0], cells[4] = float(str(cells[0])), float(str(cells[4]))
        book.active.append([None if cell == '""' else cell for cell in cells])
    book.save(folder / "clinical.xlsx")


def test_the_workbook_reads_like_its_export(breast: Path) -> None:
    write_workbook(breast)
    from_csv = list_dataset(breast)
    (breast / "clinical.csv").unlink()
    from_workbook = list_dataset(breast)
    assert from_csv.cases == from_workbook.cases
    assert from_workbook.odd_files == ()


def test_a_damaged_workbook(breast: Path) -> None:
    pytest.importorskip("openpyxl", reason="pip install openpyxl")
    (breast / "clinical.csv").rename(breast / "clinical.xlsx")
    with pytest.raises(DatasetError, match=r"clinical.xlsx: not a readable workbook"):
        list_dataset(breast)


def test_a_workbook_without_openpyxl(breast: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (breast / "clinical.csv").rename(breast / "clinical.xlsx")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"pip install openpyxl.*\.csv"):
        list_dataset(breast)
