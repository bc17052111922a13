"""audit, prepare and verify as a user types them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from sonolesion.cli.app import app
from sonolesion.data.manifest import read_manifest

runner = CliRunner()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """24 cases in BUSI's layout, 8 a class."""
    rng = np.random.default_rng(0)
    mask = np.zeros((64, 80), np.uint8)
    mask[20:40, 30:60] = 255
    for label in ("benign", "malignant", "normal"):
        folder = tmp_path / "raw" / label
        folder.mkdir(parents=True)
        for i in range(1, 9):
            noise = cv2.GaussianBlur(rng.normal(size=(64, 80)), (0, 0), 2)
            pixels = np.clip(120 + 300 * noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{label} ({i}).png")
            own = mask if label != "normal" else np.zeros_like(mask)
            Image.fromarray(own).save(folder / f"{label} ({i})_mask.png")
    return tmp_path / "raw"


def invoke(*words: object):
    return runner.invoke(app, [str(word) for word in words])


def test_audit_prepare_verify_in_turn(raw: Path, tmp_path: Path) -> None:
    done = invoke("audit", raw, "-o", tmp_path / "audit")
    assert done.exit_code == 0, done.stderr
    assert "24" in done.stdout
    assert {p.name for p in (tmp_path / "audit").iterdir()} == {
        "audit.html", "audit.json", "run.json"
    }  # fmt: skip
    record = json.loads((tmp_path / "audit" / "run.json").read_text())
    assert record["command"] == "audit"
    assert record["inputs"][0]["files"] == 48

    out = tmp_path / "prepared"
    done = invoke("prepare", raw, "-o", out, "--image-size", 64, "--json")
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["images"] == 24
    assert result["split_hash"] == read_manifest(out).record.split_hash
    assert (out / "run.json").is_file()

    again = invoke("prepare", raw, "-o", out, "--image-size", 64)
    assert again.exit_code == 0
    assert "up to date" in again.stdout

    done = invoke("verify", out, "--dataset", raw)
    assert done.exit_code == 0, done.stderr
    assert "passed" in done.stdout


def test_verify_fails_with_exit_code_1_and_names_file_and_cure(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "prepared"
    assert invoke("prepare", raw, "-o", out, "--image-size", 64, "-q").exit_code == 0
    name = read_manifest(out).rows[0].processed_image
    (out / "processed" / name).unlink()
    done = invoke("verify", out)
    assert done.exit_code == 1
    assert name in done.stderr
    assert "sonolesion prepare" in done.stderr
    done = invoke("verify", out, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["passed"] is False


def test_a_bad_case_gives_exit_code_3_and_the_rest_is_done(raw: Path, tmp_path: Path) -> None:
    (raw / "benign" / "benign (1).png").write_text("hello")
    done = invoke("prepare", raw, "-o", tmp_path / "out", "--image-size", 64, "-q")
    assert done.exit_code == 3
    assert "benign (1).png" in done.stderr
    assert len(read_manifest(tmp_path / "out").part("train", "val", "test")) == 23
    done = invoke("audit", raw, "-o", tmp_path / "audit", "--json")
    assert done.exit_code == 3
    assert json.loads(done.stdout)["counts"]["unusable_cases"] == 1


@pytest.mark.parametrize("command", ["audit", "prepare"])
def test_errors_are_one_line(raw: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("")
    for dataset, out, code in (
        (tmp_path / "nowhere", tmp_path / "o", 1),
        (raw, tmp_path / "file" / "o", 1),
        (raw, raw / "o", 2),
    ):
        done = invoke(command, dataset, "-o", out, "-q")
        assert done.exit_code == code
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith(f"{command}: E-")
        assert "Traceback" not in done.stderr


def test_an_audit_is_not_overwritten_unasked(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit"
    assert invoke("audit", raw, "-o", out, "-q").exit_code == 0
    assert invoke("audit", raw, "-o", out, "-q").exit_code == 1
    assert invoke("audit", raw, "-o", out, "-q", "--overwrite").exit_code == 0


@pytest.mark.parametrize("command", ["audit", "prepare", "verify"])
def test_help_has_examples(command: str) -> None:
    done = invoke(command, "--help")
    assert done.exit_code == 0
    assert f"sonolesion {command}" in done.stdout
