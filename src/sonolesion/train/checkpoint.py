"""Checkpoints: a resumable state after any batch, and the mission's `best_model.pth`.

Both are read with `weights_only=True` and no fallback: they hold tensors, numbers and texts.
"""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sonolesion.config import TrainSettings, load_train_settings, parse_train_settings
from sonolesion.data.manifest import Manifest
from sonolesion.errors import TrainingError
from sonolesion.files import atomic_write_bytes
from sonolesion.imaging.geometry import ResizeMode
from sonolesion.train.models import build_model

LAST_NAME = "last.ckpt"
BEST_NAME = "best_model.pth"


@dataclass(slots=True)
class Progress:
    """Where a run is; everything but tensors that an exact resume needs.

    Attributes:
        epoch: epochs completed, validation included.
        batch: training batches done of the current epoch.
        sums: running sums of the current epoch's training metrics.
        best_loss: lowest validation loss so far.
        best_epoch: the epoch (from 1) that had it; 0 for none.
        stale_epochs: epochs since then.
        seconds: wall time spent so far, in seconds, over all sittings.
        epoch_seconds: wall time spent so far on the current epoch, in seconds.
        history: one row of metrics per completed epoch.
        precision: what was chosen at the start of the run.
        finished: the run has ended by itself.
    """

    epoch: int = 0
    batch: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    best_loss: float = float("inf")
    best_epoch: int = 0
    stale_epochs: int = 0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    precision: str = "32-true"
    finished: bool = False


def save_state(
    path: Path, *, progress: Progress, identity: str, tensors: Mapping[str, Any]
) -> None:
    """Write a resumable checkpoint, whole or not at all.

    Args:
        path: usually OUT/last.ckpt.
        progress: where the run is.
        identity: hash of settings and data; a resume with another one is refused.
        tensors: state dicts of model, optimiser, scaler and the random generators.

    Raises:
        OutputWriteError: the file cannot be written; an older one stays intact.
    """
    values = dataclasses.asdict(progress)
    _save(path, {"progress": values, "identity": identity, "tensors": dict(tensors)})


def load_state(path: Path, *, identity: str) -> tuple[Progress, dict[str, Any]]:
    """Read a resumable checkpoint.

    Raises:
        TrainingError: damaged, or made with other settings or data.
    """
    content = _load(path)
    if content.get("identity") != identity:
        raise TrainingError(
            f"{path}: was made with other settings or other data. Give the same ones to resume, "
            "or another output folder (-o) to start anew."
        )
    return Progress(**content["progress"]), content["tensors"]


def save_best(path: Path, *, model_state: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write the mission's `best_model.pth`: `model_state_dict` and plain facts about the run."""
    _save(path, {"model_state_dict": dict(model_state), **about})


def load_model_state(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read `model_state_dict` of a `best_model.pth`, ours or the published one.

    Returns:
        The state dict on the CPU, and the other entries.

    Raises:
        TrainingError: missing, damaged, holds code (pickled objects), or no `model_state_dict`.
    """
    content = _load(path)
    state = content.pop("model_state_dict", None)
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise TrainingError(f"{path}: expected an entry 'model_state_dict' that holds tensors.")
    return state, content


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A network from a `best_model.pth`.

    Attributes:
        network: with its weights, in evaluation mode.
        settings: that it was trained with; the mission's for a file without any.
        image_size_px, resize: of its square.
        about: what else the file says: epoch, val_loss, split_hash.
    """

    network: torch.nn.Module
    settings: TrainSettings
    image_size_px: int
    resize: ResizeMode
    about: dict[str, Any]


def load_network(path: Path) -> LoadedNetwork:
    """Build the network of a `best_model.pth` and load its weights.

    A file without our settings is taken for the mission's: its network at 256 px, squeezed.

    Raises:
        TrainingError: see `load_model_state` and `match_state`.
        ConfigError: its settings are of another version of this program.
    """
    state, about = load_model_state(path)
    if "settings" in about:
        settings = parse_train_settings(json.loads(about["settings"]))
    else:
        settings = load_train_settings("mission")
    network = build_model(settings.model)
    network.load_state_dict(match_state(network, state, name=str(path)))
    return LoadedNetwork(
        network=network.eval(),
        settings=settings,
        image_size_px=int(about.get("image_size_px", 256)),
        resize=ResizeMode(about.get("resize", ResizeMode.SQUEEZE)),
        about=about,
    )


def load_start(network: torch.nn.Module, path: Path, *, manifest: Manifest) -> None:
    """Load the weights of an earlier run into `network`, to train them on.

    The earlier run must have had the same split and size: else it may have trained on what this
    one is tested on.

    Raises:
        TrainingError: another split or size, or see `load_model_state` and `match_state`.
    """
    state, about = load_model_state(path)
    record = manifest.record
    for name, wanted in (
        ("split_hash", record.split_hash),
        ("image_size_px", record.image_size_px),
        ("resize", record.resize.value),
    ):
        if about.get(name) != wanted:
            raise TrainingError(
                f"{path}: cannot be started from: its {name} is {about.get(name)!r}, here it is "
                f"{wanted!r}. Start from a run on the same prepared folders, or from none."
            )
    network.load_state_dict(match_state(network, state, name=str(path)))


def match_state(
    network: torch.nn.Module, state: Mapping[str, Tensor], *, name: str
) -> dict[str, Tensor]:
    """Fit a state dict to `network`: by names, or by order when the names differ.

    The published program names its layers in its own way; the same architecture then still has
    the same shapes in the same order.

    Raises:
        TrainingError: the shapes differ, with the first difference.
    """
    own = network.state_dict()
    if set(state) != set(own):
        if len(state) != len(own):
            raise TrainingError(
                f"{name}: has {len(state)} tensors, this network {len(own)}. Choose the preset "
                "that the file was trained with."
            )
        state = dict(zip(own, state.values(), strict=True))
    for key, tensor in own.items():
        if tensor.shape != state[key].shape:
            raise TrainingError(
                f"{name}: {key} has shape {tuple(state[key].shape)}, expected "
                f"{tuple(tensor.shape)}. Choose the preset that the file was trained with."
            )
    return {key: state[key] for key in own}


def _save(path: Path, content: Mapping[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    atomic_write_bytes(path, buffer.getvalue())


def _load(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: no such file. Run `sonolesion train` first.") from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path}: not a checkpoint of plain tensors, or damaged. Delete it or copy it again."
        ) from error
    if not isinstance(content, dict):
        raise TrainingError(f"{path}: expected a dictionary, got {type(content).__name__}.")
    return content
