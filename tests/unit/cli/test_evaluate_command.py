"""`sonolesion evaluate`: exit codes, stdout, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from sonolesion.bundle import Precision
from sonolesion.bundle.schema import BundleInfo
from sonolesion.cli.app import app
from sonolesion.cli.evaluate import ConventionName, _command_line
from sonolesion.data.manifest import (
    Manifest,
    ManifestRow,
    SplitRecord,
    hash_split,
    write_manifest,
)
from sonolesion.imaging.geometry import RESAMPLE, ResizeMode
from sonolesion.imaging.read import read_image
from sonolesion.types import LesionClass, Prediction

RUNNER = CliRunner()
BUNDLE = BundleInfo(
    name="fake", version="1", created="2026-01-01", description="d", licence="l",
    intended_use="i", image_size_px=64,
)  # fmt: skip


class BrightPredictor:
    """Marks what is bright and calls it benign."""

    info = BUNDLE

    def predict(self, source: Path) -> Prediction:
        mask = read_image(source).pixels > 200
        prob = np.array([0.2, 0.7, 0.1])
        return Prediction(
            str(source), LesionClass.BENIGN, prob, mask.astype(np.float32), mask, 0.1, "fake 1", 0.0
        )


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "raw"
    rows = []
    for number, label in enumerate((LesionClass.BENIGN, LesionClass.MALIGNANT)):
        pixels = np.full((40, 40), 50, np.uint8)
        pixels[10:20, 10:20] = 250
        (root / label).mkdir(parents=True)
        Image.fromarray(pixels).save(root / label / "a.png")
        Image.fromarray((pixels > 200).astype(np.uint8) * 255).save(root / label / "a_mask.png")
        rows.append(
            ManifestRow(
                f"{label} (1)", "phantom", label, "test", f"g{number}", f"{label}/a.png",
                (f"{label}/a_mask.png",), 40, 40, 100, "", "", "", "", "",
            )
        )  # fmt: skip
    record = SplitRecord(
        "grouped", 42, 0, 64, ResizeMode.FIT, RESAMPLE, str(root), hash_split(tuple(rows)), "f"
    )
    folder = tmp_path / "prepared"
    (folder / "processed").mkdir(parents=True)
    write_manifest(Manifest(tuple(rows), record, folder / "processed"))
    monkeypatch.setattr(
        "sonolesion.inference.load_predictor", lambda bundle, **_: BrightPredictor()
    )
    return folder


def run(*words: object):
    return RUNNER.invoke(app, ["evaluate", *map(str, words), "--resamples", "100"])


def test_a_clean_run_writes_the_report_and_its_record(prepared, tmp_path) -> None:
    result = run(prepared, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "Dice, lesion cases" in result.stdout
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["inputs"][0]["sha256"]
    assert record["arguments"]["convention"] == "honest"
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["command"] == "sonolesion evaluate prepared --part test --convention honest"
    assert report["segmentation"]["lesion_dice"]["value"] == 1.0
    assert report["classification"]["overall"]["accuracy"]["value"] == 0.5

    again = run(prepared, "-o", tmp_path / "out")
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr


def test_a_broken_image_is_a_miss_and_exit_code_3(prepared, tmp_path) -> None:
    (tmp_path / "raw" / "malignant" / "a.png").write_bytes(b"cut")
    result = run(prepared, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 3
    assert "malignant (1): E-IMG-002" in result.stderr
    report = json.loads(result.stdout)
    assert report["segmentation"]["lesion_dice"]["value"] == 0.5
    assert report["failures"][0]["case_id"] == "malignant (1)"


def test_an_unknown_part_is_wrong_usage(prepared, tmp_path) -> None:
    result = run(prepared, "-o", tmp_path / "out", "--part", "dev")
    assert result.exit_code == 2
    assert "parts there: test" in result.stderr


def test_a_folder_without_a_manifest_says_what_to_do(tmp_path) -> None:
    result = run(tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "sonolesion prepare" in result.stderr


def test_the_command_in_a_report_names_int8_where_it_answered() -> None:
    said = [
        _command_line(
            Path("data") / "prepared", "b/fast", part="val", convention=ConventionName.HONEST,
            precision=precision,
        )
        for precision in Precision
    ]  # fmt: skip
    assert said == [
        "sonolesion evaluate prepared --bundle fast --part val --convention honest",
        "sonolesion evaluate prepared --bundle fast --precision int8 --part val "
        "--convention honest",
    ]
