"""The command line as a whole: its commands, help and start-up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonolesion import __version__
from sonolesion.cli.app import COMMANDS, app

NAMES = (
    "audit", "prepare", "erase", "verify", "phantom", "train", "crossval", "export", "evaluate",
    "predict", "compare", "study", "serve", "listen", "info", "demo",
)  # fmt: skip
HEAVY = {"numpy", "torch", "cv2", "matplotlib", "onnxruntime", "PIL", "pydantic", "jinja2"}


def test_commands_are_exactly_these() -> None:
    assert tuple(COMMANDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_help_has_examples(name: str) -> None:
    done = CliRunner().invoke(app, [name, "--help"])
    assert done.exit_code == 0
    assert "Examples:" in done.output
    assert f"sonolesion {name}" in done.output


@pytest.mark.parametrize("name", [n for n in NAMES if n != "info"])
def test_options_are_named_alike(name: str) -> None:
    done = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert "--json" in done.output
    assert "--quiet" in done.output


def test_help_states_exit_codes_and_research_use() -> None:
    text = " ".join(CliRunner().invoke(app, ["--help"]).output.split())
    assert "Exit codes: 0 done" in text
    assert "130 interrupted" in text
    assert "Research use only" in text


def test_version() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert done.output == f"sonolesion {__version__}\n"


def test_unknown_command_is_wrong_usage() -> None:
    assert CliRunner().invoke(app, ["frobnicate"]).exit_code == 2


def test_a_named_command_is_the_only_one_that_is_imported() -> None:
    code = (
        "import sys\nfrom sonolesion.cli.app import main\nsys.argv = ['sonolesion', 'info', '-h']\n"
        "try:\n    main()\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "sonolesion info" in done.stdout
    loaded = {n for n in NAMES if f"sonolesion.cli.{n}" in done.stderr.split()}
    assert loaded == {"info"}


@pytest.mark.parametrize("module", ["sonolesion.cli.app", "sonolesion.cli.mission"])
def test_start_up_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom sonolesion.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stderr.split()) & HEAVY


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sonolesion.data.phantom.write_phantoms", interrupt)
    done = CliRunner().invoke(app, ["phantom", str(tmp_path / "out")])
    assert done.exit_code == 130
    assert "interrupted" in done.stderr
