"""Results out: pictures, tables and texts. No metadata of an input gets into an output.

A name is imported when it is first used, so that a part of this package costs what it needs itself.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonolesion.writers.prediction_folder import run_prediction
    from sonolesion.writers.prediction_report import PredictionReport

_HOMES = {"PredictionReport": "prediction_report", "run_prediction": "prediction_folder"}
__all__ = ["PredictionReport", "run_prediction"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
