"""Fit the distance of the feature gate, and set its limit on images that it has not seen.

A covariance of 1,280 features from 2,000 images is mostly noise. So each feature is scaled by its
deviation, the covariance of the scaled ones is drawn towards the unit matrix as far as its noise
asks for, its 64 strongest directions are kept, and the rest gets one variance.

Source: Ledoit, Wolf, A well-conditioned estimator for large-dimensional covariance matrices, J.
Multivariate Anal. 88 (2004) 365-411 (the amount of shrinkage).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.gate import FeatureGate
from sonolesion.bundle.gate_fields import MAX_FEATURES, MAX_RANK
from sonolesion.errors import InvalidInputError

WARNED_SHARE = 0.01
MIN_IMAGES = 50
_LEAST_SCALE = 0.05

Features = NDArray[np.floating[Any]]


def fit_feature_gate(
    features: Features,
    held_out_features: Features,
    *,
    datasets: NDArray[np.str_] | None = None,
    warned_share: float = WARNED_SHARE,
) -> FeatureGate:
    """Fit mean and covariance on one set of images, the limit on another.

    On the images of the fit the distance is too small, the more so the more features there are;
    a limit from them would warn of ordinary images. The limit is the held-out distance of rank
    ceil((M + 1) * (1 - warned_share)), or the largest where M is too small for that: of the
    held-out images at most `warned_share` lie beyond it, and of new ones that come as they did no
    more are to be expected. With several data sets each has such a limit and the highest is taken,
    or nearly all warnings would fall on the set that varies most.

    Args:
        features: (N, C), N >= 50, of training images, each patient's in one of the two sets.
        held_out_features: (M, C), M >= 50, of other images of the same kind.
        datasets: text (M,), the data set of each held-out image; None where all are of one.
        warned_share: of ordinary images that may be warned of, (0, 1).

    Raises:
        InvalidInputError: another shape, too few images, nan, features that never vary, or a
            share out of range.
    """
    if not 0.0 < warned_share < 1.0:
        raise InvalidInputError(f"warned_share: expected in (0, 1), got {warned_share}.")
    fit = _check_features(features, "features")
    held_out = _check_features(held_out_features, "held_out_features")
    if fit.shape[1] != held_out.shape[1]:
        raise InvalidInputError(
            f"held_out_features: expected {fit.shape[1]} features as in the fit, got "
            f"{held_out.shape[1]}."
        )
    gate = _fit_distance(fit)
    distances = gate.distance(held_out)
    if datasets is None:
        datasets = np.zeros(len(distances), np.str_)
    if datasets.shape != distances.shape:
        raise InvalidInputError(f"datasets: expected {distances.shape}, got {datasets.shape}.")
    threshold = find_threshold(distances, datasets, warned_share=warned_share)
    return gate.with_threshold(threshold, n_held_out=len(held_out))


def find_threshold(
    distances: NDArray[np.float64],
    datasets: NDArray[np.str_],
    *,
    warned_share: float = WARNED_SHARE,
) -> float:
    """Find the distance that at most `warned_share` of each data set exceed.

    Args:
        distances: (M,), of held-out images, M >= 1.
        datasets: text (M,), the data set of each.
        warned_share: see `fit_feature_gate`.
    """
    limits = []
    for name in np.unique(datasets):
        of_set = np.sort(distances[datasets == name])
        rank = min(len(of_set), math.ceil((len(of_set) + 1) * (1.0 - warned_share) - 1e-9))
        limits.append(float(of_set[rank - 1]))
    return max(limits)


def _fit_distance(features: NDArray[np.float64]) -> FeatureGate:
    count, width = features.shape
    mean = features.mean(axis=0)
    deviation = features.std(axis=0)
    varying = deviation[deviation > 0]
    if varying.size == 0:
        raise InvalidInputError("features: all images have the same, there is nothing to fit.")
    # a feature that hardly ever fires must not turn its first blink into an alarm
    scale = np.maximum(deviation, _LEAST_SCALE * float(np.median(varying)))
    scaled = (features - mean) / scale
    covariance = scaled.T @ scaled / count
    level = float(np.trace(covariance)) / width
    variances, vectors = np.linalg.eigh(covariance)
    shrinkage = _choose_shrinkage(scaled, covariance, level)
    variances = ((1.0 - shrinkage) * variances + shrinkage * level)[::-1]
    rank = min(MAX_RANK, width - 1, count - 1)
    residual = float(variances[rank:].mean())
    return FeatureGate(
        mean=mean.astype(np.float32),
        scale=scale.astype(np.float32),
        directions=np.ascontiguousarray(vectors[:, ::-1][:, :rank].T, dtype=np.float32),
        variances=np.maximum(variances[:rank], 1e-6).astype(np.float32),
        residual_variance=max(residual, 1e-6),
        threshold=1.0,
        n_fit=count,
        n_held_out=0,
    )


def _choose_shrinkage(
    scaled: NDArray[np.float64], covariance: NDArray[np.float64], level: float
) -> float:
    """Weight of `level` times the unit matrix, [0, 1]; Ledoit and Wolf, section 3.3."""
    count, width = scaled.shape
    size = float((covariance**2).sum())
    away = size / width - level**2
    if away <= 0:
        return 1.0
    fourth = float(((scaled**2).sum(axis=1) ** 2).sum())
    noise = (fourth / count - size) / (count * width)
    return float(np.clip(noise / away, 0.0, 1.0))


def _check_features(features: Features, name: str) -> NDArray[np.float64]:
    values = np.asarray(features, dtype=np.float64)
    if values.ndim != 2 or len(values) < MIN_IMAGES or not 1 <= values.shape[1] <= MAX_FEATURES:
        raise InvalidInputError(
            f"{name}: expected (images, features) with at least {MIN_IMAGES} images and 1 to "
            f"{MAX_FEATURES} features, got {values.shape}."
        )
    if not np.isfinite(values).all():
        raise InvalidInputError(f"{name}: expected finite values, got nan or infinity.")
    return values
