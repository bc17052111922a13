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
from sonolesion.errors import DatasetError, TrainingError  # noqa: E402
from sonolesion.train import run as training  # noqa: E402
from sonolesion.train.checkpoint import load_model_state  # noqa: E402

pytestmark = pytest.mark.torch
OVERRIDES = (
    "model.width=2", "optim.batch_size=2", "optim.epochs=3", "augment.enabled=true",
    "runtime.threads=1", "runtime.precision='32-true'", "runtime.checkpoint_every_s=0.0",
)  # fmt: skip


def _settings(*more: str) -> TrainSettings:
    return load_train_settings("mission", overrides=[*OVERRIDES, *more])


def _curves(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "metrics.csv").read_text().splitlines()))


def _weights(out: Path) -> dict[str, torch.Tensor]:
    return torch.load(out / "last.ckpt", weights_only=True)["tensors"]["model"]


def test_a_run_leaves_checkpoint_curves_and_plot(prepared, tmp_path):
    result = training.train(prepared, tmp_path / "out", settings=_settings())
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
from sonolesion.train.run import train
import json
def report(progress, done, total):
    print(progress.epoch, done, flush=True)
settings = parse_train_settings(json.loads(sys.argv[3]))
train(Path(sys.argv[1]), Path(sys.argv[2]), settings=settings, report=report)
"""


def _kill_in_mid_epoch(prepared: Path, out: Path, settings: TrainSettings, *, after: int) -> None:
    """Run in a process of its own and kill -9 it after `after` batches, between two checkpoints."""
    command = [sys.executable, "-c", KILLED, str(prepared), str(out), settings.model_dump_json()]
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
    training.train(prepared, tmp_path / "whole", settings=settings)
    _kill_in_mid_epoch(prepared, tmp_path / "killed", settings, after=after)
    assert (tmp_path / "killed" / "last.ckpt").exists()
    training.train(prepared, tmp_path / "killed", settings=settings)
    whole, resumed = _weights(tmp_path / "whole"), _weights(tmp_path / "killed")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    curves = [[{**r, "seconds": ""} for r in _curves(tmp_path / n)] for n in ("whole", "killed")]
    assert curves[0] == curves[1]


def test_a_finished_run_is_not_trained_again(prepared, tmp_path):
    first = training.train(prepared, tmp_path / "out", settings=_settings())
    before = (tmp_path / "out" / "last.ckpt").stat().st_mtime_ns
    time.sleep(0.01)
    again = training.train(prepared, tmp_path / "out", settings=_settings())
    assert dataclasses.replace(again, seconds=0) == dataclasses.replace(first, seconds=0)
    assert (tmp_path / "out" / "last.ckpt").stat().st_mtime_ns == before


def test_other_settings_do_not_resume(prepared, tmp_path):
    training.train(prepared, tmp_path / "out", settings=_settings("optim.epochs=1"))
    with pytest.raises(TrainingError, match="other settings"):
        training.train(prepared, tmp_path / "out", settings=_settings("optim.epochs=2"))


def test_early_stopping_counts_stale_epochs(prepared, tmp_path):
    # a rate of nearly nothing cannot better the first epoch's loss by chance for long
    result = training.train(
        prepared,
        tmp_path / "out",
        settings=_settings("optim.learning_rate=1.0", "optim.epochs=40", "optim.patience=2"),
    )
    assert result.epochs < 40
    assert result.epochs == result.best_epoch + 2


def test_a_loss_that_is_not_finite_stops_and_keeps_the_checkpoint(prepared, tmp_path, monkeypatch):
    training.train(prepared, tmp_path / "out", settings=_settings())
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
        training.train(prepared, tmp_path / "out", settings=_settings())
    assert real is training.batch_sums
    state = torch.load(tmp_path / "out" / "last.ckpt", weights_only=True)
    assert state["progress"]["batch"] == 3
    assert all(torch.isfinite(v).all() for v in state["tensors"]["model"].values())


def test_an_unprepared_folder_says_what_to_run(tmp_path):
    with pytest.raises(DatasetError, match="sonolesion prepare"):
        training.train(tmp_path, tmp_path / "out", settings=_settings())
