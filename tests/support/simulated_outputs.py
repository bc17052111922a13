"""Held-out outputs of a made-up network: exchangeable cases with known probabilities."""

from __future__ import annotations

import numpy as np

from sonolesion.calibration import HeldOut

MIX = (0.17, 0.56, 0.27)
"""Shares of normal, benign and malignant, about those of BUSI."""


def simulate(
    count: int, *, seed: int = 0, mix: tuple[float, ...] = MIX, overconfidence: float = 2.0
) -> HeldOut:
    """Draw cases whose logits and peaks point to their class, with noise; groups of two cases."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, count, p=np.array(mix) / sum(mix))
    logits = rng.normal(size=(count, 3))
    logits[np.arange(count), labels] += 2.5
    peak_logit = np.where(labels == 0, -1.5, 2.0) + rng.normal(scale=1.5, size=count)
    return HeldOut(
        class_logits=overconfidence * logits,
        lesion_peak=1 / (1 + np.exp(-peak_logit)),
        labels=labels.astype(np.int64),
        groups=np.array([f"g{i // 2}" for i in range(count)]),
    )
