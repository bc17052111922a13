"""`sonolesion phantom`."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from sonolesion.cli.app import app


def test_writes_busis_layout(tmp_path: Path) -> None:
    out = tmp_path / "phantoms"
    done = CliRunner().invoke(app, ["phantom", str(out), "-n", "4", "--seed", "3", "--json"])
    assert done.exit_code == 0, done.output
    counts = json.loads(done.stdout)["class_counts"]
    assert sum(counts.values()) == 4
    for label, count in counts.items():
        images = [p for p in (out / label).glob("*.png") if "_mask" not in p.name]
        assert len(images) == count
    assert json.loads((out / "run.json").read_text("utf-8"))["arguments"]["seed"] == 3


def test_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    done = CliRunner().invoke(app, ["phantom", str(tmp_path), "-n", "1"])
    assert done.exit_code == 1
    assert "E-OUT-001" in done.stderr
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_count_below_one_is_wrong_usage(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["phantom", str(tmp_path), "-n", "0"]).exit_code == 2
