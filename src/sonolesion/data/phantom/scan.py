"""Turn tissue and gains into a B-mode picture, with settings that differ from scan to scan."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom.fields import Field, smooth_field
from sonolesion.data.phantom.speckle import PointSpread, compound, log_compress
from sonolesion.data.phantom.tissue import Tissue

_SMOOTH_PX = (0.8, 1.1)
"""Speckle reduction of the scanner: axial and lateral smoothing of the power, pixels."""


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Settings of the scanner for one picture.

    Attributes:
        dynamic_range_db: range from black to white, dB.
        median_db: level to which the operator's gain brings the median of the upper two thirds.
        noise_db: level of the electronic noise at the top; it rises with depth, as its gain does.
        contrast: exponent of the grey map, 1 for linear in dB.
        looks: number of compounded looks.
        point_spread: the resolution cell.
    """

    dynamic_range_db: float
    median_db: float
    noise_db: float
    looks: int
    contrast: float
    point_spread: PointSpread


def choose_scan(rng: np.random.Generator) -> ScanSettings:
    """Draw scanner settings; the dynamic range lies in [50, 70] dB."""
    dynamic_range_db = float(rng.uniform(50.0, 70.0))
    lateral_px = float(rng.uniform(1.6, 2.5))
    return ScanSettings(
        dynamic_range_db=dynamic_range_db,
        median_db=-dynamic_range_db * float(rng.uniform(0.4, 0.56)),
        noise_db=-dynamic_range_db * float(rng.uniform(0.92, 1.1)),
        looks=int(rng.integers(3, 8)),
        contrast=float(rng.uniform(1.1, 1.5)),
        point_spread=PointSpread(
            axial_px=float(rng.uniform(1.0, 1.35)),
            lateral_px=lateral_px,
            lateral_far_px=lateral_px * float(rng.uniform(1.4, 2.2)),
            focus=float(rng.uniform(0.25, 0.55)),
        ),
    )


def scan(
    rng: np.random.Generator, tissue: Tissue, gain_db: Field, settings: ScanSettings
) -> NDArray[np.uint8]:
    """Scan tissue.

    Interfaces are partly mirror-like and partly rough: a share of each line's strength is
    speckled. Near the transducer, reverberation adds a faint clutter. As on a real scanner, a light
    filter tones the speckle down.

    Args:
        rng: source of randomness.
        tissue: what the beam meets.
        gain_db: float32 (H, W), the beam's gains and losses.
        settings: the scanner.

    Returns:
        uint8 (H, W), grey levels in [0, 255].
    """
    height = gain_db.shape[0]
    level_db = tissue.echo_db + gain_db
    operator_db = settings.median_db - float(np.median(level_db[: 2 * height // 3 : 3, ::3]))
    gain = _amplitude(gain_db + np.float32(operator_db))
    depth = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
    noise = _amplitude(np.float32(settings.noise_db) + 7.0 * depth)
    clutter_level = settings.median_db - 14.0 - 90.0 * depth
    clutter = _amplitude(clutter_level + 3.0 * smooth_field(rng, gain_db.shape, scale_px=(5, 90)))
    scattered = (_amplitude(tissue.echo_db) * gain) ** 2 + (1.2 * tissue.specular * gain) ** 2
    reflectivity = np.sqrt(scattered + noise**2 + clutter**2).astype(np.float32)
    mirror = cv2.GaussianBlur(
        tissue.specular, (0, 0), sigmaX=settings.point_spread.lateral_px, sigmaY=0.9
    )
    envelope = compound(
        rng,
        reflectivity,
        settings.point_spread,
        np.asarray(0.5 * mirror * gain, dtype=np.float32),
        looks=settings.looks,
    )
    power = cv2.GaussianBlur(
        envelope * envelope, (0, 0), sigmaX=_SMOOTH_PX[1], sigmaY=_SMOOTH_PX[0]
    )
    return log_compress(
        np.sqrt(power), dynamic_range_db=settings.dynamic_range_db, contrast=settings.contrast
    )


def _amplitude(level_db: Field) -> Field:
    return np.asarray(np.exp(level_db * np.float32(np.log(10.0) / 20.0)), dtype=np.float32)
