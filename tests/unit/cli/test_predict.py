from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image
from tiny_bundle import speckle_image
from typer.testing import CliRunner, Result

from sonolesion.bundle import Bundle
from sonolesion.cli.predict import predict_command

APP = typer.Typer()
APP.command()(predict_command)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(speckle_image()).save("good.png")
    Image.fromarray(np.zeros((64, 64), np.uint8)).save("black.png")
    Path("text.png").write_text("no image")
    return tmp_path


def predict(bundle: Bundle, *arguments: str) -> Result:
    options = ["--bundle", str(bundle.folder), "--threads", "1"]
    return CliRunner().invoke(APP, [*arguments, *options])


def test_one_image(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "good.png")
    assert result.exit_code == 0, result.output
    assert "good.png: benign" in result.stdout
    assert "Research use only" in result.stdout
    assert (work / "predictions" / "good_prediction.png").is_file()
    record = json.loads((work / "predictions" / "run.json").read_text())
    assert record["arguments"]["inputs"] == ["good.png"]
    assert [Path(i["path"]).name for i in record["inputs"]] == ["good.png"]


def test_json_is_all_there_is_on_stdout(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "good.png", "text.png", "-o", "out", "--json")
    assert result.exit_code == 3
    value = json.loads(result.stdout)
    assert [p["label"] for p in value["predictions"]] == ["benign"]
    assert [e["code"] for e in value["errors"]] == ["E-IMG-002"]


def test_some_failed_gives_3_and_lists_them(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "good.png", "text.png", "black.png")
    assert result.exit_code == 3
    assert "text.png: not a PNG" in result.stderr
    assert "black.png: no ultrasound content" in result.stderr
    assert json.loads((work / "predictions" / "run.json").read_text())["exit_code"] == 3


@pytest.mark.parametrize("name", ["black.png", "text.png"])
def test_single_refused_image_gives_4_and_a_row(work: Path, tiny_bundle: Bundle, name: str) -> None:
    result = predict(tiny_bundle, name)
    assert result.exit_code == 4
    assert name in (work / "predictions" / "errors.csv").read_text()


def test_nothing_to_predict_gives_2_and_leaves_no_folder(work: Path, tiny_bundle: Bundle) -> None:
    result = predict(tiny_bundle, "gone.png")
    assert result.exit_code == 2
    assert "no image found" in result.stderr
    assert not (work / "predictions").exists()


def test_second_run_needs_overwrite(work: Path, tiny_bundle: Bundle) -> None:
    assert predict(tiny_bundle, "good.png").exit_code == 0
    refused = predict(tiny_bundle, "good.png")
    assert refused.exit_code == 1
    assert "--overwrite" in refused.stderr
    assert predict(tiny_bundle, "good.png", "--overwrite", "--no-pictures").exit_code == 0
    assert not (work / "predictions" / "good_prediction.png").exists()


def test_missing_bundle_is_one_line(work: Path) -> None:
    result = CliRunner().invoke(APP, ["good.png", "--bundle", "nowhere"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "no bundle 'nowhere'" in result.stderr
