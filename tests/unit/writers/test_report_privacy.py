"""A canary in every patient tag and in the path of a DICOM file: no report shows one."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

pytest.importorskip("highdicom", reason="needs the extra [dicom]")

import pyarrow.parquet
import typer
from dicom_source import SHAPE, make_source, save_source
from PIL import Image, ImageDraw
from tiny_bundle import speckle_image
from typer.testing import CliRunner

from sonolesion.bundle import Bundle
from sonolesion.cli.compare import compare_command
from sonolesion.cli.predict import predict_command
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
    """The names, and the date as DICOM, people and computers write it.

    The year alone is not looked for: in the numbers of a PDF it turns up by chance.
    """
    return CANARY.lower() in text.lower() or bool(re.search(r"1901.?02.?03|0?3.0?2.1901", text))


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
    title = f"DICOM image {hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
    assert title in page
    assert title in written
    assert not has_canary(re.sub(r"base64,[^\"]*", "", page))
    assert not has_canary(" ".join(written))
    assert not has_canary(streams_of(paper))
    if shutil.which("pdftotext"):
        done = subprocess.run(["pdftotext", str(out / row.files["pdf"]), "-"], capture_output=True)
        assert not has_canary(done.stdout.decode("utf-8"))
    assert has_canary(row.source), "the canary was there to be found"


FOLDER, FILE = "Folderwren", "Filewren"
BY_FILE = {"source", "stem", "mask_file", "overlay_file", "picture_file", "text_file", "why_file",
           "html_file", "pdf_file"}  # fmt: skip


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is drawn into a picture or written on a page of a PDF."""
    texts: list[str] = []
    draw_text, write_line = ImageDraw.ImageDraw.text, PdfPage.write_line

    def keep_drawn(self, xy, text, *rest, **style):  # type: ignore[no-untyped-def]
        texts.append(str(text))
        return draw_text(self, xy, text, *rest, **style)

    def keep_written(self, text, *place, **style):  # type: ignore[no-untyped-def]
        texts.append(text)
        return write_line(self, text, *place, **style)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", keep_drawn)
    monkeypatch.setattr(PdfPage, "write_line", keep_written)
    return texts


def save_planted(folder: Path, *, seed: int = 0) -> Path:
    """A DICOM file with a name in its tags, one in its folder's name and one in its own."""
    folder.mkdir(parents=True)
    source = make_source(speckle_image(*SHAPE, seed=seed), **TAGS)
    return save_source(source, folder / f"{FILE}.dcm")


def run(command: object, *arguments: object, bundle: Bundle) -> str:
    app = typer.Typer()
    app.command()(command)  # type: ignore[type-var]
    done = CliRunner().invoke(app, [*map(str, arguments), "--bundle", str(bundle.folder)])
    assert done.exit_code == 0, done.output
    return done.output


def test_every_default_output_of_predict(
    tmp_path: Path, tiny_bundle: Bundle, drawn: list[str]
) -> None:
    """Tags reach no output; the path stands in tables and record alone, to find the file again.

    Files are called after the input file, and never after its folder.
    """
    paths = [save_planted(tmp_path / f"{FOLDER}{k}", seed=k) for k in (1, 2)]
    out = tmp_path / "out"
    printed = run(
        predict_command, *paths, "-o", out, "--explain", "--report", "html", "--report", "pdf",
        "--parquet", bundle=tiny_bundle,
    )  # fmt: skip
    texts = " ".join(drawn)
    assert "DICOM image" in texts
    assert not has_canary(texts + printed)
    assert FOLDER not in texts
    assert FILE not in texts
    files = [path for path in out.rglob("*") if path.is_file()]
    assert sum(path.suffix == ".png" for path in files) == 2 * 4
    for path in files:
        inside = str(path.relative_to(out))
        content = streams_of(path.read_bytes()) if path.suffix == ".pdf" else None
        if content is None:
            content = re.sub(r"base64,[^\"]*", "", path.read_bytes().decode("latin-1"))
        assert not has_canary(inside + content), inside
        assert FOLDER not in inside
        if path.name.endswith(("_result.txt", ".html", ".pdf", ".png")) or path.stem == "summary":
            assert FOLDER not in content, inside
            assert FILE not in content, inside
        if path.suffix == ".png":
            with Image.open(path) as picture:
                assert not picture.info, inside


def test_the_path_of_an_input_stands_only_in_the_columns_that_find_it(
    tmp_path: Path, tiny_bundle: Bundle
) -> None:
    path, out = save_planted(tmp_path / FOLDER), tmp_path / "out"
    run(predict_command, path, "-o", out, "--no-pictures", "--parquet", bundle=tiny_bundle)
    (row,) = csv.DictReader((out / "predictions.csv").read_text("utf-8-sig").splitlines())
    (typed,) = pyarrow.parquet.read_table(out / "predictions.parquet").to_pylist()
    (line,) = (out / "predictions.jsonl").read_text("utf-8").splitlines()
    for named in (row, typed, json.loads(line)):
        holding = {k for k, v in named.items() if FILE in str(v) or FOLDER in str(v)}
        assert {"source", "stem"} <= holding <= BY_FILE | {"files"}
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert {k for k, v in record.items() if FOLDER in str(v)} == {"arguments", "inputs"}


def test_a_comparison_names_nobody_in_picture_and_text(
    tmp_path: Path, tiny_bundle: Bundle, drawn: list[str]
) -> None:
    paths = [save_planted(tmp_path / f"{FOLDER}{k}", seed=k) for k in (1, 2)]
    out = tmp_path / "out"
    printed = run(compare_command, *paths, "-o", out, bundle=tiny_bundle)
    text = (out / "comparison.txt").read_text("utf-8")
    for path, name in zip(paths, ("Earlier", "Later"), strict=True):
        digits = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        assert f"{name}: DICOM image {digits}" in text
        assert f"{name}: DICOM image {digits}" in drawn
    everything = text + " ".join(drawn)
    assert not has_canary(everything + printed)
    assert FILE not in everything
    assert FOLDER not in everything
    assert not has_canary((out / "comparison.json").read_text("utf-8"))
