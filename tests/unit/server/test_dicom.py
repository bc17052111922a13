"""DICOM in, DICOM results out; the patient is in those and nowhere else."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest

pytest.importorskip("highdicom", reason="needs the extra [dicom]")

import pydicom
from desk_server import PNG, Desk, mask_png
from dicom_source import make_source, save_source
from tiny_bundle import speckle_image

DICOM = {"Content-Type": "application/dicom"}
CANARIES = ("Müller", "Änne", "ID-77-X", "19610203", "ACC-1", "Roe^Rita")


@pytest.fixture
def scan(tmp_path: Path) -> bytes:
    return save_source(make_source(speckle_image()), tmp_path / "Müller.dcm").read_bytes()


@pytest.mark.parametrize("name", ["seg.dcm", "sr.dcm", "sc.dcm"])
def test_results_of_one_request(desk: Desk, scan: bytes, name: str) -> None:
    answer = desk.api("POST", f"/predictions/{name}", content=scan, headers=DICOM)
    assert answer.status_code == 200, answer.text
    made = pydicom.dcmread(io.BytesIO(answer.content))
    source = pydicom.dcmread(io.BytesIO(scan))
    assert made.StudyInstanceUID == source.StudyInstanceUID
    assert made.Modality == {"seg.dcm": "SEG", "sr.dcm": "SR", "sc.dcm": made.Modality}[name]
    assert "Müller" not in answer.headers.get("content-disposition", "")


def test_an_edited_outline_is_marked(desk: Desk, scan: bytes) -> None:
    added = desk.api("POST", "/cases", content=scan, headers=DICOM).json()
    case_id = desk.wait(added["id"])
    desk.own_read(case_id)
    query = {"reader": "ann"}
    path = f"/cases/{case_id}"

    def read(name: str) -> pydicom.Dataset:
        answer = desk.api("GET", f"{path}/{name}", params=query)
        assert answer.status_code == 200, answer.text
        return pydicom.dcmread(io.BytesIO(answer.content))

    assert read("seg.dcm").SegmentSequence[0].SegmentAlgorithmType == "AUTOMATIC"
    assert "edited by a reader" not in read("sr.dcm").to_json()
    before = read("sr.dcm").SOPInstanceUID
    put = desk.api(
        "PUT", f"{path}/outline", content=mask_png(20, 30, 40), headers=PNG, params=query
    )
    assert put.status_code == 200, put.text
    assert read("seg.dcm").SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert "edited by a reader" in read("sr.dcm").to_json()
    assert read("sr.dcm").SOPInstanceUID != before
    empty = mask_png(0, 0, 0)
    desk.api("PUT", f"{path}/outline", content=empty, headers=PNG, params=query)
    assert desk.api("GET", f"{path}/seg.dcm", params=query).status_code == 409


def test_the_patient_is_in_no_text_of_ours(
    desk: Desk, scan: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    files = {"file": ("Müller^Änne ID-77-X.dcm", scan)}
    case_id = desk.wait(desk.api("POST", "/cases", files=files).json()["id"])
    desk.own_read(case_id)
    query = {"reader": "ann"}
    texts = [
        desk.api("GET", f"/cases/{case_id}/{name}", params=query).text
        for name in ("prediction", "report.html", "reads")
    ]
    texts += [desk.api("GET", f"/export/cases.{kind}").text for kind in ("csv", "jsonl")]
    texts += [desk.api("GET", "/audit", params={"limit": 1000}).text]
    texts += [desk.http.get("/metrics").text, caplog.text]
    broken = desk.api("POST", "/predictions", content=scan[:900], headers=DICOM)
    assert broken.status_code in (422, 501)
    texts.append(broken.text)
    raw = (desk.settings.data / "desk.db").read_bytes()
    raw += (desk.settings.data / "desk.db-wal").read_bytes()
    texts.append(raw.decode("utf-8", "replace"))
    for canary in CANARIES:
        assert not any(canary in text for text in texts), canary
