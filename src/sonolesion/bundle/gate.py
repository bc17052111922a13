"""How far an image's features lie from those of the images that the network was made for.

The pixels of a picture can look like ultrasound and still show something else: a thyroid, a
phantom, a scanner that was never seen. The pooled features of the network's encoder tell more.
With z = (features - mean) / scale, directions v_i of variance l_i and the variance r of all that
lies outside of them, the distance is

    d = sqrt((sum_i (v_i . z)^2 / l_i + |z - sum_i (v_i . z) v_i|^2 / r) / C)

the root of the mean square of C whitened features: about 1 for an ordinary image, whatever C is.

Source: Lee et al., A simple unified framework for detecting out-of-distribution samples, NeurIPS
2018 (Mahalanobis distance of features); Tipping, Bishop, Probabilistic principal component
analysis, J. R. Stat. Soc. B 61 (1999) 611-622 (a few directions and one variance for the rest).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.imaging.finding import Finding, Severity

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FeatureGate:
    """A fitted distance and the limit on it.

    The limit is checked here, the arrays where they come from outside (`gate_fields`).

    Attributes:
        mean: float32 (C,), of the features.
        scale: float32 (C,), above 0, what each feature is divided by.
        directions: float32 (K, C), rows of unit length at right angles; K may be 0.
        variances: float32 (K,), above 0, along the directions.
        residual_variance: above 0, of the scaled features outside the directions.
        threshold: distance above which an image is called far from the training data, above 0.
        n_fit: images behind mean, scale and directions.
        n_held_out: other images, behind the threshold.

    Raises:
        InvalidInputError: a threshold of 0 or less, or arrays of unlike shape.
    """

    mean: Values
    scale: Values
    directions: Values
    variances: Values
    residual_variance: float
    threshold: float
    n_fit: int
    n_held_out: int

    def __post_init__(self) -> None:
        count, rank = self.mean.shape[0], self.variances.shape[0]
        if self.scale.shape != (count,) or self.directions.shape != (rank, count):
            raise InvalidInputError(
                f"expected mean (C,), scale (C,), directions (K, C) and variances (K,), got "
                f"{self.mean.shape}, {self.scale.shape}, {self.directions.shape} and "
                f"{self.variances.shape}."
            )
        if not self.threshold > 0.0:
            raise InvalidInputError(f"threshold: expected above 0, got {self.threshold}.")

    @property
    def n_features(self) -> int:
        """C, the length of a feature vector."""
        return int(self.mean.shape[0])

    def distance(self, features: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Measure how far features lie from the ordinary.

        Args:
            features: (N, C), or (C,) for one image; N may be 0.

        Returns:
            float64 (N,), 0 or more; (1,) for one image.

        Raises:
            InvalidInputError: another length than C, or a nan or infinite value.
        """
        rows = np.atleast_2d(np.asarray(features, dtype=np.float64))
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise InvalidInputError(
                f"features: expected (N, {self.n_features}), got {np.shape(features)}."
            )
        if not np.isfinite(rows).all():
            raise InvalidInputError("features: expected finite values, got nan or infinity.")
        scaled = (rows - self.mean) / self.scale
        along = scaled @ self.directions.T.astype(np.float64)
        rest = np.maximum((scaled**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
        squared = (along**2 / self.variances).sum(axis=1) + rest / self.residual_variance
        return np.asarray(np.sqrt(squared / self.n_features), dtype=np.float64)

    def judge(self, features: NDArray[np.floating[Any]]) -> Finding | None:
        """Say whether one image is far from the training data; None for an ordinary one.

        Args:
            features: (C,).

        Raises:
            InvalidInputError: see `distance`; or features of several images.
        """
        distances = self.distance(features)
        if len(distances) != 1:
            raise InvalidInputError(f"features: expected one image, got {len(distances)}.")
        found = float(distances[0])
        if found <= self.threshold:
            return None
        reason = (
            f"far from the training data (distance {found:.2f}, ordinary up to "
            f"{self.threshold:.2f})"
        )
        return Finding("features", Severity.WARN, reason)

    def with_threshold(self, threshold: float, *, n_held_out: int) -> FeatureGate:
        """The same distance with another limit."""
        return dataclasses.replace(self, threshold=threshold, n_held_out=n_held_out)
