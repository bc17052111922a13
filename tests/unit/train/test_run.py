"""Training to the end, exact resume after kill -9, and what stops a run."""

from __future__ import annotations

import csv
import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from sonolesion.config import TrainSettings, load_train_settings  # noqa: E402
from sonolesion.data.manifest import Manifest, read_manifest  # noqa: E402
from sonolesion.data.rounds import assign_parts  # noqa: E402
from sonolesion.errors import DatasetError, TrainingError  # noqa: E402
from sonolesion.files import sha256_file  # noqa: E402
from sonolesion.train import run as training  # noqa: E402
from sonolesion.train.checkpoint import load_model_state  # noqa: E402

pytestmark = pytest.mark.torch
OVERRIDES = (
    "model.width=2", "optim.batch_size=2", "optim.epochs=3", "augment.enabled=true",
    "runtime.threads=1", "runtime.precision='32-true'", "runtime.checkpoint_every_s=0.0",
)  # fmt: skip


def _train(prepared: Path, out: Path, *more: str) -> training.TrainResult:
    return training.train(read_manifest(prepared), out, settings=_settings(*more))


def _settings(*more: str) -> TrainSettings:
    return load_train_settings("mission", overrides=[*OVERRIDES, *more])


def _curves(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "metrics.csv").read_text().splitlines()))


def _weights(out: Path) -> dict[str, torch.Tensor]:
    return torch.load(out / "last.ckpt", weights_only=True)["tensors"]["model"]


def test_a_run_leaves_checkpoint_curves_and_plot(prepared, tmp_path):
    result = _train(prepared, tmp_path / "out")
    assert result.epochs == 3
    rows = _curves(tmp_path / "out")
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    losses = [float(row["val_loss"]) for row in rows]
    assert result.best_loss == min(losses)
    assert losses.index(result.best_loss) + 1 == result.best_epoch
    # cosine from 1e-3 to 1e-6 over three epochs: 1, 3/4, 1/4 of the way down from the top
    rates = [float(row["learning_rate"]) for row in rows]
    assert rates == pytest.approx([1e-3, 1e-6 + 0.75 * 0.999e-3, 1e-6 + 0.25 * 0.999e-3])
    assert (tmp_path / "out" / "training_progress.png").stat().st_size > 10_000
    _, about = load_model_state(result.checkpoint)
    assert about["epoch"] == result.best_epoch


KILLED = """
import sys
from pathlib import Path
from sonolesion.config import parse_train_settings
from sonolesion.data.manifest import read_manifest
from sonolesion.train.run import train
import json
def report(progress, done, total):
    print(progress.epoch, done, flush=True)
settings = parse_train_settings(json.loads(sys.argv[3]))
start = Path(sys.argv[4]) if sys.argv[4] else None
manifest = read_manifest(Path(sys.argv[1]))
train(manifest, Path(sys.argv[2]), settings=settings, report=report, start_from=start)
"""


def _kill_in_mid_epoch(
    prepared: Path, out: Path, settings: TrainSettings, *, after: int, start_from: Path | str = ""
) -> None:
    """Run in a process of its own and kill -9 it after `after` batches, between two checkpoints."""
    command = [sys.executable, "-c", KILLED, str(prepared), str(out), settings.model_dump_json()]
    command.append(str(start_from))
    path = os.pathsep.join(p for p in sys.path if p)
    environment = os.environ | {"PYTHONPATH": path}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        for count, _ in enumerate(process.stdout, start=1):
            if count == after:
                os.kill(process.pid, signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("after", [2, 7])
def test_resume_after_kill_gives_the_same_weights(prepared, tmp_path, after):
    settings = _settings()
    training.train(read_manifest(prepared), tmp_path / "whole", settings=settings)
    _kill_in_mid_epoch(prepared, tmp_path / "killed", settings, after=after)
    assert (tmp_path / "killed" / "last.ckpt").exists()
    training.train(read_manifest(prepared), tmp_path / "killed", settings=settings)
    whole, resumed = _weights(tmp_path / "whole"), _weights(tmp_path / "killed")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    curves = [[{**r, "seconds": ""} for r in _curves(tmp_path / n)] for n in ("whole", "killed")]
    assert curves[0] == curves[1]


def test_a_finished_run_is_not_trained_again(prepared, tmp_path):
    first = _train(prepared, tmp_path / "out")
    before = (tmp_path / "out" / "last.ckpt").stat().st_mtime_ns
    time.sleep(0.01)
    again = _train(prepared, tmp_path / "out")
    assert dataclasses.replace(again, seconds=0) == dataclasses.replace(first, seconds=0)
    assert (tmp_path / "out" / "last.ckpt").stat().st_mtime_ns == before


def test_other_settings_do_not_resume(prepared, tmp_path):
    _train(prepared, tmp_path / "out", "optim.epochs=1")
    with pytest.raises(TrainingError, match="other settings"):
        _train(prepared, tmp_path / "out", "optim.epochs=2")


def test_early_stopping_counts_stale_epochs(prepared, tmp_path):
    # a rate of nearly nothing cannot better the first epoch's loss by chance for long
    rate, epochs, patience = "optim.learning_rate=1.0", "optim.epochs=40", "optim.patience=2"
    result = _train(prepared, tmp_path / "out", rate, epochs, patience)
    assert result.epochs < 40
    assert result.epochs == result.best_epoch + 2


def test_a_loss_that_is_not_finite_stops_and_keeps_the_checkpoint(prepared, tmp_path, monkeypatch):
    _train(prepared, tmp_path / "out")
    (tmp_path / "out" / "last.ckpt").unlink()
    real = training.batch_sums
    calls = []

    class Broken(training.MultiTaskLoss):
        def forward(self, output, masks, labels):
            calls.append(1)
            terms = super().forward(output, masks, labels)
            return terms._replace(total=terms.total * float("nan")) if len(calls) == 4 else terms

    monkeypatch.setattr(training, "MultiTaskLoss", Broken)
    with pytest.raises(TrainingError, match="loss became nan in epoch 1, batch 4"):
        _train(prepared, tmp_path / "out")
    assert real is training.batch_sums
    state = torch.load(tmp_path / "out" / "last.ckpt", weights_only=True)
    assert state["progress"]["batch"] == 3
    assert all(torch.isfinite(v).all() for v in state["tensors"]["model"].values())


def _without_val(prepared: Path) -> Manifest:
    return assign_parts(read_manifest(prepared), lambda row: "train")


def test_without_a_validation_part_the_last_epoch_is_kept(prepared, tmp_path):
    manifest = _without_val(prepared)
    result = training.train(manifest, tmp_path / "out", settings=_settings("optim.keep=last"))
    assert (result.epochs, result.best_epoch, result.best_loss) == (3, 3, None)
    assert "val_loss" not in _curves(tmp_path / "out")[0]
    kept, about = load_model_state(result.checkpoint)
    assert about["epoch"] == 3
    assert all(torch.equal(kept[name], value) for name, value in _weights(tmp_path / "out").items())


def test_the_best_epoch_needs_a_validation_part(prepared, tmp_path):
    with pytest.raises(DatasetError, match="no case in part 'val'"):
        training.train(_without_val(prepared), tmp_path / "out", settings=_settings())


def test_the_average_of_the_weights_is_kept_and_survives_a_kill(prepared, tmp_path):
    settings = _settings("optim.keep=last", "optim.ema_decay=0.9", "optim.rate_per=step",
                         "optim.warmup_epochs=0.5", "optim.clip_norm=1.0",
                         "optim.optimizer=adamw")  # fmt: skip
    whole = training.train(read_manifest(prepared), tmp_path / "whole", settings=settings)
    kept, _ = load_model_state(whole.checkpoint)
    own = _weights(tmp_path / "whole")
    assert any(not torch.equal(kept[name], own[name]) for name in own)
    _kill_in_mid_epoch(prepared, tmp_path / "killed", settings, after=7)
    again = training.train(read_manifest(prepared), tmp_path / "killed", settings=settings)
    resumed, _ = load_model_state(again.checkpoint)
    assert all(torch.equal(kept[name], resumed[name]) for name in kept)


def test_a_student_learns_from_its_teachers(prepared, tmp_path):
    manifest = read_manifest(prepared)
    teacher = _train(prepared, tmp_path / "teacher").checkpoint
    taught = training.train(
        manifest, tmp_path / "taught", settings=_settings(), teachers=[teacher, teacher]
    )
    first = float(_curves(tmp_path / "taught")[0]["train_loss"])
    assert first != float(_curves(tmp_path / "teacher")[0]["train_loss"])
    again = training.train(
        manifest, tmp_path / "taught", settings=_settings(), teachers=[teacher, teacher]
    )
    assert again.best_epoch == taught.best_epoch
    with pytest.raises(TrainingError, match="other settings"):
        _train(prepared, tmp_path / "taught")
    with pytest.raises(TrainingError, match="no such checkpoint"):
        training.train(
            manifest, tmp_path / "none", settings=_settings(), teachers=[tmp_path / "x.pth"]
        )


def test_a_run_starts_from_the_weights_of_an_earlier_one(prepared, tmp_path):
    manifest, settings = read_manifest(prepared), _settings("optim.epochs=1", "seed=43")
    first = _train(prepared, tmp_path / "first").checkpoint
    out = tmp_path / "on"
    still = _settings("optim.epochs=1", "optim.learning_rate=1e-30", "optim.weight_decay=0.0")
    training.train(manifest, tmp_path / "still", settings=still, start_from=first)
    begun, about = load_model_state(tmp_path / "still" / "best_model.pth")
    weights, _ = load_model_state(first)
    learned = [name for name in weights if "running" not in name and "tracked" not in name]
    assert all(torch.allclose(begun[name], weights[name], atol=1e-5) for name in learned)
    assert about["started_from"] == sha256_file(first)
    _kill_in_mid_epoch(prepared, out, settings, after=2, start_from=first)
    training.train(manifest, out, settings=settings, start_from=first)
    training.train(manifest, tmp_path / "whole", settings=settings, start_from=first)
    whole = _weights(tmp_path / "whole")
    assert all(torch.equal(value, whole[name]) for name, value in _weights(out).items())


def test_a_start_from_another_split_or_network_is_refused(prepared, tmp_path):
    first = _train(prepared, tmp_path / "first").checkpoint
    other, keep = _without_val(prepared), _settings("optim.keep=last")
    with pytest.raises(TrainingError, match="split_hash"):
        training.train(other, tmp_path / "other", settings=keep, start_from=first)
    same, wider = read_manifest(prepared), _settings("model.width=3")
    with pytest.raises(TrainingError, match="has shape"):
        training.train(same, tmp_path / "wider", settings=wider, start_from=first)
