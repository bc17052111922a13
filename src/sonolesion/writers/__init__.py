"""Results out: pictures, tables and texts. No metadata of an input gets into an output."""

from __future__ import annotations

from sonolesion.writers.prediction_folder import run_prediction
from sonolesion.writers.prediction_report import PredictionReport

__all__ = ["PredictionReport", "run_prediction"]
