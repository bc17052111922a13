"""Results out: pictures, tables and texts. No metadata of an input gets into an output.

A name is imported when it is first used, so that a part of this package costs what it needs itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonolesion.lazy import lend_names

if TYPE_CHECKING:
    from sonolesion.writers.prediction_folder import run_prediction
    from sonolesion.writers.prediction_report import PredictionReport

__all__ = ["PredictionReport", "run_prediction"]

__getattr__ = lend_names(
    __name__,
    {"prediction_report": ("PredictionReport",), "prediction_folder": ("run_prediction",)},
)
