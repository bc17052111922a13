"""`sonolesion erase` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonolesion.cli.app import app
from sonolesion.data import prepare as prepare_module
from sonolesion.data.manifest import read_manifest

runner = CliRunner()


def invoke(*words: object):
    return runner.invoke(app, [str(word) for word in words])


def test_phantom_prepare_erase_verify_in_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare_module, "draw_prepared", lambda _: {})
    raw, prepared, out = (tmp_path / name for name in ("raw", "prepared", "out"))
    assert invoke("phantom", raw, "-n", 14, "-q").exit_code == 0
    assert invoke("prepare", raw, "-o", prepared, "--image-size", 64, "-q").exit_code == 0
    done = invoke("erase", prepared, "-o", out, "--workers", 2, "--json", "-q")
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    rows = read_manifest(out).rows
    assert result["images"] == 14
    assert result["derived"]["erased"] > 0
    assert sum(result["derived"].values()) == sum(row.is_derived for row in rows)
    lesions = sum(row.label.value != "normal" for row in rows if not row.is_derived)
    assert result["derived"]["erased"] + sum(result["reasons"]["erased"].values()) == lesions
    assert result["derived"]["control"] + sum(result["reasons"]["control"].values()) == 14
    record = json.loads((out / "run.json").read_text())
    assert (record["command"], record["inputs"][0]["files"]) == ("erase", 28)

    again = invoke("erase", prepared, "-o", out)
    assert again.exit_code == 0
    assert "up to date" in again.stdout
    assert "control:" in again.stdout
    assert invoke("verify", out, "--dataset", raw, "-q").exit_code == 0

    refused = invoke("erase", prepared, "-o", out, "--no-controls", "-q")
    assert refused.exit_code == 1
    assert "--overwrite" in refused.stderr
    few = invoke("erase", prepared, "-o", out, "--no-controls", "--limit", 3, "--overwrite", "-q")
    assert few.exit_code == 0
    assert {f for row in read_manifest(out).rows if row.is_derived for f in row.flags} <= {
        "erased", "several_masks"
    }  # fmt: skip

    (raw / "benign" / "benign (1).png").write_bytes(b"gone")
    partly = invoke("erase", prepared, "-o", tmp_path / "partly", "-q")
    assert partly.exit_code == 3
    assert partly.stderr.count("benign (1).png") == 1


def test_no_prepared_folder_is_one_line(tmp_path: Path) -> None:
    done = invoke("erase", tmp_path, "-o", tmp_path / "out", "-q")
    assert done.exit_code == 1
    assert done.stderr.startswith("erase: E-")
    assert done.stderr.count("\n") == 1


def test_help_has_examples() -> None:
    done = invoke("erase", "--help")
    assert done.exit_code == 0
    assert "sonolesion erase" in done.stdout
