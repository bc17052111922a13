"""The short way through `sonolesion predict` ends as the way by typer does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_bundle import speckle_image

WAYS = ("sonolesion.cli.start", "sonolesion.cli.app")


def run(way: str, words: list[str], folder: Path, *, before: str = "") -> tuple[int, str, str]:
    code = f"import sys\nsys.argv[0] = 'sonolesion'\n{before}\nfrom {way} import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def work(tmp_path: Path) -> Path:
    Image.fromarray(speckle_image()).save(tmp_path / "good.png")
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(tmp_path / "black.png")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["good.png"], 0),
        (["good.png", "black.png"], 3),
        (["black.png"], 4),
        (["gone.png"], 2),
        (["good.png", "--report", "docx"], 2),
        (["good.png", "--workers", "many"], 2),
        (["--help"], 0),
    ],
)
def test_both_ways_end_alike(
    work: Path, tiny_bundle_folder: Path, words: list[str], code: int
) -> None:
    words = ["predict", *words, "--bundle", str(tiny_bundle_folder), "--overwrite"]
    short, long = (run(way, words, work) for way in WAYS)
    assert short == long
    assert short[0] == code


def test_a_damaged_bundle_is_told_alike(work: Path, tiny_bundle_folder: Path) -> None:
    broken = work / "broken"
    broken.mkdir()
    (broken / "bundle.json").write_bytes((tiny_bundle_folder / "bundle.json").read_bytes())
    (broken / "model.onnx").write_bytes(b"none")
    words = ["predict", "good.png", "--bundle", str(broken)]
    short, long = (run(way, words, work) for way in WAYS)
    assert short == long
    assert short[0] == 1
    assert not (work / "predictions").exists()


def test_the_short_way_needs_no_typer_and_writes_all(work: Path, tiny_bundle_folder: Path) -> None:
    before = (
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        assert name not in ('typer', 'click', 'rich', 'pydantic', 'matplotlib'), name\n"
        "sys.meta_path.insert(0, Refuse())"
    )
    words = ["predict", "good.png", "--bundle", str(tiny_bundle_folder), "--json"]
    code, out, err = run(WAYS[0], words, work, before=before)
    assert (code, err) == (0, "")
    assert len(json.loads(out)["predictions"]) == 1
    record = json.loads((work / "predictions" / "run.json").read_text())
    assert record["exit_code"] == 0
    assert record["versions"]["pydantic"]


def test_what_was_asked_for_at_the_end_is_done(work: Path, tiny_bundle_folder: Path) -> None:
    before = "import atexit\natexit.register(print, 'at the end')"
    words = ["predict", "good.png", "--bundle", str(tiny_bundle_folder), "-q"]
    assert run(WAYS[0], words, work, before=before) == (0, "at the end\n", "")


def test_a_profiler_has_the_last_word(work: Path, tiny_bundle_folder: Path) -> None:
    words = ["predict", "good.png", "--bundle", str(tiny_bundle_folder), "-q"]
    profiled = [sys.executable, "-m", "cProfile", "-o", "profile.out", "-m", "sonolesion", *words]
    assert subprocess.run(profiled, cwd=work).returncode == 0
    assert (work / "profile.out").stat().st_size > 0


def test_a_reader_that_is_gone_ends_it_alike(work: Path, tiny_bundle_folder: Path) -> None:
    codes = []
    for way in WAYS:
        words = ["predict", "good.png", "--bundle", str(tiny_bundle_folder), "--overwrite"]
        code = f"import sys\nfrom {way} import main\nmain()"
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=work, stdout=write, stderr=subprocess.PIPE
        )
        os.close(write)
        codes.append(done.returncode)
    assert codes[0] == codes[1]
