"""What an evaluation is asked for, and what it needs of a predictor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.imaging.geometry import SquareFit
from sonolesion.types import Prediction, UltrasoundImage

MIN_RESAMPLES = 100


class Convention(StrEnum):
    """How segmentation is counted.

    HONEST: the shipped mask at the image's own resolution; overlap on lesion cases only.
    MISSION: the published program's way, at the network's square, with normals inside the means.
    """

    HONEST = "honest"
    MISSION = "mission"


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """What to evaluate and how.

    Attributes:
        part: part of the manifest, e.g. "test", "val" or "fold_0".
        convention: how segmentation is counted.
        resamples: bootstrap resamples of each interval, at least 100.
        seed: of the bootstrap and of the mission convention's shuffles.
        gallery: number of worst and of best cases shown in the page, 0 for none.
        dataset_root: where the raw data set lies now; None to use the manifest's own record.
        command: the command line to name in the report; empty when called as a function.
    """

    part: str = "test"
    convention: Convention = Convention.HONEST
    resamples: int = 1000
    seed: int = 42
    gallery: int = 8
    dataset_root: Path | None = None
    command: str = ""

    def __post_init__(self) -> None:
        if self.resamples < MIN_RESAMPLES:
            raise InvalidInputError(
                f"resamples: expected at least {MIN_RESAMPLES}, got {self.resamples}."
            )
        if self.gallery < 0:
            raise InvalidInputError(f"gallery: expected 0 or more, got {self.gallery}.")


class SquareResult(Protocol):
    """What the network itself says of one image, at its own square."""

    @property
    def lesion_prob(self) -> NDArray[np.float32]:
        """Lesion probability, float32 (S, S) in [0, 1]."""
        ...

    @property
    def class_logits(self) -> NDArray[np.float64]:
        """Class logits before the temperature, float64 (3,)."""
        ...

    @property
    def class_prob(self) -> NDArray[np.float64]:
        """Class probabilities, float64 (3,), sum to 1."""
        ...

    @property
    def features(self) -> NDArray[np.float32] | None:
        """The encoder's features, float32 (F,), where the bundle has them."""
        ...

    @property
    def fit(self) -> SquareFit:
        """How the image lies in the square."""
        ...


class CasePredictor(Protocol):
    """The two methods of `sonolesion.inference.Predictor` that an evaluation calls."""

    def predict(self, source: Path) -> Prediction:
        """Predict at the image's own resolution."""
        ...

    def predict_square(self, image: UltrasoundImage) -> SquareResult:
        """Predict at the network's square, without post-processing."""
        ...
