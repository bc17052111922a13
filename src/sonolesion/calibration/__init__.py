"""Probabilities that mean what they say: fitted on held-out outputs, stored in the bundle."""

from __future__ import annotations

from sonolesion.calibration.temperature import fit_temperature

__all__ = ["fit_temperature"]
