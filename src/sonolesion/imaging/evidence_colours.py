"""The colours of an explanation map: orange speaks for the answer, blue against it.

Chroma and lightness change evenly in OKLab, where equal steps look equally large; orange and blue
stay apart for every kind of colour blindness. Where nothing speaks, the grey image stays as it is.

Source: Ottosson, A perceptual color space for image processing (OKLab), 2020.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_LIMIT = 1.0
"""Log-odds at full colour, at least (the odds times 2.7): a map that moves them less looks pale."""

_LIGHTNESS = 0.74
_CHROMA = 0.15
_FOR_DEG, _AGAINST_DEG = 62.0, 255.0
_OPACITY = 0.6
_TO_LMS = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
_FROM_LAB = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)


def colour_limit(scale: float) -> float:
    """Log-odds at which the colour is full, for a map of this scale; see `MIN_LIMIT`."""
    return max(scale, MIN_LIMIT)


def colour_evidence(pixels: NDArray[np.uint8], strength: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Lay a map over a grey image.

    Args:
        pixels: grey levels uint8 (H, W).
        strength: float (H, W); 1 is full orange, -1 full blue, and what lies beyond is the same.

    Returns:
        RGB uint8 (H, W, 3); grey as given where the strength is 0.

    >>> colour_evidence(np.array([[90]], np.uint8), np.array([[0.0]])).tolist()
    [[[90, 90, 90]]]
    """
    strength = np.clip(strength, -1.0, 1.0)
    amount = np.abs(strength)
    opacity = _OPACITY * amount
    lightness = (1.0 - opacity) * _GREY_LIGHTNESS[pixels] + opacity * _LIGHTNESS
    hue = np.deg2rad(np.where(strength > 0, _FOR_DEG, _AGAINST_DEG))
    chroma = _CHROMA * amount
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
    linear = np.clip((lab @ _FROM_LAB.T) ** 3 @ _TO_LMS.T, 0.0, 1.0)
    return np.rint(255.0 * _encode(linear)).astype(np.uint8)


def _encode(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light to sRGB, both in [0, 1]."""
    low = 12.92 * linear
    return np.where(linear <= 0.0031308, low, 1.055 * linear ** (1 / 2.4) - 0.055)


def _decode(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


_GREY_LIGHTNESS: NDArray[np.float64] = np.cbrt(_decode(np.arange(256) / 255.0))
