"""The layers and the torch-free core, as import-linter sees them."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path


def contracts(repository: Path) -> dict[str, dict[str, object]]:
    settings = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    return {c["id"]: c for c in settings["tool"]["importlinter"]["contracts"]}


def test_contracts_hold(repository: Path) -> None:
    code = "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=repository,
        env=os.environ | {"PYTHONPATH": str(repository / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_torch_contract_names_every_package_but_train_and_cli(repository: Path) -> None:
    package = repository / "src" / "sonolesion"
    found = {f"sonolesion.{p.stem}" for p in package.glob("*.py") if not p.stem.startswith("__")}
    found |= {f"sonolesion.{p.parent.name}" for p in package.glob("*/__init__.py")}
    named = contracts(repository)["torch-free-core"]["source_modules"]
    assert isinstance(named, list)
    assert set(named) == found - {"sonolesion.train", "sonolesion.cli"}


def test_layers_are_exhaustive(repository: Path) -> None:
    assert contracts(repository)["layers"]["exhaustive"] is True
