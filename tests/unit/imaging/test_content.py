from __future__ import annotations

import numpy as np
import pytest
from tiny_bundle import disc, speckle_image

from sonolesion.imaging.content import find_emptiness

NOISE = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.zeros((64, 64), np.uint8), "1 grey level"),
        (disc(64, 64, 20).astype(np.uint8) * np.uint8(255), "2 grey levels"),
        (np.tile(np.arange(256, dtype=np.uint8), (256, 1)), "no speckle texture"),
        (NOISE, "pure noise"),
        (speckle_image(), ""),
    ],
)
def test_reason(pixels: np.ndarray, reason: str) -> None:
    assert find_emptiness(pixels) == reason


def test_faint_pictures_have_no_contrast() -> None:
    faint = np.clip(np.random.default_rng(0).normal(100, 3, (128, 128)), 80, 120).astype(np.uint8)
    assert find_emptiness(faint) == f"contrast of {faint.std():.1f} grey levels"
