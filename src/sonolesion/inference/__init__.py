"""From an image to a `Prediction`, on ONNX Runtime; no torch.

A name is imported when it is first used, so that a part of this package costs what it needs itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonolesion.lazy import lend_names

if TYPE_CHECKING:
    from sonolesion.inference.predictor import (
        FailedInput,
        Predictor,
        SquarePrediction,
        load_predictor,
    )

__all__ = ["FailedInput", "Predictor", "SquarePrediction", "load_predictor"]

__getattr__ = lend_names(__name__, {"predictor": __all__})
