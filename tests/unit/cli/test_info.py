"""`sonolesion info`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonolesion.bundle import store
from sonolesion.cli.app import app
from sonolesion.types import RESEARCH_USE_ONLY


@pytest.fixture
def shipped(tmp_path: Path, tiny_bundle_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that ships the one bundle "tiny"."""
    shutil.copytree(tiny_bundle_folder, tmp_path / "shipped" / "tiny")
    monkeypatch.setattr(store, "SHIPPED_FOLDER", tmp_path / "shipped")
    return tmp_path / "shipped"


def test_json(shipped: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["info", "--json", "-o", str(tmp_path)])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["research_use_only"] == RESEARCH_USE_ONLY
    assert "CPUExecutionProvider" in report["providers"]
    assert [card["name"] for card in report["bundles"]] == ["tiny"]
    assert report["bundles"][0]["intended_use"] == "Tests only."
    assert report["writable"]["ok"] is True
    assert report["datasets"][0]["doi"] == "10.1016/j.dib.2019.104863"


def test_text_names_bundle_and_citation(shipped: Path) -> None:
    done = CliRunner().invoke(app, ["info"])
    assert done.exit_code == 0
    for text in (RESEARCH_USE_ONLY, "tiny 0.1", "Al-Dhabyani", "CPUExecutionProvider"):
        assert text in done.stdout


def test_damaged_bundle_is_listed_and_the_rest_is_shown(shipped: Path) -> None:
    (shipped / "tiny" / "model.onnx").write_bytes(b"damaged")
    done = CliRunner().invoke(app, ["info", "--json"])
    assert done.exit_code == 3
    assert "E-BUN-001" in done.stderr
    assert json.loads(done.stdout)["bundles"] == []


def test_folder_that_cannot_be_written(shipped: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["info", "--json", "-o", str(tmp_path / "nowhere")])
    writable = json.loads(done.stdout)["writable"]
    assert writable["ok"] is False
    assert "No such file" in writable["fault"]


def test_shipped_figures_have_interval_and_number() -> None:
    done = CliRunner().invoke(app, ["info"])
    assert re.search(r"lesion dice 0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] n=\d+", done.stdout)
    assert "{" not in done.stdout
