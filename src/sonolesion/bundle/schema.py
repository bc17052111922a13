"""`bundle.json`: what a model bundle says of itself, parsed strictly.

The graph beside it takes float32 (N, 1, S, S) in [0, 1] under `input_name` and gives float32
`mask_output` (N, 1, S, S) and `class_output` (N, 3), both logits, and where `feature_output` names
them the encoder's features (N, F). An unknown, missing or wrong
field is a `BundleError` that names the field and the file: a bundle that this program would
read differently from its maker must not run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sonolesion.bundle.decision import Decision
from sonolesion.bundle.decision_fields import check_decision
from sonolesion.bundle.fields import (
    Check,
    FieldsError,
    exactly,
    integer,
    matching,
    number,
    optional,
    read_fields,
    to_json_values,
)
from sonolesion.bundle.gate import FeatureGate
from sonolesion.bundle.gate_fields import check_feature_gate, feature_gate_to_json
from sonolesion.bundle.int8 import Int8Form, check_int8
from sonolesion.bundle.precision import INT8_MARK, Precision
from sonolesion.errors import BundleError
from sonolesion.imaging.geometry import RESAMPLE, ResizeMode
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY

SCHEMA_VERSION = 4
IMAGE_SIZE_RANGE_PX = (16, 4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleInfo:
    """All that is needed to run a bundle's graph as it was trained, and to say where it is from.

    Attributes:
        name: short name, lower case, e.g. "fast".
        version: of the weights, e.g. "0.1"; in memory, not in the file, "0.1+int8" where the int8
            form answers.
        created: day of export, ISO 8601.
        description: one sentence for people.
        licence: SPDX id or name of the licence of the weights.
        intended_use: what it is for and what it is not for.
        image_size_px: side S of the square.
        class_names: in the order of the class logits; must be that of `LesionClass`.
        resize: how an image gets into the square.
        resample: name of the resize call; must be `sonolesion.imaging.geometry.RESAMPLE`.
        mask_threshold: a pixel is lesion at or above this probability, (0, 1).
        temperature: class logits are divided by it, (0, 100].
        decision: how outline and class become one answer; None where it was not fitted.
        onnx_sha256: of the graph that answers; in the file that of `model.onnx`, filled in by
            `write_bundle`.
        feature_gate: how far an image may be from the training data; None where it was not fitted.
        int8: the graph's int8 form, `model_int8.onnx`; None where the bundle has none.
        training: preset, split_hash, protocol, seed, epochs, dataset, ... as JSON values.
        figures: measured figures, as JSON values.
        input_name, mask_output, class_output: names in the graph.
        feature_output: the same; None for a graph without features.
        research_use_only: the sentence that every output carries.
        schema_version: of this file's layout.
    """

    name: str
    version: str
    created: str
    description: str
    licence: str
    intended_use: str
    image_size_px: int
    class_names: tuple[str, ...] = CLASS_NAMES
    resize: ResizeMode = ResizeMode.FIT
    resample: str = RESAMPLE
    mask_threshold: float = 0.5
    temperature: float = 1.0
    decision: Decision | None = None
    feature_gate: FeatureGate | None = None
    onnx_sha256: str = ""
    int8: Int8Form | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    input_name: str = "image"
    mask_output: str = "mask_logits"
    class_output: str = "class_logits"
    feature_output: str | None = None
    research_use_only: str = RESEARCH_USE_ONLY
    schema_version: int = SCHEMA_VERSION

    @property
    def label(self) -> str:
        """Name and version, e.g. "fast 0.1"."""
        return f"{self.name} {self.version}"

    @property
    def precision(self) -> Precision:
        """What answers under this label: the version of an int8 form ends with "+int8"."""
        return Precision.INT8 if self.version.endswith(INT8_MARK) else Precision.FP32


def bundle_info_to_json(info: BundleInfo) -> dict[str, Any]:
    """Return the fields as JSON values, in the order of definition."""
    values = {f.name: getattr(info, f.name) for f in dataclasses.fields(info)}
    values["class_names"] = list(info.class_names)
    values["resize"] = info.resize.value
    values["decision"] = to_json_values(info.decision)
    gate = info.feature_gate
    values["feature_gate"] = None if gate is None else feature_gate_to_json(gate)
    values["int8"] = to_json_values(info.int8)
    values["training"], values["figures"] = dict(info.training), dict(info.figures)
    return values


def parse_bundle_info(values: object, *, file: str) -> BundleInfo:
    """Check the parsed JSON of a `bundle.json` and return it typed.

    Args:
        values: what `json.loads` gave.
        file: what to call it in messages.

    Raises:
        BundleError: a newer schema; an unknown, missing or wrong field (all of them are named).
    """
    if not isinstance(values, dict):
        raise BundleError(f"{file}: expected a JSON object, got {type(values).__name__}.")
    version = values.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{file}: schema_version {version} is newer than this program's ({SCHEMA_VERSION}). "
            "Update sonolesion."
        )
    if isinstance(version, int) and version in _ADDED_SINCE:
        values = {**_ADDED_SINCE[version], **values, "schema_version": SCHEMA_VERSION}
    try:
        info = BundleInfo(**read_fields(values, _CHECKS))
    except FieldsError as error:
        raise BundleError(f"{file}: {error}. Export the bundle again.") from error
    if info.feature_gate is not None and info.feature_output is None:
        raise BundleError(
            f"{file}: has a feature_gate and no feature_output. Export the bundle again."
        )
    return info


def _class_names(value: object) -> object:
    if value != list(CLASS_NAMES):
        raise ValueError(repr(list(CLASS_NAMES)))
    return CLASS_NAMES


def _resize_mode(value: object) -> object:
    if not isinstance(value, str) or value not in [mode.value for mode in ResizeMode]:
        raise ValueError(" or ".join(repr(mode.value) for mode in ResizeMode))
    return ResizeMode(value)


def _iso_date(value: object) -> object:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError("an ISO date such as '2026-11-30'") from None


def _mapping(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("a JSON object")
    return value


_TEXT = matching(r"(?s).*\S.*", "a text")
_ADDED_SINCE: dict[int, dict[str, object]] = {
    2: {"feature_gate": None, "feature_output": None, "int8": None},
    3: {"int8": None},
}
"""What a bundle of an older layout does not have, by its schema_version, and what that means."""

_GRAPH_NAME = matching(r"[A-Za-z_][A-Za-z0-9_.]{0,99}", "a name of letters, digits, '_' and '.'")
_CHECKS: dict[str, Check] = {
    "name": matching(r"[a-z0-9][a-z0-9._-]{0,63}", "lower-case letters, digits, '.', '_', '-'"),
    "version": matching(
        r"(?!.*\+int8$)[0-9A-Za-z][0-9A-Za-z.+-]{0,31}", "a version such as '0.1'; '+int8' is added"
    ),
    "created": _iso_date,
    "description": _TEXT,
    "licence": _TEXT,
    "intended_use": _TEXT,
    "image_size_px": integer(*IMAGE_SIZE_RANGE_PX),
    "class_names": _class_names,
    "resize": _resize_mode,
    "resample": exactly(RESAMPLE),
    "mask_threshold": number(0.0, 1.0, ends="()"),
    "temperature": number(0.0, 100.0, ends="(]"),
    "decision": optional(check_decision),
    "feature_gate": optional(check_feature_gate),
    "onnx_sha256": matching(r"[0-9a-f]{64}", "64 hex digits"),
    "int8": optional(check_int8),
    "training": _mapping,
    "figures": _mapping,
    "input_name": _GRAPH_NAME,
    "mask_output": _GRAPH_NAME,
    "class_output": _GRAPH_NAME,
    "feature_output": optional(_GRAPH_NAME),
    "research_use_only": exactly(RESEARCH_USE_ONLY),
    "schema_version": exactly(SCHEMA_VERSION),
}
