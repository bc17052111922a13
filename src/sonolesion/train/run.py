"""One training run: a prepared data set and settings in; checkpoints, curves and a bundle out.

::

    OUT/best_model.pth          weights with the lowest validation loss
    OUT/last.ckpt               resumable state, removed by nobody, written every two minutes
    OUT/metrics.csv             one row per epoch
    OUT/training_progress.png   the same as curves
    OUT/bundle/                 what `predict` and `evaluate` take
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sonolesion.config import TrainSettings
from sonolesion.data.manifest import Manifest
from sonolesion.errors import TrainingError
from sonolesion.files import make_folder, sha256_file, sha256_text
from sonolesion.train.allocator import keep_freed_memory
from sonolesion.train.checkpoint import (
    BEST_NAME,
    LAST_NAME,
    Progress,
    load_network,
    load_start,
    load_state,
    save_best,
    save_state,
)
from sonolesion.train.dataset import (
    Batch,
    EpochBatches,
    LesionDataset,
    LoadedPart,
    load_part,
    sampling_weights,
)
from sonolesion.train.epoch import add_sums, batch_sums, means
from sonolesion.train.history import write_history
from sonolesion.train.losses import LossTerms, MultiTaskLoss, blend, class_weights, distill_loss
from sonolesion.train.models import Ensemble, ModelOutput, build_model
from sonolesion.train.optimizer import WeightAverage, build_optimizer, learning_rate, set_rate
from sonolesion.train.precision import build_precision_plugin, choose_device, choose_precision
from sonolesion.types import CLASS_NAMES

Report = Callable[[Progress, int, int], None]
"""Called after each batch and epoch with (progress, batches done, batches of this epoch)."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a run ended.

    Attributes:
        checkpoint: `best_model.pth`.
        epochs: trained, over all sittings.
        best_epoch: the one whose weights are kept, from 1.
        best_loss: its validation loss; None without a validation part.
        precision, device: what it was computed with.
        seconds: wall time of all sittings.
        is_main: False in the other processes of a run with `runtime.devices` above 1, which
            have nothing to write.
    """

    checkpoint: Path
    epochs: int
    best_epoch: int
    best_loss: float | None
    precision: str
    device: str
    seconds: float
    is_main: bool = True


def run_identity(
    manifest: Manifest,
    settings: TrainSettings,
    *,
    teachers: Sequence[Path] = (),
    start_from: Path | None = None,
) -> str:
    """Hash of what decides the weights: settings (less where they run), split, pixels, files.

    Raises:
        TrainingError: the file of a teacher or of the start cannot be read.
    """
    decisive = settings.model_dump_json(exclude={"runtime": {"workers", "checkpoint_every_s"}})
    pixels = ",".join(row.processed_sha256 for row in manifest.rows)
    try:
        files = "".join(f"|{sha256_file(path)}" for path in teachers)
        files += f"|from {sha256_file(start_from)}" if start_from is not None else ""
    except OSError as error:
        raise TrainingError(f"{error.filename}: no such checkpoint ({error.strerror}).") from error
    return sha256_text(f"{decisive}|{manifest.record.split_hash}|{pixels}{files}")[:16]


def train(
    manifest: Manifest,
    out: Path,
    *,
    settings: TrainSettings,
    report: Report | None = None,
    teachers: Sequence[Path] = (),
    start_from: Path | None = None,
) -> TrainResult:
    """Train on the part "train", or go on where an interrupted run of the same kind stopped.

    On one device and with the same number of threads the weights become those of an uninterrupted
    run, bit for bit. With several devices only the first one's random state is kept.

    Args:
        manifest: prepared cases; the epoch is chosen on the part "val", which may be missing with
            `optim.keep = "last"`. The part "test" is never touched.
        out: folder of this run; holds `last.ckpt` when there is something to resume.
        settings: see `sonolesion.config`.
        report: called with the progress after each batch.
        teachers: `best_model.pth` files whose mean answer is learned from as `settings.distill`
            says. They must not have seen the part "test" either.
        start_from: `best_model.pth` of a run on the same split, whose weights are trained on.

    Raises:
        TrainingError: the loss became nan, `out` belongs to another run, or `start_from` is of
            another split, size or network.
        DatasetError: a part that is needed is empty, or a processed file is not there.
        OutputWriteError: a file cannot be written; the last good checkpoint stays.
    """
    return _Run(manifest, out, settings, report, teachers, start_from).execute()


class _Run:
    """The state of one run while it is trained."""

    def __init__(
        self,
        manifest: Manifest,
        out: Path,
        settings: TrainSettings,
        report: Report | None,
        teachers: Sequence[Path],
        start_from: Path | None,
    ) -> None:
        self.manifest = manifest
        self.out = make_folder(out)
        self.settings = settings
        self.report = report
        self.identity = run_identity(manifest, settings, teachers=teachers, start_from=start_from)
        self.start_from = start_from
        self.started_from = "" if start_from is None else sha256_file(start_from)
        self.teacher: nn.Module | None = None
        if teachers:
            self.teacher = Ensemble([load_network(path).network for path in teachers])
        self.progress = Progress()
        self.saved_at = self.ticked_at = time.monotonic()

    def execute(self) -> TrainResult:
        settings, manifest = self.settings, self.manifest
        train_part = load_part(manifest, manifest.part("train", derived=True), "train")
        self.weights = sampling_weights(train_part, settings.sampling)
        val_rows, val_part = manifest.part("val"), None
        if val_rows or settings.optim.keep == "best":
            val_part = load_part(manifest, val_rows, "val")
        tensors = self._setup(train_part)
        if tensors is not None:
            self._restore(tensors)
        while not self.progress.finished and self.progress.epoch < settings.optim.epochs:
            self._train_epoch(train_part)
            self._finish_epoch(val_part)
        progress = self.progress
        return TrainResult(
            checkpoint=self.out / BEST_NAME,
            epochs=progress.epoch,
            best_epoch=progress.best_epoch,
            best_loss=progress.best_loss if math.isfinite(progress.best_loss) else None,
            precision=progress.precision,
            device=self.fabric.device.type,
            seconds=progress.seconds,
            is_main=self.fabric.is_global_zero,
        )

    def _setup(self, train_part: LoadedPart) -> dict[str, Any] | None:
        """Build network, optimiser and Fabric; return the tensors of a run to resume, if any."""
        settings, last = self.settings, self.out / LAST_NAME
        tensors = None
        if last.exists():
            self.progress, tensors = load_state(last, identity=self.identity)
        if settings.runtime.threads:
            torch.set_num_threads(settings.runtime.threads)
        torch.manual_seed(settings.seed)
        device = choose_device(settings.runtime.device)
        if device == "cpu":
            keep_freed_memory()
        is_new = tensors is None and self.start_from is None
        self.network = build_model(settings.model, load_pretrained=is_new)
        if tensors is None and self.start_from is not None:
            load_start(self.network, self.start_from, manifest=self.manifest)
        if tensors is None:
            self.progress.precision = choose_precision(settings.runtime, self.network, device)
        self.plugin = build_precision_plugin(self.progress.precision, device)
        self.fabric = Fabric(
            accelerator=device,
            devices=settings.runtime.devices,
            plugins=[self.plugin] if self.plugin else None,
        )
        self.fabric.launch()
        if settings.runtime.channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)
        optimizer = build_optimizer(self.network, settings.optim, fused=device == "cpu")
        self.model, self.optimizer = self.fabric.setup(self.network, optimizer)
        if self.teacher is not None:
            self.teacher = self.fabric.setup_module(self.teacher.eval(), move_to_device=True)
        self.average = WeightAverage(self.network, settings.optim.ema_decay)
        balanced = settings.loss.class_weights == "balanced"
        labels = torch.from_numpy(train_part.labels)
        weights = class_weights(labels, len(CLASS_NAMES)) if balanced else None
        self.loss = self.fabric.to_device(MultiTaskLoss(settings.loss, weights))
        return tensors

    def _restore(self, tensors: dict[str, Any]) -> None:
        self.network.load_state_dict(tensors["model"])
        self.optimizer.load_state_dict(tensors["optimizer"])
        self.average.load_state_dict(tensors["average"])
        if self.plugin is not None:
            self.plugin.load_state_dict(tensors["scaler"])
        torch.set_rng_state(tensors["rng"])
        if "rng_cuda" in tensors and self.fabric.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["rng_cuda"], self.fabric.device)

    def _loader(self, part: LoadedPart, *, training: bool, start: int = 0) -> DataLoader[Batch]:
        settings, fabric = self.settings, self.fabric
        batches = EpochBatches(
            count=len(part.labels),
            batch_size=settings.optim.batch_size,
            epoch=self.progress.epoch,
            start=start,
            seed=settings.seed if training else None,
            weights=self.weights if training else None,
            rank=fabric.global_rank,
            world=fabric.world_size,
        )
        loader = DataLoader(
            LesionDataset(part, settings.augment if training else None, settings.seed),
            batch_sampler=batches,
            num_workers=settings.runtime.workers,
            # of its own: a loader draws from the global one, which a resumed run then lacks
            generator=torch.Generator(),
        )
        return fabric.setup_dataloaders(loader, use_distributed_sampler=False)  # type: ignore[return-value]

    def _train_epoch(self, part: LoadedPart) -> None:
        progress, optim = self.progress, self.settings.optim
        set_rate(self.optimizer, learning_rate(optim, progress.epoch))
        self.model.train()
        loader = self._loader(part, training=True, start=progress.batch)
        total = progress.batch + len(loader)
        for images, masks, labels in loader:
            if optim.rate_per == "step":
                position = progress.epoch + progress.batch / total
                set_rate(self.optimizer, learning_rate(optim, position))
            output = self.model(self._layout(images))
            terms = self._taught(self.loss(output, masks, labels), images, output)
            self.optimizer.zero_grad(set_to_none=True)
            self.fabric.backward(terms.total)
            if optim.clip_norm:
                self.fabric.clip_gradients(
                    self.model, self.optimizer, max_norm=optim.clip_norm, error_if_nonfinite=False
                )
            self.optimizer.step()
            self.average.update()
            if not math.isfinite(terms.total.item()):
                raise TrainingError(
                    f"the loss became {terms.total.item()} in epoch {progress.epoch + 1}, batch "
                    f"{progress.batch + 1}. {self.out / LAST_NAME} and {BEST_NAME} are from "
                    "before; lower optim.learning_rate or set runtime.precision to '32-true'."
                )
            progress.sums = add_sums(progress.sums, batch_sums(terms, output, masks, labels))
            progress.batch += 1
            self._tick(progress.batch, total)
            if time.monotonic() - self.saved_at >= self.settings.runtime.checkpoint_every_s:
                self._save_state()

    def _taught(self, terms: LossTerms, images: Tensor, output: ModelOutput) -> LossTerms:
        """Blend in the loss against the teachers, where there are some."""
        if self.teacher is None:
            return terms
        distill = self.settings.distill
        with torch.no_grad():
            target = self.teacher(self._layout(images))
        learned = distill_loss(output, target, temperature=distill.temperature)
        return blend(terms, learned, distill.weight)

    @torch.no_grad()
    def _validate(self, part: LoadedPart) -> dict[str, float]:
        self.model.eval()
        sums: dict[str, float] = {}
        for images, masks, labels in self._loader(part, training=False):
            output = self.model(self._layout(images))
            terms = self.loss(output, masks, labels)
            sums = add_sums(sums, batch_sums(terms, output, masks, labels))
        return means(self._sum_over_processes(sums), "val")

    def _finish_epoch(self, val_part: LoadedPart | None) -> None:
        """Validate and keep the weights if they are the ones to keep."""
        with self.average.applied():
            val = self._validate(val_part) if val_part is not None else {}
            self._record_epoch(val)
        self._save_state()

    def _record_epoch(self, val: dict[str, float]) -> None:
        progress, optim = self.progress, self.settings.optim
        if val and not math.isfinite(val["val_loss"]):
            raise TrainingError(f"the validation loss became {val['val_loss']}; lower the rate.")
        train_means = means(self._sum_over_processes(progress.sums), "train")
        rate = float(self.optimizer.param_groups[0]["lr"])
        self._tick(progress.batch, progress.batch)
        row = {"epoch": float(progress.epoch + 1)} | train_means | val
        row |= {"learning_rate": rate, "seconds": round(progress.epoch_seconds, 1)}
        progress.history.append(row)
        progress.epoch += 1
        self._tick(0, progress.batch)  # tell of the completed epoch
        better = optim.keep == "last" or val["val_loss"] < progress.best_loss
        progress.stale_epochs = 0 if better else progress.stale_epochs + 1
        if better:
            progress.best_loss = val.get("val_loss", math.inf)
            progress.best_epoch = progress.epoch
        progress.batch, progress.sums, progress.epoch_seconds = 0, {}, 0.0
        progress.finished = (
            progress.epoch >= optim.epochs or progress.stale_epochs >= optim.patience
        )
        if self.fabric.is_global_zero:
            if better:
                save_best(
                    self.out / BEST_NAME,
                    model_state=self.network.state_dict(),
                    about={
                        "epoch": progress.epoch,
                        "val_loss": progress.best_loss,
                        "settings": self.settings.model_dump_json(),
                        "split_hash": self.manifest.record.split_hash,
                        "image_size_px": self.manifest.record.image_size_px,
                        "resize": self.manifest.record.resize.value,
                        "class_names": list(CLASS_NAMES),
                        "started_from": self.started_from,
                    },
                )
            write_history(self.out, progress.history, best_epoch=progress.best_epoch)

    def _save_state(self) -> None:
        if self.fabric.is_global_zero:
            tensors: dict[str, Any] = {
                "model": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average.state_dict(),
                "scaler": self.plugin.state_dict() if self.plugin is not None else {},
                "rng": torch.get_rng_state(),
            }
            if self.fabric.device.type == "cuda":
                tensors["rng_cuda"] = torch.cuda.get_rng_state(self.fabric.device)
            save_state(
                self.out / LAST_NAME,
                progress=self.progress,
                identity=self.identity,
                tensors=tensors,
            )
        self.saved_at = time.monotonic()

    def _layout(self, images: Tensor) -> Tensor:
        if self.settings.runtime.channels_last:
            return images.to(memory_format=torch.channels_last)
        return images

    def _sum_over_processes(self, sums: dict[str, float]) -> dict[str, float]:
        if self.fabric.world_size == 1:
            return sums
        values = torch.tensor(list(sums.values()), dtype=torch.float64, device=self.fabric.device)
        total = self.fabric.all_reduce(values, reduce_op="sum")
        return dict(zip(sums, total.tolist(), strict=True))  # type: ignore[union-attr]

    def _tick(self, done: int, total: int) -> None:
        now = time.monotonic()
        self.progress.seconds += now - self.ticked_at
        self.progress.epoch_seconds += now - self.ticked_at
        self.ticked_at = now
        if self.report is not None and self.fabric.is_global_zero:
            self.report(self.progress, done, total)
