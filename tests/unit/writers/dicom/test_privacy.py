"""A canary in every patient tag: it is in the objects' own tags, and nowhere else."""

from __future__ import annotations

import logging
import re
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_source import SHAPE, make_findings, make_source, save_source
from tiny_bundle import speckle_image

from sonolesion.errors import SonolesionError
from sonolesion.writers.dicom import picture, write_dicom_results

CANARY = "Canary"
DATE = "19010203"
TAGS = {
    "PatientName": f"{CANARY}^Name",
    "PatientID": f"{CANARY}-ID",
    "PatientBirthDate": DATE,
    "OtherPatientNames": f"{CANARY}^Other",
    "PatientComments": f"{CANARY} comment",
    "AccessionNumber": f"{CANARY}-ACC",
    "StudyID": f"{CANARY}-ST",
    "ReferringPhysicianName": f"{CANARY}^Doctor",
    "InstitutionName": f"{CANARY} hospital",
    "StudyDescription": f"{CANARY} study",
    "SeriesDescription": f"{CANARY} series",
    "ImageComments": f"{CANARY} image",
}
MAY_HOLD = {"PatientName", "PatientID", "PatientBirthDate", "OtherPatientNames", "AccessionNumber",
            "StudyID", "ReferringPhysicianName", "StudyDescription"}  # fmt: skip


def has_canary(text: str) -> bool:
    return CANARY.lower() in text.lower() or DATE in text


def test_the_patient_is_in_the_patient_tags_only(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    burned_in: list[str] = []
    add_caption = picture.add_caption

    def keep(rgb: np.ndarray, paragraphs: tuple[str, ...]) -> np.ndarray:
        burned_in.extend(paragraphs)
        return add_caption(rgb, paragraphs)

    monkeypatch.setattr(picture, "add_caption", keep)
    source = make_source(speckle_image(*SHAPE), **TAGS)
    path = save_source(source, tmp_path / f"{CANARY}.dcm")
    findings = make_findings(notes=(f"{CANARY} note",))
    with caplog.at_level(logging.DEBUG):
        files = write_dicom_results(path, findings, tmp_path / "out")
    assert burned_in
    said = capfd.readouterr()
    assert not has_canary(caplog.text + said.out + said.err + " ".join(burned_in))
    for written in files.paths:
        assert re.fullmatch(r"[0-9a-f]{16}_(seg|sr|sc)\.dcm", written.name)
        found = pydicom.dcmread(written)
        held = {e.keyword for e in found if has_canary(str(e.value))}
        assert held == MAY_HOLD


def save_malformed(path: Path, keyword: str, value: str) -> Path:
    """Save a source whose element holds a text that it may not hold.

    In implicit VR: the file then does not say that it is a text.
    """
    source = make_source(speckle_image(*SHAPE))
    source[keyword] = pydicom.DataElement(keyword, "LT", value)
    source.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    source.save_as(path, enforce_file_format=True)
    return path


MALFORMED = {
    "PatientBirthDate": f"{CANARY} 1901",
    "PatientID": f"{CANARY}" * 20,
    "PatientSex": f"{CANARY}",
    "PatientAge": f"{CANARY}",
    "PatientWeight": f"{CANARY}",
    "StudyDate": f"{CANARY}",
    "StudyTime": f"{CANARY}",
}


@pytest.mark.parametrize("keyword", sorted(MALFORMED))
def test_a_malformed_value_neither_stops_nor_shows(
    keyword: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save_malformed(tmp_path / "in.dcm", keyword, MALFORMED[keyword])
    caplog.clear()
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        files = write_dicom_results(path, make_findings(), tmp_path, stem="x")
    assert not has_canary(caplog.text)
    assert not [w for w in caught if has_canary(str(w.message))]
    for written in files.paths:
        assert MALFORMED[keyword].encode() in written.read_bytes()


@pytest.mark.parametrize("keyword", ["NumberOfFrames", "SeriesInstanceUID", "StudyInstanceUID"])
def test_an_error_does_not_quote_the_source(
    keyword: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save_malformed(tmp_path / f"{CANARY}.dcm", keyword, CANARY)
    caplog.clear()
    with caplog.at_level(logging.DEBUG), pytest.raises(SonolesionError) as caught:
        write_dicom_results(path, make_findings(), tmp_path, stem="x")
    assert not has_canary(str(caught.value) + caplog.text)
    assert caught.value.__cause__ is None
