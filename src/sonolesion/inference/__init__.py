"""From an image to a `Prediction`, on ONNX Runtime; no torch.

A name is imported when it is first used, so that a part of this package costs what it needs itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonolesion.inference.predictor import (
        FailedInput,
        Predictor,
        SquarePrediction,
        load_predictor,
    )

__all__ = ["FailedInput", "Predictor", "SquarePrediction", "load_predictor"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sonolesion.inference import predictor

    return getattr(predictor, name)
