"""Reader for BrEaST.

::

    DATASET/case001.png           image, RGBA; transparent regions are read as black
    DATASET/case001_tumor.png     mask of its lesion
    DATASET/case001_other1.png    mask of another structure: no lesion, not read
    DATASET/TABLE.csv             CaseID, Image_filename, Mask_tumor_filename, Classification, ...

The images may also lie in one folder below DATASET, beside the table, as published. The table is
published as .xlsx; that is read if openpyxl is installed, and a .csv export of it always. Normal
cases have no mask.

Source: Pawlowska et al., Curated benchmark dataset for ultrasound based breast lesion analysis,
Scientific Data 11 (2024) 148.
"""

from __future__ import annotations

import re
from pathlib import Path

from sonolesion.data.readers.folders import index_images, odd_files_beside
from sonolesion.data.readers.listing import DatasetListing
from sonolesion.data.readers.table import TableRow, match_rows, read_csv, read_xlsx
from sonolesion.errors import DatasetError
from sonolesion.imaging.read import IMAGE_SUFFIXES
from sonolesion.types import Case

DATASET = "breast"
COLUMNS = ("CaseID", "Image_filename", "Mask_tumor_filename", "Classification")
_TUMOR = re.compile(r"_tumor\d*$")
_OTHER = re.compile(r"_other\d*$")
_CASE_TUMOR = re.compile(r"^case\d+_tumor\d*$")
_NONE = frozenset({"", "-", "nan", "none", "n/a", "na", "not applicable", "not available"})


def is_breast(root: Path) -> bool:
    """Whether the folder, or one below it, holds `case001_tumor.png` or the like."""
    return bool(_find_image_folders(root))


def list_breast(root: Path) -> DatasetListing:
    """List the cases of BrEaST; the patient is the table's `CaseID`.

    A lesion case for which the table names no mask has none; `prepare` then leaves it out and
    says so.

    Raises:
        DatasetError: no image folder or several, no table or several, or files and table
            contradict each other.
        MissingExtraError: the table is there as .xlsx only, and openpyxl is not installed.
    """
    folders = _find_image_folders(root)
    if len(folders) != 1:
        named = ", ".join(folder.name for folder in folders) or "none"
        raise DatasetError(f"{root}: expected one folder with case001_tumor.png and the like, "
                           f"found: {named}. Give the folder of one data set.")  # fmt: skip
    table = _find_table(root, folders[0])
    files, odd = index_images(folders[0])
    tumors = {stem: path for stem, path in files.items() if _TUMOR.search(stem)}
    images = {s: p for s, p in files.items() if s not in tumors and not _OTHER.search(s)}
    read = read_xlsx if table.suffix.lower() == ".xlsx" else read_csv
    cases = []
    for stem, row in match_rows(
        read(table, columns=COLUMNS), images, column="Image_filename"
    ).items():
        cases.append(
            Case(
                case_id=stem,
                dataset=DATASET,
                label=row.parse_label("Classification"),
                image_path=images[stem],
                mask_paths=_find_masks(row, tumors),
                patient_id=row.require("CaseID"),
            )
        )
    used = {path for case in cases for path in case.mask_paths}
    orphans = tuple(path for path in tumors.values() if path not in used)
    tables = {p.name.lower() for place in {root, folders[0]} for p in _list_tables(place)}
    odd = [path for path in odd if path.name.lower() not in tables]
    if folders[0] != root:
        odd += odd_files_beside(root, tables)
    return DatasetListing(DATASET, root, tuple(cases), orphans, tuple(odd))


def _find_masks(row: TableRow, tumors: dict[str, Path]) -> tuple[Path, ...]:
    """The tumor masks that the row names; several are separated by & or ; or a comma."""
    found = []
    for name in re.split(r"\s*[&;,]\s*", row.cells["Mask_tumor_filename"]):
        if name.lower() in _NONE:
            continue
        if (path := tumors.get(Path(name).stem)) is None:
            raise row.fault(f"Mask_tumor_filename names {name!r}, and there is no such file. "
                            "Add the mask or mend the row.")  # fmt: skip
        found.append(path)
    return tuple(found)


def _find_image_folders(root: Path) -> list[Path]:
    if _holds_tumors(root):
        return [root]
    below = (p for p in sorted(root.iterdir()) if p.is_dir() and not p.name.startswith("."))
    return [folder for folder in below if _holds_tumors(folder)]


def _holds_tumors(folder: Path) -> bool:
    return any(
        path.suffix.lower() in IMAGE_SUFFIXES and _CASE_TUMOR.match(path.stem)
        for path in folder.iterdir()
    )


def _find_table(root: Path, images: Path) -> Path:
    for folder in (root, images):
        tables = _list_tables(folder)
        for suffix in (".csv", ".xlsx"):
            fitting = [path for path in tables if path.suffix.lower() == suffix]
            clinical = [path for path in fitting if "clinical" in path.name.lower()]
            chosen = clinical if len(fitting) > 1 and clinical else fitting
            if len(chosen) > 1:
                raise DatasetError(f"{folder}: several tables ({', '.join(p.name for p in chosen)})"
                                   ". Keep the clinical table only.")  # fmt: skip
            if chosen:
                return chosen[0]
    raise DatasetError(
        f"{root}: no clinical table. Put it there as .xlsx or .csv, with the columns "
        f"{', '.join(COLUMNS)}."
    )


def _list_tables(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in (".csv", ".xlsx") and not path.name.startswith((".", "~$"))
    ]
