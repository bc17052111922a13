"""Reader for BUS-BRA.

::

    DATASET/Images/bus_0001-l.png    image
    DATASET/Masks/mask_0001-l.png    its mask
    DATASET/bus_data.csv             ID, Case (the patient), Pathology (the class), ...

Benign and malignant lesions only. `Width` and `Height` of the table are wrong for some images and
are not read; nor are the fold files, whose inner flags separate a patient's images.

Source: Gomez-Flores et al., BUS-BRA: a breast ultrasound dataset for assessing computer-aided
diagnosis systems, Medical Physics 51 (2024) 3110-3123.
"""

from __future__ import annotations

from pathlib import Path

from sonolesion.data.readers.folders import (
    find_entry,
    index_images,
    odd_files_beside,
    require_folder,
)
from sonolesion.data.readers.listing import DatasetListing
from sonolesion.data.readers.table import match_rows, read_csv
from sonolesion.errors import DatasetError
from sonolesion.types import Case

DATASET = "bus_bra"
TABLE_NAME = "bus_data.csv"
_KNOWN_FILES = (TABLE_NAME, "5-fold-cv.csv", "10-fold-cv.csv")


def is_bus_bra(root: Path) -> bool:
    """Whether the folder holds BUS-BRA's table."""
    return find_entry(root, TABLE_NAME) is not None


def list_bus_bra(root: Path) -> DatasetListing:
    """List the cases of BUS-BRA; the patient is the table's `Case`.

    A case whose mask is not there has none; `prepare` then leaves it out and says so.

    Raises:
        DatasetError: a folder or the table is not there, or they contradict each other.
    """
    if (table := find_entry(root, TABLE_NAME)) is None:
        raise DatasetError(f"{root}: no {TABLE_NAME}. Copy the data set again, whole.")
    images, odd = index_images(require_folder(root, "Images"))
    masks, odd_masks = index_images(require_folder(root, "Masks"))
    rows = match_rows(
        read_csv(table, columns=("ID", "Case", "Pathology")), images, column="ID"
    )  # fmt: skip
    cases = []
    for stem, row in rows.items():
        mask = masks.pop(stem.replace("bus_", "mask_", 1), None)
        cases.append(
            Case(
                case_id=stem,
                dataset=DATASET,
                label=row.parse_label("Pathology"),
                image_path=images[stem],
                mask_paths=() if mask is None else (mask,),
                patient_id=row.require("Case"),
            )
        )
    odd += [*odd_masks, *odd_files_beside(root, _KNOWN_FILES)]
    return DatasetListing(DATASET, root, tuple(cases), tuple(masks.values()), tuple(odd))
