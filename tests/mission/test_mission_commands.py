"""The mission document's commands, word for word, on phantoms in a folder of their own.

Only the size and the number of epochs are smaller than in the document. The tests of this module
run in order: each goes on where the one before stopped, as a user does.
"""

from __future__ import annotations

import csv
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sonolesion.data.phantom import PhantomSettings, write_phantoms

pytestmark = [pytest.mark.mission, pytest.mark.torch, pytest.mark.slow]

PREPARE = "python data_preparation.py --dataset_path Dataset_BUSI_with_GT --image_size 32"
TRAIN = (
    "python multitask_unet.py --mode train --dataset_path Dataset_BUSI_with_GT --epochs 2 "
    "--batch_size 16 --image_size 32 --patience 3"
)
LIVE_DEMO = "python multitask_unet.py --mode live_demo"
PER_CLASS = 12


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    """A project root as the mission document draws it: two programs and a data set."""
    root = tmp_path_factory.mktemp("project")
    for name in ("data_preparation.py", "multitask_unet.py"):
        shutil.copy(repository / name, root / name)
    settings = PhantomSettings(
        width_px=(160, 200), height_px=(140, 160),
        normal_fraction=1, benign_fraction=1, malignant_fraction=1,
    )  # fmt: skip
    write_phantoms(root / "Dataset_BUSI_with_GT", count=3 * PER_CLASS, seed=1, settings=settings)
    return root


@pytest.fixture
def call(project: Path, repository: Path):
    """Run a command of the document in the project's root."""

    def run(command: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        program, *arguments = shlex.split(command)
        assert program == "python"
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=project,
            env=os.environ | {"PYTHONPATH": str(repository / "src"), "OMP_NUM_THREADS": "2"},
            input=answer,
            capture_output=True,
            text=True,
        )

    return run


def test_live_demo_without_a_model_says_what_to_do(call) -> None:
    done = call(LIVE_DEMO, answer="scan.png\n")
    assert done.returncode == 2
    assert "--mode train" in done.stderr
    assert "Traceback" not in done.stderr


def test_verify_before_prepare_fails(call) -> None:
    done = call(f"{PREPARE} --verify")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_prepare_writes_the_documents_layout(call, project: Path) -> None:
    done = call(PREPARE)
    assert done.returncode == 0, done.stderr
    for part in ("train", "val", "test"):
        for label in ("normal", "benign", "malignant"):
            images = list((project / "processed" / part / label).glob("*.png"))
            assert images, f"{part}/{label} is empty"
    assert (project / "data_result.txt").is_file()
    assert len(list((project / "plots").glob("*.png"))) >= 3


def test_a_second_prepare_changes_nothing(call, project: Path) -> None:
    manifest = project / "processed" / "manifest.csv"
    before = manifest.stat().st_mtime_ns
    assert call(PREPARE).returncode == 0
    assert manifest.stat().st_mtime_ns == before


def test_verify_passes(call) -> None:
    done = call(f"{PREPARE} --verify")
    assert done.returncode == 0, done.stderr


def test_train_writes_the_documents_places(call, project: Path) -> None:
    done = call(TRAIN)
    assert done.returncode == 0, done.stderr
    assert (project / "models" / "best_model.pth").is_file()
    assert (project / "models" / "bundle" / "bundle.json").is_file()
    assert (project / "results" / "evaluation_results.txt").is_file()
    with (project / "models" / "metrics.csv").open(newline="") as file:
        assert [float(row["epoch"]) for row in csv.DictReader(file)] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "images"),
    [
        ("Dataset_BUSI_with_GT/benign/benign (1).png\n", 1),
        ("'Dataset_BUSI_with_GT/normal/'\n", PER_CLASS),
        ("Dataset_BUSI_with_GT/*/* (2).png\n", 3),
    ],
    ids=["file", "folder", "pattern"],
)
def test_live_demo(call, project: Path, answer: str, images: int) -> None:
    done = call(LIVE_DEMO, answer=answer)
    assert done.returncode == 0, done.stderr
    out = project / "live_demo_results"
    assert len(list(out.glob("*_prediction.png"))) == images
    assert (out / "summary.txt").is_file()


def test_live_demo_without_an_answer(call) -> None:
    done = call(LIVE_DEMO, answer="\n")
    assert done.returncode == 2
    assert "expected a file" in done.stderr


def test_live_demo_converts_a_lone_checkpoint(call, project: Path) -> None:
    shutil.rmtree(project / "models" / "bundle")
    done = call(LIVE_DEMO, answer="Dataset_BUSI_with_GT/benign/benign (1).png\n")
    assert done.returncode == 0, done.stderr
    assert (project / "models" / "bundle" / "bundle.json").is_file()


@pytest.mark.realdata
def test_prepare_on_busi_gives_the_documents_counts(
    busi_root: Path, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "Dataset_BUSI_with_GT").symlink_to(busi_root, target_is_directory=True)
    program = repository / "data_preparation.py"
    command = [sys.executable, str(program), "--dataset_path", "Dataset_BUSI_with_GT"]
    env = os.environ | {"PYTHONPATH": str(repository / "src")}
    for more in ([], ["--verify"]):
        done = subprocess.run(
            [*command, *more], cwd=tmp_path, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    counts = {}
    for part in ("train", "val", "test"):
        for label in ("benign", "malignant", "normal"):
            folder = tmp_path / "processed" / part / label
            counts[part, label] = len([p for p in folder.iterdir() if "_mask" not in p.name])
    assert list(counts.values()) == [346, 167, 103, 43, 21, 13, 44, 21, 13]
