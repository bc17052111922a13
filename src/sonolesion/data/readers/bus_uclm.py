"""Reader for BUS-UCLM.

::

    DATASET/images/ABCD_000.png    image
    DATASET/masks/ABCD_000.png     its mask: black, benign lesions green, malignant ones red
    DATASET/INFO.csv               Image;Label;Doppler;Marks;Combined

The class is the table's `Label`; both colours of a mask count as lesion. The patient is what
stands before the first underscore or hyphen of the name. A normal image may have a mask (all
black) or none.

Source: Vallez et al., BUS-UCLM: breast ultrasound lesion segmentation dataset, Scientific Data 12
(2025) 242.
"""

from __future__ import annotations

import re
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

DATASET = "bus_uclm"
TABLE_NAME = "INFO.csv"


def is_bus_uclm(root: Path) -> bool:
    """Whether the folder holds BUS-UCLM's table and one of its folders."""
    return find_entry(root, TABLE_NAME) is not None and any(
        find_entry(root, name, folder=True) is not None for name in ("images", "masks")
    )


def list_bus_uclm(root: Path) -> DatasetListing:
    """List the cases of BUS-UCLM.

    A lesion case whose mask is not there has none; `prepare` then leaves it out and says so.

    Raises:
        DatasetError: a folder or the table is not there, or they contradict each other.
    """
    if (table := find_entry(root, TABLE_NAME)) is None:
        raise DatasetError(f"{root}: no {TABLE_NAME}. Copy the data set again, whole.")
    images, odd = index_images(require_folder(root, "images"))
    masks, odd_masks = index_images(require_folder(root, "masks"))
    rows = match_rows(
        read_csv(table, columns=("Image", "Label"), separator=";"), images, column="Image"
    )  # fmt: skip
    cases = []
    for stem, row in rows.items():
        mask = masks.pop(stem, None)
        cases.append(
            Case(
                case_id=stem,
                dataset=DATASET,
                label=row.parse_label("Label"),
                image_path=images[stem],
                mask_paths=() if mask is None else (mask,),
                patient_id=re.split("[_-]", stem, maxsplit=1)[0],
            )
        )
    odd += [*odd_masks, *odd_files_beside(root, (TABLE_NAME.lower(),))]
    return DatasetListing(DATASET, root, tuple(cases), tuple(masks.values()), tuple(odd))
