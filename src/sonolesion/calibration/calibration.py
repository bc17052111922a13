"""Temperature and decision together: fitted, stored as JSON, put into a bundle."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
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
from sonolesion.calibration.decision import fit_decision
from sonolesion.calibration.held_out import HeldOut
from sonolesion.calibration.temperature import fit_temperature
from sonolesion.errors import BundleError
from sonolesion.files import atomic_write_json
from sonolesion.types import LesionClass

MIN_NORMALS = 30
"""Fewer held-out normals cannot say where a lesion begins: then no decision is fitted. (Fitted on
the 13 of a BUSI validation part, it did worse on the test part than the class head alone.)"""


_CHECKS = {
    "temperature": number(0.0, 100.0, ends="(]"),
    "decision": optional(check_decision),
    "note": matching(r"(?s).*", "a text"),
    "split_hash": matching(r"[0-9a-f]*", "hex digits"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What turns a network's outputs into a bundle's answers.

    Attributes:
        temperature: class logits are divided by it.
        decision: None where the held-out cases did not allow one.
        note: on which cases it was fitted, or why there is no decision.
        split_hash: of the split whose held-out cases these are; empty where not stated.
    """

    temperature: float
    decision: Decision | None
    note: str
    split_hash: str = ""

    def apply_to(self, info: BundleInfo) -> BundleInfo:
        """Return the bundle's description with this calibration in it."""
        return dataclasses.replace(
            info,
            temperature=self.temperature,
            decision=self.decision,
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
    atomic_write_json(path, to_json_values(calibration))


def read_calibration(path: Path) -> Calibration:
    """Read what `write_calibration` wrote.

    Raises:
        BundleError: missing, not JSON, or a field is wrong.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
        if not isinstance(values, dict):
            raise BundleError(f"{path}: expected a JSON object. Run `sonolesion crossval` again.")
        return Calibration(**read_fields(values, _CHECKS))
    except FieldsError as error:
        raise BundleError(f"{path}: {error}. Run `sonolesion crossval` again.") from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read ({error}).") from error
