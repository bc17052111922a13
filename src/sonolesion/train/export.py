"""Checkpoint -> bundle: export to ONNX, compare with torch, calibrate, write. Torch ends here."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sonolesion.bundle import Bundle, BundleInfo, write_bundle
from sonolesion.bundle.decision import measure_peak
from sonolesion.bundle.int8 import Int8Form
from sonolesion.calibration import Calibration, HeldOut, fit_calibration
from sonolesion.config import TrainSettings
from sonolesion.data.manifest import Manifest, ManifestRow
from sonolesion.data.rounds import training_rows
from sonolesion.errors import InvalidInputError, MissingExtraError, TrainingError
from sonolesion.files import sha256_file
from sonolesion.imaging.intensity import to_unit_range
from sonolesion.inference.runtime import Session
from sonolesion.metrics.probability import sigmoid
from sonolesion.train.checkpoint import LoadedNetwork, load_network
from sonolesion.train.dataset import LoadedPart, load_part
from sonolesion.train.fold_norm import fold_norms
from sonolesion.train.graph_forms import rewrite_graph
from sonolesion.train.half_weights import round_to_half, store_half, strip_notes
from sonolesion.train.int8 import make_int8_form
from sonolesion.train.int8_change import describe_int8, pick_rows
from sonolesion.train.models import Ensemble, Mirrored, ModelOutput
from sonolesion.types import LesionClass

MAX_DIFFERENCE = 1e-4
"""Largest allowed difference between torch's and ONNX Runtime's outputs, relative to the
largest output (at least 1)."""

OPSET = 18
FEATURE_OUTPUT = "features"
_INTENDED_USE = (
    "Research on B-mode breast ultrasound: outline of a lesion and its class. Not for diagnosis, "
    "screening or treatment, and not for images of other organs or modalities."
)


def bundle_from_checkpoints(
    checkpoints: Sequence[Path],
    out: Path,
    *,
    manifest: Manifest | None = None,
    calibration: Calibration | None = None,
    half_weights: bool = False,
    int8_from: Sequence[Manifest] = (),
    mirror: bool = False,
    name: str | None = None,
    version: str = "0.1",
) -> Bundle:
    """Export one `best_model.pth`, ours or the published one, or several as an ensemble.

    Args:
        checkpoints: files with `model_state_dict`; the mean logits of several are exported as one
            graph. One without our settings is taken for the mission's network at 256 px, squeezed.
        out: folder of the bundle, replaced as a whole.
        manifest: the prepared data it was trained on; its part "val" fits temperature and
            decision where `calibration` does not give them, and the part "test" is not touched.
            In a part without normals, erased lesions of it stand for them.
        calibration: fitted on held-out outputs elsewhere, by `sonolesion crossval`.
        half_weights: store weights as fp16 (see `sonolesion.train.half_weights`).
        int8_from: all prepared data sets that the checkpoints were trained on; cases of their
            training part give the ranges of an int8 form. None for a bundle without one.
        mirror: answer with the mean over the image and its mirror image, for twice the time.
        name: of the bundle; default the preset's name.
        version: of the bundle.

    Raises:
        InvalidInputError: no checkpoint, or they differ in size or resizing; `int8_from` is not
            what they were trained on.
        TrainingError: a checkpoint does not load, ONNX Runtime and torch differ by more than
            `MAX_DIFFERENCE`, or int8 changes too much (`describe_int8`).
        MissingExtraError: the packages onnx and onnxscript are not installed.
        OutputWriteError: the bundle cannot be written.
    """
    loaded = [load_network(path) for path in checkpoints]
    shapes = {(item.image_size_px, item.resize) for item in loaded}
    if len(shapes) != 1:
        raise InvalidInputError(
            "expected checkpoints trained at one size and way of resizing, got "
            f"{sorted(shapes) or 'none'}."
        )
    network = loaded[0].network if len(loaded) == 1 else Ensemble([i.network for i in loaded])
    if half_weights:
        fold_norms(network.eval())
        round_to_half(network)
    if mirror:
        network = Mirrored(network)
    settings = loaded[0].settings
    size, resize = shapes.pop()
    info = BundleInfo(
        name=name or settings.preset,
        version=version,
        created=datetime.now(UTC).date().isoformat(),
        description=_describe(settings, size=size, members=len(loaded), mirror=mirror),
        licence="Apache-2.0",
        intended_use=_INTENDED_USE,
        image_size_px=size,
        resize=resize,
        feature_output=FEATURE_OUTPUT,
        training={**_training_facts(loaded, manifest), **({"mirror": True} if mirror else {})},
    )
    graph = export_graph(network.eval(), info, half_weights=half_weights)
    rows = _rows_to_fit_on(manifest) if manifest else ()
    part = load_part(manifest, rows, "val") if manifest and rows else None
    session = Session(Bundle(info, graph, out))
    _check_parity(network, session, _probe_images(part, size))
    if calibration is None and part is not None:
        calibration = fit_calibration(_held_out(session, part, rows), where="part val")
    if calibration is not None:
        info = calibration.apply_to(info, checkpoint=sha256_file(checkpoints[0]))
    int8 = None
    if int8_from:
        int8, form = _add_int8(Bundle(info, graph, out), loaded, int8_from)
        info = dataclasses.replace(info, int8=form)
    return write_bundle(out, info, graph, int8)


def export_graph(network: nn.Module, info: BundleInfo, *, half_weights: bool = False) -> bytes:
    """Export a network to a self-contained ONNX file with a free batch axis.

    Parts that a CPU computes with less work in another form are written in that form
    (`rewrite_graph`).

    Args:
        network: in evaluation mode; for `half_weights` folded by `fold_norms` and rounded by
            `round_to_half`, so that no optimiser changes the numbers that fp16 holds.
        info: names and size.
        half_weights: store weights as fp16.

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
    names = [info.mask_output, info.class_output]
    names += [] if info.feature_output is None else [info.feature_output]
    example = torch.zeros(2, 1, info.image_size_px, info.image_size_px)
    with _quiet_exporter():
        program = torch.onnx.export(
            network,
            (example,),
            input_names=[info.input_name],
            output_names=names,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise TrainingError("torch gave no ONNX program; update torch.")
    model = strip_notes(program.model_proto)
    rewrite_graph(model)
    return bytes((store_half(model) if half_weights else model).SerializeToString())


@contextlib.contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Keep back what the exporter says of its own internals: copyreg, no torchvision."""
    log = logging.getLogger("torch.onnx._internal.exporter")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _describe(settings: TrainSettings, *, size: int, members: int, mirror: bool) -> str:
    model = settings.model
    what = model.encoder if model.name == "encoder_unet" else f"width {model.width}"
    several = f"mean of {members} networks, " if members > 1 else ""
    twice = ", each image and its mirror image" if mirror else ""
    return f"{several}{model.name}, {what}, {size} px{twice}."


def _training_facts(loaded: Sequence[LoadedNetwork], manifest: Manifest | None) -> dict[str, Any]:
    first = loaded[0]
    facts: dict[str, Any] = {"preset": first.settings.preset, "seed": first.settings.seed}
    facts["epochs"] = first.about.get("epoch")
    facts["settings"] = first.settings.model_dump()
    trained_on = sorted({str(i.about["split_hash"]) for i in loaded if "split_hash" in i.about})
    if trained_on:
        facts["split_hash"] = "+".join(trained_on)
    if first.about.get("started_from"):
        facts["started_from"] = first.about["started_from"]
    if len(loaded) > 1:
        facts["members"] = len(loaded)
    if manifest is not None:
        record = manifest.record
        facts["protocol"] = record.protocol
        facts["datasets"] = sorted({row.dataset for row in manifest.rows})
        if trained_on not in ([], [record.split_hash]):
            raise TrainingError(
                f"the checkpoint was trained on split {facts['split_hash']}, the prepared data "
                f"has {record.split_hash}. Give the data that it was trained on."
            )
        facts["split_hash"] = record.split_hash
    return facts


def _add_int8(
    bundle: Bundle, loaded: Sequence[LoadedNetwork], manifests: Sequence[Manifest]
) -> tuple[bytes, Int8Form]:
    """Make the int8 form on training images of all the networks, and measure what it changes."""
    hashes = sorted({str(item.about.get("split_hash", "")) for item in loaded} - {""})
    manifest, rows = training_rows(manifests, hashes)
    images = to_unit_range(load_part(manifest, pick_rows(rows), "train").pixels)[:, None]
    int8 = make_int8_form(bundle.graph, images, input_name=bundle.info.input_name)
    return int8, describe_int8(bundle, int8, images, split_hash="+".join(hashes))


def _rows_to_fit_on(manifest: Manifest) -> tuple[ManifestRow, ...]:
    """The part "val", with its erased lesions where it has no other normals."""
    rows = manifest.part("val")
    if any(row.label is LesionClass.NORMAL for row in rows):
        return rows
    return manifest.part("val", derived=True)


def _probe_images(part: LoadedPart | None, size: int) -> NDArray[np.float32]:
    """Images float32 (4, 1, S, S) to compare on: real ones where there are, otherwise noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, size, size)).astype(np.uint8)
    if part is not None:
        pixels[: len(part.pixels)] = part.pixels[:4]
    return to_unit_range(pixels)[:, None]


def _check_parity(network: nn.Module, session: Session, images: NDArray[np.float32]) -> None:
    with torch.no_grad():
        expected: ModelOutput = network(torch.from_numpy(images))
    output = session.run(images)
    pairs = [
        ("mask logits", expected.mask_logits[:, 0].numpy(), output.mask_logits),
        ("class logits", expected.class_logits.numpy(), output.class_logits),
    ]
    if expected.features is not None and output.features is not None:
        pairs.append(("features", expected.features.numpy(), output.features))
    for what, ours, theirs in pairs:
        scale = max(1.0, float(np.abs(ours).max()))
        difference = float(np.abs(ours - theirs).max()) / scale
        if not difference <= MAX_DIFFERENCE:
            raise TrainingError(
                f"export refused: the {what} of torch and ONNX Runtime differ by "
                f"{difference:.2g} (allowed {MAX_DIFFERENCE:g}). Update torch and onnxruntime."
            )


def _held_out(session: Session, part: LoadedPart, rows: tuple[ManifestRow, ...]) -> HeldOut:
    """Outputs of a part from the graph that ships; `rows` are the part's, in its order."""
    logits: list[NDArray[np.float32]] = []
    peaks: list[float] = []
    for at in range(0, len(part.labels), 8):
        output = session.run(to_unit_range(part.pixels[at : at + 8])[:, None])
        logits.append(output.class_logits)
        peaks += [measure_peak(sigmoid(mask_logits)) for mask_logits in output.mask_logits]
    return HeldOut(
        class_logits=np.concatenate(logits).astype(np.float64),
        lesion_peak=np.array(peaks),
        labels=part.labels,
        groups=np.array([row.group for row in rows]),
        datasets=np.array([row.dataset for row in rows]),
    )
