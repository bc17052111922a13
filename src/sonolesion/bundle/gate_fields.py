"""A `FeatureGate` as JSON values and back, parsed strictly.

Arrays are base64 of little-endian float32: 1,280 features with 64 directions take 0.45 MB, under
half of what a `bundle.json` may have.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import numpy as np

from sonolesion.bundle.fields import Check, integer, number, read_fields
from sonolesion.bundle.gate import FeatureGate, Values
from sonolesion.errors import InvalidInputError

MAX_FEATURES = 4096
MAX_RANK = 64
_ORTHONORMAL_WITHIN = 1e-3


def feature_gate_to_json(gate: FeatureGate) -> dict[str, Any]:
    """Return the gate as JSON values; `check_feature_gate` takes them back unchanged."""
    return {
        "n_features": gate.n_features,
        "rank": len(gate.variances),
        "mean": _encode(gate.mean),
        "scale": _encode(gate.scale),
        "directions": _encode(gate.directions),
        "variances": _encode(gate.variances),
        "residual_variance": gate.residual_variance,
        "threshold": gate.threshold,
        "n_fit": gate.n_fit,
        "n_held_out": gate.n_held_out,
    }


def check_feature_gate(value: object) -> FeatureGate:
    """Take the JSON object of a gate; a check for a table of `sonolesion.bundle.fields`.

    Raises:
        ValueError: what was expected (a `FieldsError` names the fields).
    """
    if not isinstance(value, dict):
        raise ValueError("a JSON object")
    size = read_fields({k: v for k, v in value.items() if k in _SIZES}, _SIZES)
    count, rank = int(size["n_features"]), int(size["rank"])
    read = read_fields(value, _SIZES | _NUMBERS | _array_checks(count, rank))
    del read["n_features"], read["rank"]
    try:
        gate = FeatureGate(**read)
    except InvalidInputError as error:
        raise ValueError(error.message) from error
    squares = gate.directions.astype(np.float64) @ gate.directions.T
    if rank and np.abs(squares - np.eye(rank)).max() > _ORTHONORMAL_WITHIN:
        raise ValueError("directions of unit length at right angles")
    return gate


def _array_checks(count: int, rank: int) -> dict[str, Check]:
    return {
        "mean": _array(count),
        "scale": _array(count, positive=True),
        "directions": _array(rank, count),
        "variances": _array(rank, positive=True),
    }


def _array(*shape: int, positive: bool = False) -> Callable[[object], Values]:
    size = int(np.prod(shape))
    wanted = f"base64 of {size} finite float32{' above 0' if positive else ''}"

    def check(value: object) -> Values:
        if not isinstance(value, str):
            raise ValueError(wanted)
        try:
            raw = base64.b64decode(value.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise ValueError(wanted) from error
        if len(raw) != 4 * size:
            raise ValueError(wanted)
        values = np.frombuffer(raw, dtype="<f4").astype(np.float32).reshape(shape)
        if not np.isfinite(values).all() or (positive and not (values > 0).all()):
            raise ValueError(wanted)
        return values

    return check


def _encode(values: Values) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")


_SIZES: dict[str, Check] = {
    "n_features": integer(1, MAX_FEATURES),
    "rank": integer(0, MAX_RANK),
}
_NUMBERS: dict[str, Check] = {
    "residual_variance": number(0.0, 1e12, ends="()"),
    "threshold": number(0.0, 1e6, ends="()"),
    "n_fit": integer(2, 10**9),
    "n_held_out": integer(1, 10**9),
}
