"""A canary in every patient tag and in the path of a DICOM file: no report shows one."""

from __future__ import annotations

import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

pytest.importorskip("highdicom", reason="needs the extra [dicom]")

from dicom_source import SHAPE, make_source, save_source
from tiny_bundle import speckle_image

from sonolesion.bundle import Bundle
from sonolesion.inference import Predictor
from sonolesion.writers import run_prediction
from sonolesion.writers.case_extras import CaseExtras, ReportKind
from sonolesion.writers.pdf_page import PdfPage

CANARY = "Canary"
DATE = "19010203"
TAGS = {
    "PatientName": f"{CANARY}^Name", "PatientID": f"{CANARY}-ID", "PatientBirthDate": DATE,
    "OtherPatientNames": f"{CANARY}^Other", "PatientComments": f"{CANARY} comment",
    "AccessionNumber": f"{CANARY}-ACC", "StudyID": f"{CANARY}-ST", "StudyDate": DATE,
    "SeriesDate": DATE, "ContentDate": DATE, "AcquisitionDate": DATE,
    "ReferringPhysicianName": f"{CANARY}^Doctor", "OperatorsName": f"{CANARY}^Operator",
    "InstitutionName": f"{CANARY} hospital", "StationName": f"{CANARY} station",
    "StudyDescription": f"{CANARY} study", "SeriesDescription": f"{CANARY} series",
    "ImageComments": f"{CANARY} image", "Manufacturer": f"{CANARY} maker",
}  # fmt: skip


def has_canary(text: str) -> bool:
    return CANARY.lower() in text.lower() or DATE in text or "1901" in text


def streams_of(data: bytes) -> str:
    """All of a PDF: its objects, and its streams unpacked."""
    parts = [data]
    for found in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.S):
        try:
            parts.append(zlib.decompress(found))
        except zlib.error:
            parts.append(found)
    return b"\n".join(parts).decode("latin-1")


@pytest.mark.parametrize("spoilt", [False, True])
def test_no_report_of_a_dicom_file_names_anyone(
    spoilt: bool, tmp_path: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write_line = PdfPage.write_line

    def keep(self: PdfPage, text: str, *place: float, **style: object) -> None:
        written.append(text)
        write_line(self, text, *place, **style)  # type: ignore[arg-type]

    monkeypatch.setattr(PdfPage, "write_line", keep)
    folder = tmp_path / f"{CANARY} clinic" / DATE
    folder.mkdir(parents=True)
    source = make_source(speckle_image(*SHAPE), **TAGS)
    if spoilt:  # no DICOM results can be made, and the note says why, with the file's name
        del source.StudyInstanceUID
    path = save_source(source, folder / f"{CANARY}^Name.dcm")
    out = tmp_path / "out"
    report = run_prediction(
        [str(path)], out, predictor=Predictor(tiny_bundle, threads=1), dicom=True,
        extras=CaseExtras(explain=True, reports=tuple(ReportKind)),
    )  # fmt: skip
    (row,) = report.rows
    page = (out / row.files["html"]).read_text("utf-8")
    paper = (out / row.files["pdf"]).read_bytes()
    assert "DICOM image" in page
    assert "DICOM image" in written
    assert not has_canary(re.sub(r"base64,[^\"]*", "", page))
    assert not has_canary(" ".join(written))
    assert not has_canary(streams_of(paper))
    if shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", str(out / row.files["pdf"]), "-"], capture_output=True)
        assert not has_canary(done.stdout.decode("utf-8"))
    assert has_canary(row.source), "the canary was there to be found"
