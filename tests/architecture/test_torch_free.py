"""The package without torch: importing it is made impossible, and all but training works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prepared_folder import make_prepared_folder
from tiny_bundle import speckle_image

BLOCKER = '''
import sys

class Blocked:
    """Refuse torch and its company as if they were not installed."""

    names = {"torch", "lightning_fabric", "onnx", "onnxscript"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])

sys.meta_path.insert(0, Blocked())
'''


@pytest.fixture
def torch_free(tmp_path: Path, repository: Path) -> dict[str, str]:
    """Environment of a subprocess in which torch cannot be imported."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BLOCKER, "utf-8")
    return os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{repository / 'src'}"}


def python(env: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, *map(str, arguments)]
    return subprocess.run(words, env=env, capture_output=True, text=True)


def sonolesion(env: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return python(env, "-m", "sonolesion", *arguments)


def test_the_block_works(torch_free: dict[str, str]) -> None:
    done = python(torch_free, "-c", "import torch")
    assert done.returncode == 1
    assert "No module named 'torch'" in done.stderr


def test_import_and_info(torch_free: dict[str, str]) -> None:
    done = python(torch_free, "-c", "from sonolesion import *; print(load_predictor)")
    assert done.returncode == 0, done.stderr
    done = sonolesion(torch_free, "info", "--json")
    assert done.returncode == 0, done.stderr


def test_predict(torch_free: dict[str, str], tiny_bundle_folder: Path, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(speckle_image()).save(tmp_path / "scan.png")
    out = tmp_path / "out"
    done = sonolesion(
        torch_free, "predict", tmp_path / "scan.png", "-o", out, "--bundle", tiny_bundle_folder
    )
    assert done.returncode == 0, done.stderr
    assert (out / "predictions.csv").is_file()
    assert (out / "run.json").is_file()


def test_phantom_prepare_evaluate(
    torch_free: dict[str, str], tiny_bundle_folder: Path, tmp_path: Path
) -> None:
    raw, prepared, out = tmp_path / "raw", tmp_path / "prepared", tmp_path / "out"
    steps: tuple[tuple[str | Path, ...], ...] = (
        ("phantom", raw, "-n", "30", "-q"),
        ("prepare", raw, "-o", prepared, "-q"),
        ("evaluate", prepared, "-b", tiny_bundle_folder, "-o", out, "--resamples", "100", "-q"),
    )
    for step in steps:
        done = sonolesion(torch_free, *step)
        assert done.returncode == 0, f"{step}: {done.stderr}"
    assert (out / "report.html").is_file()


def test_train_names_the_extra(torch_free: dict[str, str], tmp_path: Path) -> None:
    make_prepared_folder(tmp_path)
    done = sonolesion(torch_free, "train", tmp_path, "-o", tmp_path / "models")
    assert done.returncode == 1
    assert "sonolesion[train]" in done.stderr
    assert "Traceback" not in done.stderr
