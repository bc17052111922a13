"""Probabilities that mean what they say: fitted on held-out outputs, stored in the bundle."""

from __future__ import annotations

from sonolesion.calibration.calibration import (
    Calibration,
    fit_calibration,
    read_calibration,
    write_calibration,
)
from sonolesion.calibration.conformal import fit_conformal
from sonolesion.calibration.decision import cross_fit, fit_decision
from sonolesion.calibration.feature_gate import fit_feature_gate
from sonolesion.calibration.held_out import HeldOut, join_held_out
from sonolesion.calibration.operating_point import fit_operating_point
from sonolesion.calibration.presence import fit_presence
from sonolesion.calibration.temperature import fit_temperature
from sonolesion.calibration.unsure import fit_unsure

__all__ = [
    "Calibration",
    "HeldOut",
    "cross_fit",
    "fit_calibration",
    "fit_conformal",
    "fit_decision",
    "fit_feature_gate",
    "fit_operating_point",
    "fit_presence",
    "fit_temperature",
    "fit_unsure",
    "join_held_out",
    "read_calibration",
    "write_calibration",
]
