"""Checkpoint -> bundle: export to ONNX, compare with torch, calibrate, write. Torch ends here."""

from __future__ import annotations

import dataclasses
import json
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sonolesion.bundle import Bundle, BundleInfo, write_bundle
from sonolesion.calibration.temperature import fit_temperature
from sonolesion.config import TrainSettings, load_train_settings, parse_train_settings
from sonolesion.data.manifest import Manifest
from sonolesion.errors import MissingExtraError, TrainingError
from sonolesion.imaging.geometry import ResizeMode
from sonolesion.imaging.intensity import to_unit_range
from sonolesion.inference.runtime import Session
from sonolesion.train.checkpoint import load_model_state, match_state
from sonolesion.train.dataset import LoadedPart, load_part
from sonolesion.train.models import build_model

MAX_DIFFERENCE = 1e-4
"""Largest allowed difference between torch's and ONNX Runtime's outputs, relative to the
largest output (at least 1)."""

OPSET = 18
_INTENDED_USE = (
    "Research on B-mode breast ultrasound: outline of a lesion and its class. Not for diagnosis, "
    "screening or treatment, and not for images of other organs or modalities."
)


def bundle_from_checkpoint(
    checkpoint: Path,
    out: Path,
    *,
    manifest: Manifest | None = None,
    val_parts: tuple[str, ...] = ("val",),
    name: str | None = None,
    version: str = "0.1",
) -> Bundle:
    """Export `best_model.pth`, ours or the published one, as a bundle.

    Args:
        checkpoint: the file with `model_state_dict`. One without our settings is taken for the
            mission's network at 256 px, squeezed.
        out: folder of the bundle, replaced as a whole.
        manifest: the prepared data it was trained on: gives the size, the way of resizing and
            the parts whose outputs fit the temperature. Without it, or without a case in those
            parts, the temperature stays 1.
        val_parts: parts to fit the temperature on. Never the test part.
        name: of the bundle; default the preset's name.
        version: of the bundle.

    Raises:
        TrainingError: the checkpoint does not load, or ONNX Runtime and torch differ by more
            than `MAX_DIFFERENCE`.
        MissingExtraError: the packages onnx and onnxscript are not installed.
        OutputWriteError: the bundle cannot be written.
    """
    state, about = load_model_state(checkpoint)
    settings = _settings_of(about)
    network = build_model(settings.model)
    network.load_state_dict(match_state(network, state, name=str(checkpoint)))
    network.eval()
    size = manifest.record.image_size_px if manifest else 256
    info = BundleInfo(
        name=name or settings.preset,
        version=version,
        created=datetime.now(UTC).date().isoformat(),
        description=f"{settings.model.name}, width {settings.model.width}, {size} px.",
        licence="Apache-2.0",
        intended_use=_INTENDED_USE,
        image_size_px=size,
        resize=manifest.record.resize if manifest else ResizeMode.SQUEEZE,
        training=_training_facts(settings, about, manifest),
    )
    graph = export_graph(network, info)
    rows = manifest.part(*val_parts) if manifest else ()
    part = load_part(manifest, rows, "+".join(val_parts)) if manifest and rows else None
    session = Session(Bundle(info, graph, out))
    images = _probe_images(part, size)
    _check_parity(network, session, images)
    if part is not None:
        logits = _class_logits(session, part)
        info = dataclasses.replace(info, temperature=fit_temperature(logits, part.labels))
    return write_bundle(out, info, graph)


def export_graph(network: nn.Module, info: BundleInfo) -> bytes:
    """Export a network to a self-contained ONNX file with a free batch axis.

    Raises:
        MissingExtraError: onnx or onnxscript is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            f"{error.name} is needed to export a model: pip install 'sonolesion[train]'."
        ) from error
    example = torch.zeros(2, 1, info.image_size_px, info.image_size_px)
    with warnings.catch_warnings():
        # the exporter warns of its own internals (pytree registrations, copyreg)
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (example,),
            input_names=[info.input_name],
            output_names=[info.mask_output, info.class_output],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise TrainingError("torch gave no ONNX program; update torch.")
    return bytes(program.model_proto.SerializeToString())


def _settings_of(about: dict[str, Any]) -> TrainSettings:
    if "settings" not in about:
        return load_train_settings("mission")
    return parse_train_settings(json.loads(about["settings"]))


def _training_facts(
    settings: TrainSettings, about: dict[str, Any], manifest: Manifest | None
) -> dict[str, Any]:
    facts: dict[str, Any] = {"preset": settings.preset, "seed": settings.seed}
    facts["epochs"] = about.get("epoch")
    facts["settings"] = settings.model_dump()
    if manifest is not None:
        record = manifest.record
        facts["protocol"], facts["split_hash"] = record.protocol, record.split_hash
        facts["datasets"] = sorted({row.dataset for row in manifest.rows})
        if about.get("split_hash", record.split_hash) != record.split_hash:
            raise TrainingError(
                f"the checkpoint was trained on split {about['split_hash']}, the prepared data "
                f"has {record.split_hash}. Give the data that it was trained on."
            )
    return facts


def _probe_images(part: LoadedPart | None, size: int) -> NDArray[np.float32]:
    """Images float32 (4, 1, S, S) to compare on: real ones where there are, otherwise noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, size, size)).astype(np.uint8)
    if part is not None:
        pixels[: len(part.pixels)] = part.pixels[:4]
    return to_unit_range(pixels)[:, None]


def _check_parity(network: nn.Module, session: Session, images: NDArray[np.float32]) -> None:
    with torch.no_grad():
        mask_logits, class_logits = network(torch.from_numpy(images))
    output = session.run(images)
    pairs = (
        ("mask", mask_logits[:, 0].numpy(), output.mask_logits),
        ("class", class_logits.numpy(), output.class_logits),
    )
    for what, ours, theirs in pairs:
        scale = max(1.0, float(np.abs(ours).max()))
        difference = float(np.abs(ours - theirs).max()) / scale
        if not difference <= MAX_DIFFERENCE:
            raise TrainingError(
                f"export refused: the {what} logits of torch and ONNX Runtime differ by "
                f"{difference:.2g} (allowed {MAX_DIFFERENCE:g}). Update torch and onnxruntime."
            )


def _class_logits(session: Session, part: LoadedPart) -> NDArray[np.float64]:
    """Class logits float64 (N, 3) of a part, from the graph that ships."""
    batches = [
        session.run(to_unit_range(part.pixels[at : at + 8])[:, None]).class_logits
        for at in range(0, len(part.labels), 8)
    ]
    return np.concatenate(batches).astype(np.float64)
