"""`sonolesion predict` on DICOM files; nothing of the patient gets out."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from tiny_bundle import speckle_image
from typer.testing import CliRunner, Result

pytest.importorskip("pydicom", reason="needs the extra [dicom]")

from dicom_files import make_dataset, make_file, region, to_bytes
from pydicom.dataset import Dataset

from sonolesion.bundle import Bundle
from sonolesion.cli.predict import predict_command

APP = typer.Typer()
APP.command()(predict_command)
SCAN = speckle_image()

CANARIES = {
    "PatientName": "CANARY^NAME", "PatientID": "CANARY-ID", "PatientBirthDate": "19010203",
    "PatientAddress": "CANARY STREET", "PatientComments": "CANARY COMMENT",
    "OtherPatientIDs": "CANARY-OTHER", "InstitutionName": "CANARY HOSPITAL",
    "InstitutionAddress": "CANARY TOWN", "ReferringPhysicianName": "CANARY^REFERRER",
    "PerformingPhysicianName": "CANARY^PERFORMER", "OperatorsName": "CANARY^OPERATOR",
    "StudyDate": "19020304", "SeriesDate": "19020305", "StudyTime": "123459",
    "AcquisitionDateTime": "19020306070809", "AccessionNumber": "CANARY-ACC",
    "StudyDescription": "CANARY STUDY", "SeriesDescription": "CANARY SERIES",
    "StationName": "CANARY-STATION", "DeviceSerialNumber": "CANARY-SERIAL",
    "ProtocolName": "CANARY PROTOCOL", "ImageComments": "CANARY IMAGE", "StudyID": "CANARY-SID",
    "StudyInstanceUID": "1.2.3.987654321.1", "SeriesInstanceUID": "1.2.3.987654321.2",
    "SOPInstanceUID": "1.2.3.987654321.3", "FrameOfReferenceUID": "1.2.3.987654321.4",
}  # fmt: skip
FRAGMENTS = ("canary", "19010203", "1902030", "123459", "987654321")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def predict(bundle: Bundle, *arguments: str) -> Result:
    options = ["--bundle", str(bundle.folder), "--threads", "1"]
    return CliRunner().invoke(APP, [*arguments, *options])


def rows(out: Path = Path("predictions")) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "predictions.csv").read_text("utf-8-sig").splitlines()))


def test_clip_is_refused_with_its_count_and_read_frame_by_frame(
    work: Path, tiny_bundle: Bundle
) -> None:
    Path("clip.dcm").write_bytes(make_file(np.stack([SCAN] * 3), frames=3))
    refused = predict(tiny_bundle, "clip.dcm")
    assert refused.exit_code == 4
    assert "holds 3 frames" in refused.stderr
    one = predict(tiny_bundle, "clip.dcm", "--frame", "2", "-o", "one")
    assert one.exit_code == 0, one.output
    assert [r["source"] for r in rows(Path("one"))] == ["clip.dcm [frame 2]"]
    everything = predict(tiny_bundle, "clip.dcm", "--frame", "all", "-o", "all")
    assert everything.exit_code == 0, everything.output
    assert [r["stem"] for r in rows(Path("all"))] == [f"clip_frame{n}" for n in (1, 2, 3)]
    assert Path("all/masks/clip_frame3_mask.png").is_file()
    record = json.loads(Path("all/run.json").read_text())
    assert record["arguments"]["frame"] == "all"
    assert [Path(i["path"]).name for i in record["inputs"]] == ["clip.dcm"]


def test_dual_view_gives_two_rows_on_the_frame_s_own_grid(work: Path, tiny_bundle: Bundle) -> None:
    pixels = np.zeros((140, 340), np.uint8)
    pixels[5:133, 5:165] = pixels[5:133, 175:335] = SCAN
    views = (region(5, 5, 164, 132), region(175, 5, 334, 132))
    Path("dual.dcm").write_bytes(make_file(pixels, regions=views))
    result = predict(tiny_bundle, "dual.dcm")
    assert result.exit_code == 0, result.output
    assert [r["stem"] for r in rows()] == ["dual_view1", "dual_view2"]
    masks = [np.array(Image.open(f"predictions/masks/dual_view{v}_mask.png")) for v in (1, 2)]
    assert masks[0].shape == masks[1].shape == (140, 340)
    assert np.array_equal(masks[0][:, 5:165], masks[1][:, 175:335])
    assert masks[0].any()
    assert not masks[0][:, 170:].any()
    assert not masks[1][:, :170].any()


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [("--frame", "first", "a number from 1, or all"), ("--mm-per-px", "big", "mm per pixel")],
)
def test_options_that_cannot_be_give_2(
    work: Path, tiny_bundle: Bundle, option: str, value: str, reason: str
) -> None:
    Path("a.dcm").write_bytes(make_file(SCAN))
    result = predict(tiny_bundle, "a.dcm", option, value)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_spacing_by_hand_for_a_picture(work: Path, tiny_bundle: Bundle) -> None:
    Image.fromarray(SCAN).save("a.png")
    result = predict(tiny_bundle, "a.png", "--mm-per-px", "0.08x0.1")
    assert result.exit_code == 0, result.output
    assert "pixel size given by hand: 0.08 x 0.1 mm" in rows()[0]["notes"]


def test_without_the_extra_only_the_dicom_files_fail(
    work: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.dcm").write_bytes(make_file(SCAN))
    Image.fromarray(SCAN).save("b.png")
    monkeypatch.setitem(sys.modules, "pydicom.filereader", None)
    result = predict(tiny_bundle, ".")
    assert result.exit_code == 3
    assert "a.dcm: reading DICOM needs pydicom. Install it: pip install" in result.stderr
    assert [r["source"] for r in rows()] == ["b.png"]
    assert predict(tiny_bundle, "a.dcm", "-o", "one").exit_code == 1


def planted(pixels: np.ndarray, **elements: object) -> Dataset:
    dataset = make_dataset(pixels, regions=(region(30, 40, 189, 167),), **(CANARIES | elements))
    dataset.private_block(0x0009, "CANARY BLOCK", create=True).add_new(1, "LO", "CANARY PRIVATE")
    nested = Dataset()
    nested.PatientName, nested.ReferencedSOPInstanceUID = "CANARY^NESTED", "1.2.3.987654321.5"
    dataset.RequestAttributesSequence = [nested]
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.987654321.3"
    dataset.file_meta.ImplementationVersionName = "CANARY-IMPL"
    return dataset


def test_nothing_of_the_patient_gets_out(
    work: Path, tiny_bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    """Tags, nested and private ones too, UIDs, and what is burned in around the scan."""
    screen = np.zeros((220, 240), np.uint8)
    screen[:30, ::3] = 255  # stands for a name along the upper edge
    screen[40:168, 30:190] = SCAN
    files = {
        "good.dcm": to_bytes(planted(screen)),
        "other.dcm": to_bytes(planted(screen, Modality="CANARY")),
        "cut.dcm": to_bytes(planted(screen))[:-999],
        "lying.dcm": to_bytes(planted(screen, PhotometricInterpretation="CANARY")),
        "clip.dcm": to_bytes(planted(np.stack([screen] * 2), frames=2)),
    }
    named = planted(screen)
    named.add_new(0x00280010, "LO", "CANARY^ROWS")
    files["named.dcm"] = to_bytes(named)
    for name, data in files.items():
        assert b"CANARY" in data
        Path(name).write_bytes(data)
    result = predict(tiny_bundle, *files, "--json")
    assert result.exit_code == 3, result.output
    assert len(rows()) == 1
    written = {"stdout": result.stdout, "stderr": result.stderr, "log": caplog.text}
    for path in Path("predictions").rglob("*"):
        if path.is_file():
            written[str(path)] = path.read_bytes().decode("latin-1")
            if path.suffix == ".png":
                with Image.open(path) as picture:
                    assert not picture.info, path
    assert len(written) > 10
    found = [(w, f) for w, text in written.items() for f in FRAGMENTS if f in text.lower()]
    assert not found
    panels = np.array(Image.open("predictions/good_prediction.png").convert("L"))
    overlay = np.array(Image.open("predictions/overlays/good_overlay.png").convert("L"))
    assert not overlay[:40].any()
    assert panels.shape[1] > 3 * 200
