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
from sonolesion.cli.compare import compare_command

APP = typer.Typer()
APP.command()(compare_command)
FILES = ["comparison.json", "comparison.png", "comparison.txt", "run.json"]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, radius in (("jan", 25), ("jun", 35), ("none", 0)):
        Image.fromarray(speckle_image(128, 140, radius_px=radius)).save(f"{name}.png")
    Image.fromarray(np.zeros((64, 64), np.uint8)).save("black.png")
    return tmp_path


def compare(bundle: Bundle, *arguments: str) -> Result:
    return CliRunner().invoke(APP, [*arguments, "--bundle", str(bundle.folder)])


def test_two_images(work: Path, tiny_bundle: Bundle) -> None:
    result = compare(tiny_bundle, "jan.png", "jun.png", "--mm-per-px", "0.1")
    assert result.exit_code == 0, result.output
    assert "Lesion 1, longest diameter: " in result.stdout
    assert "more than the measurement error" in result.stdout
    assert sorted(p.name for p in (work / "comparison").iterdir()) == FILES
    record = json.loads((work / "comparison" / "run.json").read_text())
    assert [Path(i["path"]).name for i in record["inputs"]] == ["jan.png", "jun.png"]
    assert record["arguments"]["mm_per_px"] == 0.1


def test_json_is_all_there_is_on_stdout(work: Path, tiny_bundle: Bundle) -> None:
    result = compare(tiny_bundle, "jan.png", "jun.png", "--json")
    value = json.loads(result.stdout)
    assert value["unit"] == "px"
    assert "px of two visits compare only" in value["warnings"][0]
    longest = value["changes"][0]["longest"]
    assert longest["difference"] == pytest.approx(20, abs=4)


def test_each_image_may_have_its_own_scale(work: Path, tiny_bundle: Bundle) -> None:
    scales = ("--mm-per-px", "0.1", "--later-mm-per-px", "0.05", "--json")
    value = json.loads(compare(tiny_bundle, "jan.png", "jan.png", *scales).stdout)
    assert value["later"]["spacing_mm"] == [0.05, 0.05]
    assert value["changes"][0]["longest"]["share"] == pytest.approx(-0.5)


def test_no_lesion_is_a_result(work: Path, tiny_bundle: Bundle) -> None:
    result = compare(tiny_bundle, "none.png", "jun.png")
    assert result.exit_code == 0, result.output
    assert "No lesion was outlined in the earlier image." in result.stdout


def test_second_run_needs_overwrite(work: Path, tiny_bundle: Bundle) -> None:
    assert compare(tiny_bundle, "jan.png", "jun.png", "-o", "out").exit_code == 0
    refused = compare(tiny_bundle, "jan.png", "jun.png", "-o", "out")
    assert refused.exit_code == 1
    assert "holds a comparison" in refused.stderr
    assert compare(tiny_bundle, "jan.png", "jun.png", "-o", "out", "--overwrite").exit_code == 0


@pytest.mark.parametrize("name", ["black.png", "gone.png"])
def test_a_refused_image_gives_4_and_no_folder(work: Path, tiny_bundle: Bundle, name: str) -> None:
    result = compare(tiny_bundle, "jan.png", name)
    assert result.exit_code == 4
    assert name in result.stderr
    assert not (work / "comparison").exists()


@pytest.mark.parametrize("size", ["0", "-1", "nan", "inf"])
def test_a_scale_that_is_none_gives_2(work: Path, tiny_bundle: Bundle, size: str) -> None:
    assert compare(tiny_bundle, "jan.png", "jun.png", f"--mm-per-px={size}").exit_code == 2


def test_help_has_examples() -> None:
    text = CliRunner().invoke(APP, ["--help"]).stdout
    assert "sonolesion compare january.png june.png" in text
