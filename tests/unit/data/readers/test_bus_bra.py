from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from sonolesion.data.audit import audit
from sonolesion.data.manifest import LEFT_OUT
from sonolesion.data.prepare import PrepareSettings, prepare
from sonolesion.data.readers import list_dataset
from sonolesion.data.verify import verify
from sonolesion.errors import DatasetError, InvalidInputError
from sonolesion.types import LesionClass

SETTINGS = PrepareSettings(image_size_px=32, folds=2, workers=1)


def test_lists_image_mask_class_and_patient(bus_bra: Path) -> None:
    listing = list_dataset(bus_bra)
    assert (listing.dataset, len(listing.cases)) == ("bus_bra", 12)
    first, second, third = listing.cases[:3]
    assert (first.case_id, first.dataset) == ("bus_0001-l", "bus_bra")
    assert (first.label, first.patient_id) == (LesionClass.BENIGN, "1")
    assert first.image_path == bus_bra / "Images/bus_0001-l.png"
    assert first.mask_paths == (bus_bra / "Masks/mask_0001-l.png",)
    assert (second.case_id, second.patient_id) == ("bus_0001-r", "1")
    assert (third.label, third.patient_id) == (LesionClass.MALIGNANT, "2")
    assert Counter(case.label.value for case in listing.cases) == {"benign": 6, "malignant": 6}
    assert listing.orphan_masks == listing.odd_files == listing.missing_classes == ()


def test_what_does_not_belong_is_listed(bus_bra: Path) -> None:
    (bus_bra / "Masks/mask_9999-l.png").write_bytes(b"")
    (bus_bra / "Images/notes.txt").write_text("x")
    (bus_bra / "mine.csv").write_text("x")
    listing = list_dataset(bus_bra)
    assert [p.name for p in listing.orphan_masks] == ["mask_9999-l.png"]
    assert [p.name for p in listing.odd_files] == ["notes.txt", "mine.csv"]


def test_a_lost_mask_leaves_its_case_out(bus_bra: Path, tmp_path: Path) -> None:
    (bus_bra / "Masks/mask_0001-l.png").unlink()
    result = prepare(bus_bra, tmp_path / "out", settings=SETTINGS)
    (row,) = result.manifest.part(LEFT_OUT)
    assert (row.case_id, row.flags) == ("bus_0001-l", ("unusable", "mask_missing"))


def test_folds_keep_patients_together_and_pass_verify(bus_bra: Path, tmp_path: Path) -> None:
    result = prepare(bus_bra, tmp_path / "out", settings=SETTINGS)
    parts: dict[str, set[str]] = {}
    for row in result.manifest.rows:
        parts.setdefault(row.case_id[:8], set()).add(row.part)
    assert len(parts) == 8
    assert all(len(found) == 1 for found in parts.values())
    assert len({row.group for row in result.manifest.rows}) == 8
    assert {row.lesion_px for row in result.manifest.rows} == {200}
    assert verify(result.out, dataset=bus_bra).findings == ()
    assert prepare(bus_bra, tmp_path / "out", settings=SETTINGS).unchanged


def test_audit_takes_it(bus_bra: Path) -> None:
    report = audit(bus_bra, workers=1).report
    assert report.images == {"normal": 0, "benign": 6, "malignant": 6}
    assert report.missing_classes == report.problems == ()


def test_the_mission_protocol_is_for_busi(bus_bra: Path, tmp_path: Path) -> None:
    mission = replace(SETTINGS, protocol="mission", folds=0)
    with pytest.raises(InvalidInputError, match=r"published split of BUSI.*--protocol grouped"):
        prepare(bus_bra, tmp_path / "out", settings=mission)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("folder", ["Images", "Masks"])
def test_a_lost_folder(bus_bra: Path, folder: str) -> None:
    (bus_bra / folder).rename(bus_bra.parent / "elsewhere")
    with pytest.raises(DatasetError, match=f"expected a folder {folder}/"):
        list_dataset(bus_bra)


@pytest.mark.realdata
def test_the_real_one(busbra_root: Path) -> None:
    listing = list_dataset(busbra_root)
    assert len(listing.cases) == 1875
    assert len({case.patient_id for case in listing.cases}) == 1064
    assert Counter(case.label.value for case in listing.cases) == {
        "benign": 1268, "malignant": 607,
    }  # fmt: skip
    assert all(len(case.mask_paths) == 1 for case in listing.cases)
    assert listing.orphan_masks == listing.odd_files == ()
