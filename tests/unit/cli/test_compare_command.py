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
    assert record["arguments"]["mm_per_px"] == "0.1"


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


def test_oblong_pixels(work: Path, tiny_bundle: Bundle) -> None:
    value = json.loads(
        compare(tiny_bundle, "jan.png", "jan.png", "--mm-per-px", "0.1x0.2", "--json").stdout
    )
    assert value["earlier"]["spacing_mm"] == value["later"]["spacing_mm"] == [0.1, 0.2]
    assert value["earlier"]["lesions"][0]["size"]["longest_mm"] == pytest.approx(10, rel=0.1)


def test_no_change_has_no_sign(work: Path, tiny_bundle: Bundle) -> None:
    result = compare(tiny_bundle, "jan.png", "jan.png", "--mm-per-px", "0.1")
    assert ", 0.0 mm (0%), within the measurement error of " in result.stdout


def test_frames_and_views_of_two_clips(work: Path, tiny_bundle: Bundle) -> None:
    """One frame of the earlier clip, one view of the later screen; both named where asked."""
    pytest.importorskip("pydicom", reason="needs the extra [dicom]")
    from dicom_files import make_file, region

    small, large = (speckle_image(128, 140, radius_px=radius) for radius in (20, 30))
    Path("clip.dcm").write_bytes(make_file(np.stack([large, small]), frames=2))
    screen = np.zeros((140, 300), np.uint8)
    screen[5:133, 5:145], screen[5:133, 155:295] = small, large
    views = (region(5, 5, 144, 132), region(155, 5, 294, 132))
    Path("dual.dcm").write_bytes(make_file(screen, regions=views))
    refused = compare(tiny_bundle, "clip.dcm", "dual.dcm")
    assert refused.exit_code == 4
    assert "--frame" in refused.stderr
    asked = ("--frame", "2", "--later-view", "2", "--json")
    result = compare(tiny_bundle, "clip.dcm", "dual.dcm", *asked)
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    assert value["earlier"]["source"] == "clip.dcm [frame 2]"
    assert value["later"]["source"] == "dual.dcm [view 2]"
    widths = [value[name]["lesions"][0]["size"]["width_px"] for name in ("earlier", "later")]
    assert widths == pytest.approx([41, 61], abs=6)
    text = (work / "comparison" / "comparison.txt").read_text("utf-8")
    assert text.count("DICOM image ") == 2
    assert ", frame 2\n" in text
    assert ", view 2\n" in text


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
