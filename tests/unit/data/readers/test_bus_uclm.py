from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonolesion.data.masks import read_united_mask
from sonolesion.data.readers import list_dataset
from sonolesion.data.scan import load_case
from sonolesion.errors import DatasetError


def test_lists_image_mask_class_and_patient(bus_uclm: Path) -> None:
    listing = list_dataset(bus_uclm)
    assert [(c.case_id, c.label.value, c.patient_id) for c in listing.cases] == [
        ("ALWI_000", "benign", "ALWI"),
        ("ALWI_001", "malignant", "ALWI"),
        ("BEPI-000", "normal", "BEPI"),
        ("BEPI-001", "normal", "BEPI"),
    ]
    assert [len(case.mask_paths) for case in listing.cases] == [1, 1, 1, 0]
    assert {case.dataset for case in listing.cases} == {listing.dataset} == {"bus_uclm"}
    assert listing.orphan_masks == listing.odd_files == ()


def test_green_and_red_are_lesion_and_black_is_not(bus_uclm: Path) -> None:
    loaded = [load_case(case) for case in list_dataset(bus_uclm).cases]
    assert [item.problems for item in loaded] == [()] * 4
    assert [item.masks_px for item in loaded] == [(200,), (200,), (0,), ()]


def test_both_colours_in_one_mask_are_united(bus_uclm: Path) -> None:
    mask = np.zeros((48, 64, 3), np.uint8)
    mask[:10, :10, 0] = 255  # 100 pixels red
    mask[20:30, :20, 1] = 255  # 200 pixels green
    Image.fromarray(mask).save(bus_uclm / "masks/ALWI_001.png")
    assert read_united_mask(list_dataset(bus_uclm).cases[1], (48, 64)).sum() == 300


def test_names_without_a_suffix_and_folders_in_capitals(bus_uclm: Path) -> None:
    table = bus_uclm / "INFO.csv"
    table.write_text(table.read_text().replace(".png", ""))
    (bus_uclm / "images").rename(bus_uclm / "Images")
    assert list_dataset(bus_uclm).cases[0].image_path == bus_uclm / "Images/ALWI_000.png"


def test_a_label_that_is_none(bus_uclm: Path) -> None:
    table = bus_uclm / "INFO.csv"
    table.write_text(table.read_text().replace("Malignant", "Cyst"))
    with pytest.raises(DatasetError, match=r"INFO.csv line 3: Label: expected .*, got 'Cyst'"):
        list_dataset(bus_uclm)
