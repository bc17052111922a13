"""What holds of all three objects, and what is refused."""

from __future__ import annotations

import dataclasses
import importlib.util
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_results import MADE_AT, Written, write
from dicom_source import (
    INSTANCE,
    SHAPE,
    STUDY,
    draw_mask,
    empty_findings,
    make_findings,
    make_source,
    save_source,
)
from tiny_bundle import speckle_image

from sonolesion.errors import (
    InvalidInputError,
    MissingExtraError,
    OutputWriteError,
    UnreadableImageError,
    UnsupportedImageError,
)
from sonolesion.writers.dicom import write_dicom_results


def uids(written: Written) -> set[str]:
    return {pydicom.dcmread(path).SOPInstanceUID for path in written.files.paths}


def test_patient_and_study_stay_and_the_rest_is_new(written: Written) -> None:
    series = set()
    for path in written.files.paths:
        found = pydicom.dcmread(path)
        assert found.StudyInstanceUID == STUDY
        assert found.SpecificCharacterSet == "ISO_IR 192"
        assert str(found.PatientName) == "Müller^Änne"
        for keyword in ("PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
                        "StudyID", "AccessionNumber", "ReferringPhysicianName"):  # fmt: skip
            assert found[keyword].value == written.source[keyword].value
        assert found.SOPInstanceUID not in {INSTANCE, STUDY}
        assert found.Manufacturer == "sonolesion"
        assert found.ContentQualification == "RESEARCH"
        assert "RESEARCH USE ONLY" in found.SeriesDescription
        assert (found.ContentDate, found.ContentTime) == ("20261130", "123456")
        series.add(found.SeriesInstanceUID)
    assert len(series) == len(written.files.paths)


def test_names_are_the_callers_stem(written: Written) -> None:
    frame = "" if written.frame is None else "_frame3"
    kinds = ("seg", "sr", "sc") if written.files.segmentation else ("sr", "sc")
    assert [p.name for p in written.files.paths] == [f"case{frame}_{kind}.dcm" for kind in kinds]


def test_a_rerun_gives_the_same_bytes(written: Written, tmp_path: Path) -> None:
    again = write(tmp_path, written.source, written.findings)
    for first, second in zip(written.files.paths, again.files.paths, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_another_time_changes_dates_only(tmp_path: Path) -> None:
    source = make_source(speckle_image(*SHAPE))
    later = datetime(2027, 1, 2, 3, 4, 5)  # noqa: DTZ001
    for made_at, stem in ((MADE_AT, "a"), (later, "b")):
        write_dicom_results(source, make_findings(), tmp_path, stem=stem, made_at=made_at)
    stamps = {"InstanceCreationDate", "InstanceCreationTime", "ContentDate", "ContentTime",
              "DateOfSecondaryCapture", "TimeOfSecondaryCapture",
              "ContributingEquipmentSequence"}  # fmt: skip
    for kind in ("seg", "sr", "sc"):
        first, second = (pydicom.dcmread(tmp_path / f"{s}_{kind}.dcm") for s in "ab")
        assert {e.keyword for e in first if second[e.tag] != e} <= stamps
        assert second.ContentDate == "20270102"


@pytest.mark.parametrize(
    "change",
    [
        {"pixels": speckle_image(*SHAPE, seed=1)},
        {"spacing_mm": (0.1, 0.1)},
        {"unsure": True},
        {"mask": np.roll(draw_mask(), 1, axis=1)},
    ],
    ids=["pixels", "spacing", "answer", "mask"],
)
def test_another_result_has_another_uid(change: dict[str, object], tmp_path: Path) -> None:
    source = make_source(speckle_image(*SHAPE))
    first = write(tmp_path / "a", source, make_findings())
    second = write(tmp_path / "b", source, make_findings(**change))  # type: ignore[arg-type]
    assert not uids(first) & uids(second)


def test_another_model_or_source_or_frame_has_another_uid(tmp_path: Path) -> None:
    findings = make_findings()
    source = make_source(speckle_image(*SHAPE))
    other_model = dataclasses.replace(
        findings, bundle=dataclasses.replace(findings.bundle, temperature=2.0)
    )
    other_source = make_source(speckle_image(*SHAPE), SOPInstanceUID="2.25.5")
    frames = make_source(np.stack([speckle_image(*SHAPE)] * 3))
    done = [
        write(tmp_path / "a", source, findings),
        write(tmp_path / "b", source, other_model),
        write(tmp_path / "c", other_source, findings),
        write(tmp_path / "d", frames, dataclasses.replace(findings, frame=1)),
        write(tmp_path / "e", frames, dataclasses.replace(findings, frame=2)),
    ]
    found = [uid for each in done for uid in uids(each)]
    assert len(found) == len(set(found)) == 15


def test_frames_of_one_source_share_a_series(tmp_path: Path) -> None:
    frames = make_source(np.stack([speckle_image(*SHAPE)] * 3))
    found = set()
    for frame in (1, 2):
        files = write(tmp_path, frames, make_findings(frame=frame)).files
        found.add(pydicom.dcmread(files.capture).SeriesInstanceUID)
    assert len(found) == 1
    assert len(list(tmp_path.glob("case_frame*_*.dcm"))) == 6


def test_a_segmentation_left_by_an_earlier_run_is_removed(tmp_path: Path) -> None:
    source = make_source(speckle_image(*SHAPE))
    first = write(tmp_path, source, make_findings())
    assert first.files.segmentation is not None
    second = write(tmp_path, source, empty_findings())
    assert second.files.segmentation is None
    assert not first.files.segmentation.exists()


def test_a_data_set_is_not_changed_and_gives_the_same(tmp_path: Path) -> None:
    source = make_source(speckle_image(*SHAPE))
    before = source.to_json()
    options = {"stem": "x", "made_at": MADE_AT}
    write_dicom_results(source, make_findings(), tmp_path / "a", **options)  # type: ignore[arg-type]
    assert source.to_json() == before
    path = save_source(source, tmp_path / "in.dcm")
    write_dicom_results(str(path), make_findings(), tmp_path / "b", **options)  # type: ignore[arg-type]
    for kind in ("seg", "sr", "sc"):
        one, two = ((tmp_path / d / f"x_{kind}.dcm").read_bytes() for d in "ab")
        assert one == two


def test_text_in_another_character_set_becomes_utf8(tmp_path: Path) -> None:
    name = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    source = make_source(
        speckle_image(*SHAPE), SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName=name
    )
    other = pydicom.Dataset()
    other.PatientID, other.IssuerOfPatientID = "ID-78", "山田"
    source.OtherPatientIDsSequence = [other]
    for path in write(tmp_path, source, make_findings()).files.paths:
        found = pydicom.dcmread(path)
        assert str(found.PatientName) == name
        assert name.encode() in path.read_bytes()
        assert found.OtherPatientIDsSequence[0].IssuerOfPatientID == "山田"


def test_what_the_source_lacks_is_empty(tmp_path: Path) -> None:
    source = make_source(speckle_image(*SHAPE))
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate",
                    "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName",
                    "SpecificCharacterSet", "Laterality"):  # fmt: skip
        del source[keyword]
    for path in write(tmp_path, source, make_findings()).files.paths:
        found = pydicom.dcmread(path)
        assert found.PatientID in ("", None)
        assert found.StudyDate in ("", None)


@pytest.mark.parametrize(
    ("frames", "frame", "said"),
    [(1, 2, "from 1 to 1, got 2"), (3, None, "from 1 to 3, got none"), (3, 0, "got 0"),
     (3, 4, "got 4")],
)  # fmt: skip
def test_wrong_frames(frames: int, frame: int | None, said: str, tmp_path: Path) -> None:
    pixels = np.stack([speckle_image(*SHAPE)] * frames)
    source = make_source(pixels if frames > 1 else pixels[0])
    with pytest.raises(InvalidInputError, match=said):
        write_dicom_results(source, make_findings(frame=frame), tmp_path)


def test_an_image_of_another_size(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="expected the source's 64 x 64"):
        write_dicom_results(make_source(speckle_image(64, 64)), make_findings(), tmp_path)
    assert not list(tmp_path.iterdir())


def test_measurements_of_another_mask(tmp_path: Path) -> None:
    findings = dataclasses.replace(make_findings(), lesions=empty_findings().lesions)
    with pytest.raises(InvalidInputError, match="2 lesions of this mask"):
        write_dicom_results(make_source(speckle_image(*SHAPE)), findings, tmp_path)


def test_a_mask_of_another_size(tmp_path: Path) -> None:
    findings = dataclasses.replace(make_findings(), image=make_findings(
        np.zeros((64, 64), np.bool_), pixels=speckle_image(64, 64)).image)  # fmt: skip
    with pytest.raises(InvalidInputError, match="its mask is"):
        write_dicom_results(make_source(speckle_image(64, 64)), findings, tmp_path)


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "StudyInstanceUID", "Rows"])
def test_a_source_without_what_is_needed(keyword: str, tmp_path: Path) -> None:
    source = make_source(speckle_image(*SHAPE))
    del source[keyword]
    with pytest.raises(UnsupportedImageError, match=keyword):
        write_dicom_results(source, make_findings(), tmp_path)


def test_no_dicom_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"\x89PNG" * 100)
    for name in ("a.dcm", "none.dcm"):
        with pytest.raises(UnreadableImageError):
            write_dicom_results(tmp_path / name, make_findings(), tmp_path)


@pytest.mark.parametrize("stem", ["", "a/b", "..", "a\\b", "x" * 201])
def test_a_stem_that_is_no_file_name(stem: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="stem"):
        write_dicom_results(
            make_source(speckle_image(*SHAPE)), make_findings(), tmp_path, stem=stem
        )


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for findings in (make_findings(), empty_findings()):
        with pytest.raises(OutputWriteError):
            write_dicom_results(make_source(speckle_image(*SHAPE)), findings, tmp_path / "file")


def test_without_the_extra_the_message_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sonolesion\[dicom\]'"):
        write_dicom_results(tmp_path / "a.dcm", make_findings(), tmp_path)
