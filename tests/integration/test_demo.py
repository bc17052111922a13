"""`sonolesion demo`: phantoms in, report out."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from sonolesion.cli.app import app
from sonolesion.types import RESEARCH_USE_ONLY


def demo(out: Path, bundle: Path, *more: str) -> tuple[int, str, str]:
    words = ["demo", "-o", str(out), "-n", "6", "--bundle", str(bundle), *more]
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout, done.stderr


def test_report_of_every_phantom(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    out = tmp_path / "demo"
    code, stdout, stderr = demo(out, tiny_bundle_folder, "--json")
    assert code == 0, stderr
    result = json.loads(stdout)
    page = Path(result["report"])
    assert page.is_absolute()
    assert RESEARCH_USE_ONLY in page.read_text("utf-8")
    assert result["images"] == 6
    assert len(list((out / "predictions").glob("*_prediction.png"))) == 6
    assert (out / "run.json").is_file()


def test_a_second_demo_needs_overwrite(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    out = tmp_path / "demo"
    assert demo(out, tiny_bundle_folder, "-q")[0] == 0
    code, _, stderr = demo(out, tiny_bundle_folder, "-q")
    assert code == 1
    assert "E-OUT-001" in stderr
    assert demo(out, tiny_bundle_folder, "-q", "--overwrite")[0] == 0
