"""The scanner: speckle from scatterers, detection, compounding and log compression.

Tissue is a random field of scatterers far finer than the resolution cell. The received field is
its convolution with the point-spread function; its magnitude is Rayleigh distributed, with a
ratio of mean to standard deviation of sqrt(pi / (4 - pi)) = 1.91, whatever the tissue. Averaging
N independent looks (spatial compounding) raises the ratio by sqrt(N). A mirror-like interface
adds a constant field, which turns Rayleigh into Rician statistics.

Source:
    Wagner, Smith, Sandrik, Lopez: Statistics of speckle in ultrasound B-scans, IEEE Trans.
    Sonics Ultrason. 30 (1983) 156-163. Burckhardt: Speckle in ultrasound B-mode scans, ibid. 25
    (1978) 1-6 (compounding).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom.fields import Field

RAYLEIGH_SNR = float(np.sqrt(np.pi / (4.0 - np.pi)))
"""Mean over standard deviation of the magnitude of fully developed speckle, about 1.91."""


@dataclass(frozen=True, slots=True)
class PointSpread:
    """Size of the resolution cell, as standard deviations of Gaussians in pixels.

    Attributes:
        axial_px: along depth; set by the pulse length and so constant.
        lateral_px: along the transducer, at the focus.
        lateral_far_px: along the transducer, one image height away from the focus.
        focus: depth of the focus as a share of the image height, in [0, 1].
    """

    axial_px: float = 1.1
    lateral_px: float = 1.8
    lateral_far_px: float = 3.5
    focus: float = 0.4


def detect_envelope(
    rng: np.random.Generator, reflectivity: Field, point_spread: PointSpread, specular: Field
) -> Field:
    """Return the magnitude of the field that comes back, before compression.

    Args:
        rng: source of randomness.
        reflectivity: float32 (H, W), scatterer amplitude, 0 and up; its mean square is kept.
        point_spread: the resolution cell.
        specular: float32 (H, W), amplitude of mirror-like interfaces, added without speckle.

    Returns:
        float32 (H, W), 0 and up.
    """
    height, width = reflectivity.shape
    narrow = _gaussian(point_spread.lateral_px)
    spread = max(point_spread.lateral_far_px**2 - point_spread.lateral_px**2, 0.01)
    widen = _gaussian(float(np.sqrt(spread)))
    axial = _gaussian(point_spread.axial_px)
    depth = np.linspace(0.0, 1.0, height)
    share = np.clip(np.abs(depth - point_spread.focus) * 1.4, 0.0, 1.0)
    wide = np.convolve(narrow, widen)
    kernel = np.outer(1.0 - share, np.pad(narrow, (wide.size - narrow.size) // 2))
    power = 2.0 * ((kernel + np.outer(share, wide)) ** 2).sum(axis=1) * (axial**2).sum()
    near_share = ((1.0 - share) / np.sqrt(power)).astype(np.float32)[:, None]
    far_share = (share / np.sqrt(power)).astype(np.float32)[:, None]
    parts = []
    for _ in ("in phase", "quadrature"):
        part = rng.standard_normal((height, width), dtype=np.float32)
        part *= reflectivity
        near = cv2.sepFilter2D(part, cv2.CV_32F, narrow, axial)
        far = cv2.sepFilter2D(near, cv2.CV_32F, widen, np.ones(1))
        parts.append(near * near_share + far * far_share)
    return np.asarray(cv2.magnitude(parts[0] + specular, parts[1]), dtype=np.float32)


def compound(
    rng: np.random.Generator,
    reflectivity: Field,
    point_spread: PointSpread,
    specular: Field,
    *,
    looks: int,
) -> Field:
    """Average the envelopes of `looks` independent looks; see `detect_envelope` for the arrays."""
    total = np.zeros(reflectivity.shape, dtype=np.float32)
    for _ in range(looks):
        total += detect_envelope(rng, reflectivity, point_spread, specular)
    return total / np.float32(looks)


def log_compress(
    envelope: Field, *, dynamic_range_db: float, contrast: float = 1.0
) -> NDArray[np.uint8]:
    """Map an envelope to grey levels: 1.0 (0 dB) is white, -`dynamic_range_db` is black.

    Args:
        envelope: float32 (H, W), 0 and up.
        dynamic_range_db: range from black to white, dB, above 0.
        contrast: exponent of the grey map after compression; above 1 darkens the low levels.

    >>> log_compress(np.array([[1.0, 0.1, 0.0]], np.float32), dynamic_range_db=60).tolist()
    [[255, 170, 0]]
    """
    level_db = 20.0 * np.log10(np.maximum(envelope, np.float32(1e-6)))
    share = np.clip(1.0 + level_db / np.float32(dynamic_range_db), 0.0, 1.0)
    grey = 255.0 * share ** np.float32(contrast)
    return np.asarray(np.clip(np.rint(grey), 0, 255), dtype=np.uint8)


def _gaussian(sigma_px: float) -> NDArray[np.float64]:
    radius = max(1, int(np.ceil(3.0 * sigma_px)))
    offset = np.arange(-radius, radius + 1)
    weight = np.exp(-0.5 * (offset / sigma_px) ** 2)
    return np.asarray(weight / weight.sum(), dtype=np.float64)
