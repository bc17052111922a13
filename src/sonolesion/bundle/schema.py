"""`bundle.json`: what a model bundle says of itself, parsed strictly.

The graph beside it takes float32 (N, 1, S, S) in [0, 1] under `input_name` and gives float32
`mask_output` (N, 1, S, S) and `class_output` (N, 3), both logits. An unknown, missing or wrong
field is a `BundleError` that names the field and the file: a bundle that this program would
read differently from its maker must not run.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sonolesion.errors import BundleError
from sonolesion.imaging.geometry import RESAMPLE, ResizeMode
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY

SCHEMA_VERSION = 1
IMAGE_SIZE_RANGE_PX = (16, 4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleInfo:
    """All that is needed to run a bundle's graph as it was trained, and to say where it is from.

    Attributes:
        name: short name, lower case, e.g. "small".
        version: of the weights, e.g. "0.1".
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
        onnx_sha256: of the graph file; filled in by `write_bundle`.
        training: preset, split_hash, protocol, seed, epochs, dataset, ... as JSON values.
        figures: measured figures, as JSON values.
        input_name, mask_output, class_output: names in the graph.
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
    onnx_sha256: str = ""
    training: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    input_name: str = "image"
    mask_output: str = "mask_logits"
    class_output: str = "class_logits"
    research_use_only: str = RESEARCH_USE_ONLY
    schema_version: int = SCHEMA_VERSION

    @property
    def label(self) -> str:
        """Name and version, e.g. "small 0.1"."""
        return f"{self.name} {self.version}"


def bundle_info_to_json(info: BundleInfo) -> dict[str, Any]:
    """Return the fields as JSON values, in the order of definition."""
    values = {f.name: getattr(info, f.name) for f in dataclasses.fields(info)}
    values["class_names"] = list(info.class_names)
    values["resize"] = info.resize.value
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
    faults = [f"unknown field {key!r}" for key in values if key not in _CHECKS]
    parsed: dict[str, Any] = {}
    for key, check in _CHECKS.items():
        if key not in values:
            faults.append(f"missing field {key!r}")
            continue
        try:
            parsed[key] = check(values[key])
        except ValueError as error:
            faults.append(f"field {key!r}: expected {error}, got {_shorten(values[key])}")
    if faults:
        raise BundleError(f"{file}: {'; '.join(faults)}. Export the bundle again.")
    return BundleInfo(**parsed)


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _exactly(wanted: object) -> Callable[[object], object]:
    def check(value: object) -> object:
        if type(value) is not type(wanted) or value != wanted:
            raise ValueError(repr(wanted))
        return value

    return check


def _matching(pattern: str, what: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ValueError(what)
        return value

    return check


def _number(low: float, high: float, *, inclusive: bool) -> Callable[[object], object]:
    def check(value: Any) -> object:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (low < value < high or (inclusive and value == high)):
            raise ValueError(f"a number in ({low:g}, {high:g}{']' if inclusive else ')'}")
        return float(value)

    return check


def _class_names(value: object) -> object:
    if value != list(CLASS_NAMES):
        raise ValueError(repr(list(CLASS_NAMES)))
    return CLASS_NAMES


def _resize_mode(value: object) -> object:
    if not isinstance(value, str) or value not in [mode.value for mode in ResizeMode]:
        raise ValueError(" or ".join(repr(mode.value) for mode in ResizeMode))
    return ResizeMode(value)


def _image_size(value: object) -> object:
    low, high = IMAGE_SIZE_RANGE_PX
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"an integer in [{low}, {high}]")
    return value


def _iso_date(value: object) -> object:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError("an ISO date such as '2026-11-30'") from None


def _mapping(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("a JSON object")
    return value


_TEXT = _matching(r"(?s).*\S.*", "a text")
_GRAPH_NAME = _matching(r"[A-Za-z_][A-Za-z0-9_.]{0,99}", "a name of letters, digits, '_' and '.'")
_CHECKS: dict[str, Callable[[object], object]] = {
    "name": _matching(r"[a-z0-9][a-z0-9._-]{0,63}", "lower-case letters, digits, '.', '_', '-'"),
    "version": _matching(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}", "a version such as '0.1'"),
    "created": _iso_date,
    "description": _TEXT,
    "licence": _TEXT,
    "intended_use": _TEXT,
    "image_size_px": _image_size,
    "class_names": _class_names,
    "resize": _resize_mode,
    "resample": _exactly(RESAMPLE),
    "mask_threshold": _number(0.0, 1.0, inclusive=False),
    "temperature": _number(0.0, 100.0, inclusive=True),
    "onnx_sha256": _matching(r"[0-9a-f]{64}", "64 hex digits"),
    "training": _mapping,
    "figures": _mapping,
    "input_name": _GRAPH_NAME,
    "mask_output": _GRAPH_NAME,
    "class_output": _GRAPH_NAME,
    "research_use_only": _exactly(RESEARCH_USE_ONLY),
    "schema_version": _exactly(SCHEMA_VERSION),
}
