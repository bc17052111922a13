"""Temperature and decision together: fitted, stored as JSON, put into a bundle."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sonolesion.bundle import BundleInfo, Decision
from sonolesion.bundle.decision_fields import check_decision
from sonolesion.bundle.fields import (
    FieldsError,
    matching,
    number,
    optional,
    read_fields,
    to_json_values,
)
from sonolesion.bundle.gate import FeatureGate
from sonolesion.bundle.gate_fields import check_feature_gate, feature_gate_to_json
from sonolesion.calibration.decision import fit_decision
from sonolesion.calibration.held_out import HeldOut
from sonolesion.calibration.temperature import fit_temperature
from sonolesion.errors import BundleError
from sonolesion.files import atomic_write_json
from sonolesion.types import LesionClass

MIN_NORMALS = 30
"""Fewer held-out normals cannot say where a lesion begins: then no decision is fitted. (Fitted on
the 13 of a BUSI validation part, it did worse on the test part than the class head alone.)"""

_SHA256 = matching(r"[0-9a-f]{64}", "64 hex digits")


def _feature_gates(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("a JSON object")
    return {_SHA256(key): check_feature_gate(gate) for key, gate in value.items()}


_CHECKS = {
    "temperature": number(0.0, 100.0, ends="(]"),
    "decision": optional(check_decision),
    "note": matching(r"(?s).*", "a text"),
    "split_hash": matching(r"[0-9a-f]*", "hex digits"),
    "feature_gates": _feature_gates,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What turns a network's outputs into a bundle's answers.

    Attributes:
        temperature: class logits are divided by it.
        decision: None where the held-out cases did not allow one.
        note: on which cases it was fitted, or why there is no decision.
        split_hash: of the split whose held-out cases these are; empty where not stated.
        feature_gates: SHA-256 of a checkpoint -> the gate of its network. Features of two networks
            have nothing in common, so each has its own.
    """

    temperature: float
    decision: Decision | None
    note: str
    split_hash: str = ""
    feature_gates: Mapping[str, FeatureGate] = field(default_factory=dict)

    def apply_to(self, info: BundleInfo, *, checkpoint: str = "") -> BundleInfo:
        """Return the bundle's description with this calibration in it.

        Args:
            info: the bundle's description.
            checkpoint: SHA-256 of the file of its network, the first one of an ensemble; without
                a gate of that network, or without features in the graph, the bundle has none.
        """
        gate = self.feature_gates.get(checkpoint)
        return dataclasses.replace(
            info,
            temperature=self.temperature,
            decision=self.decision,
            feature_gate=None if info.feature_output is None else gate,
            training={**info.training, "decision": self.note},
        )


def fit_calibration(held_out: HeldOut, *, where: str = "", split_hash: str = "") -> Calibration:
    """Fit the temperature, and the decision where the cases allow it.

    Args:
        held_out: outputs on cases that the network was neither trained nor chosen on.
        where: which cases these are, for the note.
        split_hash: of their split.
    """
    counts = ", ".join(f"{held_out.count(c)} {c.value}" for c in LesionClass)
    place = f" of {where}" if where else ""
    lesions = (LesionClass.BENIGN, LesionClass.MALIGNANT)
    if held_out.count(LesionClass.NORMAL) < MIN_NORMALS or not all(map(held_out.count, lesions)):
        return Calibration(
            temperature=fit_temperature(held_out.class_logits, held_out.labels),
            decision=None,
            note=f"none: needs {MIN_NORMALS} normals, a benign and a malignant case, got "
            f"{counts}{place}",
            split_hash=split_hash,
        )
    temperature, decision = fit_decision(held_out)
    note = f"fitted on {counts}{place}"
    return Calibration(temperature=temperature, decision=decision, note=note, split_hash=split_hash)


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration as JSON.

    Raises:
        OutputWriteError: the file cannot be written.
    """
    values = {f.name: getattr(calibration, f.name) for f in dataclasses.fields(calibration)}
    gates = calibration.feature_gates.items()
    values["decision"] = to_json_values(calibration.decision)
    values["feature_gates"] = {key: feature_gate_to_json(gate) for key, gate in gates}
    atomic_write_json(path, values)


def read_calibration(path: Path) -> Calibration:
    """Read what `write_calibration` wrote.

    Raises:
        BundleError: missing, not JSON, or a field is wrong.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
        if not isinstance(values, dict):
            raise BundleError(f"{path}: expected a JSON object. Run `sonolesion crossval` again.")
        values.setdefault("feature_gates", {})  # a file from before there were gates
        return Calibration(**read_fields(values, _CHECKS))
    except FieldsError as error:
        raise BundleError(f"{path}: {error}. Run `sonolesion crossval` again.") from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read ({error}).") from error
