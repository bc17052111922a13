"""`sonolesion crossval` on phantoms, from prepare to the report, interrupted and resumed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")

from sonolesion.bundle import load_bundle
from sonolesion.calibration import calibration, feature_gate, read_calibration
from sonolesion.cli.app import app
from sonolesion.data.manifest import read_manifest
from sonolesion.data.phantom import PhantomSettings, write_phantoms
from sonolesion.files import sha256_file

pytestmark = pytest.mark.torch
FAST = [
    "--set", "model.width=2", "--set", "optim.epochs=2", "--set", "optim.batch_size=4",
    "--set", "runtime.precision=32-true", "--set", "runtime.threads=1",
    "--set", "runtime.checkpoint_every_s=0.0", "--set", "optim.keep=last",
    "--preset", "classic", "--resamples", "100",
]  # fmt: skip


def _run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eighteen phantoms of three classes in two folds of 32 px."""
    root = tmp_path_factory.mktemp("crossval")
    settings = PhantomSettings(
        width_px=(140, 160), height_px=(130, 150),
        normal_fraction=1, benign_fraction=1, malignant_fraction=1,
    )  # fmt: skip
    write_phantoms(root / "raw", count=18, seed=3, settings=settings)
    code, _, stderr = _run("prepare", root / "raw", "-o", root / "folds", "--folds", 2,
                           "--image-size", 32, "-q")  # fmt: skip
    assert code == 0, stderr
    return root / "folds"


def _table(out: Path) -> list[dict[str, str]]:
    text = (out / "results" / "out_of_fold.csv").read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_every_case_is_held_out_once(folds: Path, tmp_path: Path) -> None:
    code, stdout, stderr = _run("crossval", folds, "-o", tmp_path / "cv", *FAST, "--json", "-q")
    assert code == 0, stderr
    manifest = read_manifest(folds)
    rows = _table(tmp_path / "cv")
    assert {r["case_id"]: r["round"] for r in rows} == {r.case_id: r.part for r in manifest.rows}
    assert len(rows) == 18
    report = json.loads(stdout)["all"]
    assert report["data"]["split_hash"] == manifest.record.split_hash
    assert (tmp_path / "cv" / "results" / "report.html").is_file()
    hashes = {
        load_bundle(tmp_path / "cv" / name / "bundle").info.training["split_hash"]
        for name in ("fold_0", "fold_1")
    }
    assert len(hashes) == 2


def test_rounds_can_be_shared_out(folds: Path, tmp_path: Path) -> None:
    out = tmp_path / "cv"
    words = ["crossval", folds, "-o", out, *FAST, "-q"]
    code, _, stderr = _run(*words, "--only", "fold_7")
    assert code == 2
    assert "there are fold_0, fold_1" in stderr
    code, stdout, stderr = _run(*words, "--only", "fold_1", "--json")
    assert code == 0, stderr
    assert json.loads(stdout) == {"trained": ["fold_1"]}
    assert [p.name for p in out.glob("fold_*")] == ["fold_1"]
    assert not (out / "results").exists()
    graph = (out / "fold_1" / "bundle" / "model.onnx").read_bytes()
    assert _run(*words)[0] == 0
    assert (out / "fold_1" / "bundle" / "model.onnx").read_bytes() == graph
    assert len(_table(out)) == 18


def test_each_round_is_calibrated_on_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty-eight phantoms, half of them normal: enough here for a joint decision."""
    monkeypatch.setattr(calibration, "MIN_NORMALS", 10)
    monkeypatch.setattr(feature_gate, "MIN_IMAGES", 15)
    out = tmp_path / "cv"
    root = tmp_path / "raw"
    settings = PhantomSettings(
        width_px=(140, 160), height_px=(130, 150),
        normal_fraction=1, benign_fraction=0.5, malignant_fraction=0.5,
    )  # fmt: skip
    write_phantoms(root, count=48, seed=5, settings=settings)
    assert (
        _run("prepare", root, "-o", tmp_path / "f", "--folds", 2, "--image-size", 32, "-q")[0] == 0
    )
    code, _, stderr = _run("crossval", tmp_path / "f", "-o", out, *FAST, "-q")
    assert code == 0, stderr
    whole = read_calibration(out / "calibration.json")
    assert whole.split_hash == read_manifest(tmp_path / "f").record.split_hash
    rounds = [load_bundle(out / name / "bundle").info for name in ("fold_0", "fold_1")]
    assert whole.decision is not None
    counts = [info.decision.presence.n_normal for info in rounds if info.decision is not None]
    assert sum(counts) == whole.decision.presence.n_normal
    sides = [sum(r["round"] == name and r["label"] == "normal" for r in _table(out))
             for name in ("fold_0", "fold_1")]  # fmt: skip
    assert counts == sides[::-1]
    # each round has the gate of its own network
    for name, info in zip(("fold_0", "fold_1"), rounds, strict=True):
        gate = whole.feature_gates[sha256_file(out / name / "best_model.pth")]
        assert info.feature_gate is not None
        assert info.feature_gate.threshold == gate.threshold
        assert (gate.n_features, gate.n_fit + gate.n_held_out) == (32, 48)
    # label and mask agree, case by case
    assert all(
        (r["predicted"] == "normal") == (r["predicted_lesion_px"] == "0") for r in _table(out)
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_crossval_goes_on_where_it_was(folds: Path, tmp_path: Path) -> None:
    out = tmp_path / "cv"
    words = [sys.executable, "-m", "sonolesion", "crossval", str(folds), "-o", str(out), *FAST]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 240
        while not (out / "fold_1" / "last.ckpt").is_file():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    weights = out / "fold_0" / "best_model.pth"
    before = weights.stat().st_mtime_ns
    code, _, stderr = _run("crossval", folds, "-o", out, *FAST)
    assert code == 0, stderr
    assert "fold_0: trained already." in stderr
    assert "Going on with the run" in stderr
    assert weights.stat().st_mtime_ns == before
    code, _, stderr = _run("crossval", folds, "-o", tmp_path / "whole", *FAST)
    figures = [
        [{k: v for k, v in row.items() if k != "seconds"} for row in _table(folder)]
        for folder in (out, tmp_path / "whole")
    ]
    assert figures[0] == figures[1]


def test_from_one_set_to_another(
    folds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "MIN_NORMALS", 2)
    root = tmp_path / "other"
    write_phantoms(root, count=6, seed=9, settings=PhantomSettings(
        width_px=(140, 160), height_px=(130, 150)))  # fmt: skip
    for path in list(root.rglob("*.png")):  # the same names are in the first set
        number, _, rest = path.stem.partition("(")[2].partition(")")
        path.rename(path.with_name(f"{path.parent.name} ({int(number) + 100}){rest}.png"))
    code, _, stderr = _run("prepare", root, "-o", tmp_path / "b", "--image-size", 32, "-q",
                           "--allow-missing-classes")  # fmt: skip
    assert code == 0, stderr
    code, _, stderr = _run("crossval", "--train-on", folds, "--test-on", tmp_path / "b",
                           "-o", tmp_path / "cross", *FAST, "-q")  # fmt: skip
    assert code == 0, stderr
    rows = _table(tmp_path / "cross")
    assert {row["round"] for row in rows} == {"cross_set"}
    assert {row["case_id"] for row in rows} == {
        r.case_id for r in read_manifest(tmp_path / "b").rows
    }
    assert load_bundle(tmp_path / "cross" / "cross_set" / "bundle").info.decision is None
    code, _, stderr = _run("crossval", "--train-on", folds, "--test-on", tmp_path / "b",
                           "--fit-on", "fold_1", "-o", tmp_path / "fit", *FAST, "-q")  # fmt: skip
    assert code == 0, stderr
    decision = load_bundle(tmp_path / "fit" / "cross_set" / "bundle").info.decision
    fitted = [r for r in read_manifest(folds).rows if r.part == "fold_1"]
    assert decision is not None
    assert decision.presence.n_lesion + decision.presence.n_normal == len(fitted)


def test_wrong_calls_say_what_to_give(folds: Path, tmp_path: Path) -> None:
    code, _, stderr = _run("crossval", "-o", tmp_path / "cv")
    assert (code, "--train-on and --test-on" in stderr) == (2, True)
    code, _, stderr = _run("crossval", folds, "--train-on", folds, "--test-on", folds)
    assert code == 2
    code, _, stderr = _run("crossval", tmp_path, "-o", tmp_path / "cv")
    assert (code, "sonolesion prepare" in stderr) == (1, True)


def test_a_folder_of_another_crossval_is_refused(folds: Path, tmp_path: Path) -> None:
    assert _run("crossval", folds, "-o", tmp_path / "cv", *FAST, "-q")[0] == 0
    code, _, stderr = _run("crossval", folds, "-o", tmp_path / "cv", *FAST, "--set", "seed=7")
    assert (code, "other settings" in stderr) == (2, True)


def test_each_round_trains_on_from_its_own_network(folds: Path, tmp_path: Path) -> None:
    first, on = tmp_path / "cv", tmp_path / "on"
    assert _run("crossval", folds, "-o", first, *FAST, "-q")[0] == 0
    more = ("--start-from", first, "--set", "seed=43")
    assert _run("crossval", folds, "-o", on, *FAST, "-q", *more)[0] == 0
    started = json.loads((on / "fold_1" / "bundle" / "bundle.json").read_text())["training"]
    checkpoint = (first / "fold_1" / "best_model.pth").read_bytes()
    assert started["started_from"] == hashlib.sha256(checkpoint).hexdigest()
    code, _, stderr = _run("crossval", folds, "-o", on, *FAST, "-q", "--set", "seed=43")
    assert (code, "another start" in stderr) == (2, True)
