"""Results out: pictures, tables and texts. No metadata of an input gets into an output."""

from __future__ import annotations

from sonolesion.writers.prediction_folder import PredictionReport, run_prediction

__all__ = ["PredictionReport", "run_prediction"]
