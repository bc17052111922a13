"""Four numbers that tell the speckle of a B-mode image from the texture of other pictures.

An ultrasound beam is narrow along the depth and wide across it, so the grain of a B-mode image
lies: neighbours in a row stay alike over more pixels than neighbours in a column. Speckle also
fills whatever is lit, at a contrast that hardly depends on the place, and it grows with the
brightness. Photographs, X-ray, CT and MR have none of this for a reason; they have flat surfaces,
edges in all directions and noise without a direction.

Source: Burckhardt, Speckle in ultrasound B-mode scans, IEEE Trans. Sonics Ultrason. 25 (1978)
1-6; Wagner, Smith, Sandrik, Lopez, Statistics of speckle in ultrasound B-scans, ibid. 30 (1983)
156-163. The limits that are set on these numbers are in `sonolesion.imaging.quality`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
MAX_SIDE_PX = 1024
MIN_OCTAVE_PX = 32
_OCTAVES = 3
_LAGS_PX = (3, 4)
_GRAIN_SIGMA_PX = 4.0
_CLIP = 20.0
_BLOCK_PX = 12
_BLOCK_SIGMA_PX = 3.0
_BLOCK_CLIP = 10.0
_LIT = (30.0, 225.0)
_MIN_BLOCKS = 10
_FLAT = 1.0


@dataclass(frozen=True, slots=True)
class Texture:
    """Texture of one picture.

    Attributes:
        grain: correlation along rows less that along columns, at 3 and 4 pixels, of what is finer
            than 4 pixels; the largest of three octaves, so that it holds at any export size. In
            (-2, 2): .7 in an ordinary B-mode image, 0 where no direction is preferred.
        evenness: spread (standard deviation) of the logarithm of texture over brightness, over
            the lit blocks; small where speckle fills the picture.
        brightness_link: correlation of texture and brightness over the lit blocks, [-1, 1]; here
            a pixel counts for 10 grey levels at most, so that the rim of a cyst weighs little.
        flat_share: share of the lit blocks without any texture, [0, 1].
    """

    grain: float
    evenness: float
    brightness_link: float
    flat_share: float


def measure_texture(pixels: NDArray[np.uint8]) -> Texture:
    """Measure the texture of a picture in a few milliseconds, whatever its size.

    A picture of more than 1,024 px a side is halved until it has less. Blocks are 12 px; a lit
    one has a mean of 30 to 225 grey levels. With fewer than 10 lit blocks (a black frame, a
    thumbnail) the last three numbers say nothing and are those of an ideal image: 0, 1, 0.

    Args:
        pixels: uint8 (H, W), at least 32 px a side.

    >>> flat = measure_texture(np.full((64, 64), 90, np.uint8))
    >>> flat.grain, flat.flat_share
    (0.0, 1.0)
    """
    grey = reduce_to_limit(pixels)
    evenness, link, flat = _measure_blocks(grey)
    return Texture(_measure_grain(grey), evenness, link, flat)


def reduce_to_limit(pixels: NDArray[np.uint8]) -> Grey:
    """Grey levels as float32, halved until no side has over 1,024 px or one would have under 32."""
    grey = pixels.astype(np.float32)
    while max(grey.shape) > MAX_SIDE_PX and min(grey.shape) >= 2 * MIN_OCTAVE_PX:
        grey = _halve(grey)
    return grey


def fine_detail(grey: Grey, sigma_px: float, *, clip: float = _CLIP) -> Grey:
    """What is finer than `sigma_px`, clipped so that an edge or a caliper weighs like speckle.

    Args:
        grey: float32 (H, W), grey levels.
        sigma_px: of the Gaussian that is taken off.
        clip: largest deviation that is kept, grey levels.

    Returns:
        float32 (H, W) in [-clip, clip].
    """
    fine = grey - cv2.GaussianBlur(grey, (0, 0), sigma_px)
    return np.asarray(np.clip(fine, -clip, clip), dtype=np.float32)


def _measure_grain(grey: Grey) -> float:
    octaves: list[float] = []
    for _ in range(_OCTAVES):
        octaves.append(_lean(fine_detail(grey, _GRAIN_SIGMA_PX)))
        grey = _halve(grey)
        if min(grey.shape) < MIN_OCTAVE_PX:
            break
    return max(octaves)


def _lean(detail: Grey) -> float:
    """Mean over the lags of correlation along rows less correlation along columns."""
    power = float(np.vdot(detail, detail)) / detail.size
    if power < 1e-6:
        return 0.0
    total = 0.0
    for lag in _LAGS_PX:
        along_rows = float((detail[:, :-lag] * detail[:, lag:]).mean())
        along_columns = float((detail[:-lag] * detail[lag:]).mean())
        total += (along_rows - along_columns) / power
    return total / len(_LAGS_PX)


def _measure_blocks(grey: Grey) -> tuple[float, float, float]:
    fine = grey - cv2.GaussianBlur(grey, (0, 0), _BLOCK_SIGMA_PX)
    mean = _block_means(grey)
    texture = np.sqrt(_block_means(fine * fine))
    mild = _block_means(np.minimum(np.abs(fine), _BLOCK_CLIP))
    lit = (mean >= _LIT[0]) & (mean <= _LIT[1])
    if int(lit.sum()) < _MIN_BLOCKS:
        return 0.0, 1.0, 0.0
    mean, texture, mild = mean[lit], texture[lit], mild[lit]
    evenness = float(np.log((texture + 0.5) / mean).std())
    varies = float(mean.std()) > 0 and float(mild.std()) > 0
    link = float(np.corrcoef(mean, mild)[0, 1]) if varies else 0.0
    return evenness, link, float((texture < _FLAT).mean())


def _block_means(values: Grey) -> Grey:
    rows, columns = values.shape[0] // _BLOCK_PX, values.shape[1] // _BLOCK_PX
    cut = values[: rows * _BLOCK_PX, : columns * _BLOCK_PX]
    blocks = cut.reshape(rows, _BLOCK_PX, columns, _BLOCK_PX)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


def _halve(grey: Grey) -> Grey:
    """Mean of 2 x 2 pixels; an odd last row or column is dropped. For measuring, not for nets."""
    cut = grey[: grey.shape[0] // 2 * 2, : grey.shape[1] // 2 * 2]
    return (cut[::2, ::2] + cut[1::2, ::2] + cut[::2, 1::2] + cut[1::2, 1::2]) * np.float32(0.25)
