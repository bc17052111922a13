"""`predict --dicom`: results of DICOM inputs beside the other files of a run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_bundle import speckle_image

pytest.importorskip("highdicom", reason="needs the extra [dicom]")

import pydicom
from dicom_source import INSTANCE, STUDY, add_region, make_source

from sonolesion.bundle import Bundle
from sonolesion.errors import OutputExistsError
from sonolesion.inference import Predictor
from sonolesion.inference.inputs import ReadOptions
from sonolesion.writers import run_prediction

SCAN = speckle_image(128, 166)


@pytest.fixture(scope="module")
def predictor(tiny_bundle: Bundle) -> Predictor:
    return Predictor(tiny_bundle, threads=1)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    add_region(make_source(SCAN)).save_as(folder / "a.dcm", enforce_file_format=True)
    clip = make_source(np.stack([SCAN, speckle_image(128, 166, radius_px=0)]))
    clip.save_as(folder / "clip.dcm", enforce_file_format=True)
    Image.fromarray(SCAN).save(folder / "p.png")
    return folder


def test_dicom_inputs_get_results_and_others_a_note(
    predictor: Predictor, study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    report = run_prediction(
        [str(study)], out, predictor=predictor, dicom=True, reading=ReadOptions(frame="all"),
        pictures=False, workers=2,
    )  # fmt: skip
    assert report.failures == ()
    rows = {row.stem: row for row in report.rows}
    assert sorted(rows) == ["a", "clip_frame1", "clip_frame2", "p"]
    names = {f"a_{kind}.dcm" for kind in ("seg", "sr", "sc")}
    names |= {f"clip_frame1_{kind}.dcm" for kind in ("seg", "sr", "sc")}
    names |= {f"clip_frame2_{kind}.dcm" for kind in ("sr", "sc")}  # nothing is outlined there
    assert {path.name for path in (out / "dicom").iterdir()} == names
    assert rows["clip_frame1"].files["seg"] == "dicom/clip_frame1_seg.dcm"
    assert set(rows["p"].files) == {"mask", "text"}
    assert rows["p"].notes[-1] == "no DICOM results: the input is not DICOM"
    assert not any("no DICOM" in note for note in rows["a"].notes)
    found = pydicom.dcmread(out / rows["a"].files["seg"])
    assert found.StudyInstanceUID == STUDY
    rows_of_mask = np.array(Image.open(out / rows["a"].files["mask"])) > 0
    assert np.array_equal(found.pixel_array.reshape(-1, *SCAN.shape).any(axis=0), rows_of_mask)
    (reference,) = pydicom.dcmread(out / rows["clip_frame2"].files["sc"]).SourceImageSequence
    assert (reference.ReferencedSOPInstanceUID, reference.ReferencedFrameNumber) == (INSTANCE, 2)
    with (out / "predictions.csv").open(newline="", encoding="utf-8") as file:
        cells = {row["stem"]: row["sr_file"] for row in csv.DictReader(file)}
    assert cells["a"] == "dicom/a_sr.dcm"
    assert cells["p"] == ""
    lines = (out / "predictions.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["files"]["sc"] == "dicom/a_sc.dcm"


def test_a_source_without_identifiers_keeps_its_row(predictor: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    source = make_source(SCAN)
    del source.StudyInstanceUID
    source.save_as(path, enforce_file_format=True)
    report = run_prediction([str(path)], tmp_path / "out", predictor=predictor, dicom=True)
    (row,) = report.rows
    assert row.notes[-1].startswith("no DICOM results: the DICOM source has no valid StudyInst")
    assert not (tmp_path / "out" / "dicom").exists()


def test_results_belong_to_the_run(predictor: Predictor, study: Path, tmp_path: Path) -> None:
    inputs, out = [str(study / "a.dcm")], tmp_path / "out"
    run_prediction(inputs, out, predictor=predictor, dicom=True)
    assert run_prediction(inputs, out, predictor=predictor, dicom=True).n_taken_over == 1
    with pytest.raises(OutputExistsError, match=r"dicom True \(now False\)"):
        run_prediction(inputs, out, predictor=predictor)
    (out / "dicom" / "a_sr.dcm").unlink()
    assert run_prediction(inputs, out, predictor=predictor, dicom=True).n_taken_over == 0
    assert (out / "dicom" / "a_sr.dcm").is_file()
