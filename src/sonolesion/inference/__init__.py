"""From an image to a `Prediction`, on ONNX Runtime; no torch."""

from __future__ import annotations

from sonolesion.inference.predictor import (
    FailedInput,
    Predictor,
    SquarePrediction,
    load_predictor,
)

__all__ = ["FailedInput", "Predictor", "SquarePrediction", "load_predictor"]
