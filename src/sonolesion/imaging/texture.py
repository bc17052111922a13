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

import math
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


@dataclass(frozen=True, slots=True)
class Layers:
    """A picture split by size of detail: computed once, looked at by several checks.

    Attributes:
        grey: float32 (H, W), grey levels; both sides even.
        half: float32 (H / 2, W / 2), means of 2 x 2 pixels of it.
        fine: float32 (H, W), from `fine_detail`.
    """

    grey: Grey
    half: Grey
    fine: Grey


def split_layers(pixels: NDArray[np.uint8]) -> Layers:
    """Split a picture for `measure_texture` and the search for a seam.

    A picture of more than 1,024 px a side is halved until it has less; an odd last row or column
    is left out.

    Args:
        pixels: uint8 (H, W), at least 32 px a side.
    """
    grey = _cut_to_blocks(reduce_to_limit(pixels), 2)
    half = _shrink(grey, 2)
    return Layers(grey, half, fine_detail(grey, half))


def measure_texture(layers: Layers) -> Texture:
    """Measure the texture of a picture in a few milliseconds, whatever its size.

    Blocks are 12 px; a lit one has a mean of 30 to 225 grey levels. With fewer than 10 lit blocks
    (a black frame, a thumbnail) the last three numbers say nothing and are those of an ideal
    image: 0, 1, 0.

    >>> flat = measure_texture(split_layers(np.full((64, 64), 90, np.uint8)))
    >>> flat.grain, flat.flat_share
    (0.0, 1.0)
    """
    evenness, link, flat = _measure_blocks(layers)
    return Texture(_measure_grain(layers), evenness, link, flat)


def reduce_to_limit(pixels: NDArray[np.uint8]) -> Grey:
    """Grey levels as float32, halved until no side has over 1,024 px or one would have under 32."""
    grey = pixels.astype(np.float32)
    while max(grey.shape) > MAX_SIDE_PX and min(grey.shape) >= 2 * MIN_OCTAVE_PX:
        grey = _shrink(grey, 2)
    return grey


def fine_detail(grey: Grey, half: Grey) -> Grey:
    """What is finer than 4 px, clipped so that an edge or a caliper weighs like speckle.

    Args:
        grey: float32 (H, W), grey levels; both sides even.
        half: float32 (H / 2, W / 2), means of 2 x 2 pixels of it.

    Returns:
        float32 (H, W) in [-20, 20]: the deviation from a Gaussian mean, grey levels.
    """
    return _clip(_take_off_mean(grey, half, _GRAIN_SIGMA_PX))


def _clip(fine: Grey) -> Grey:
    return np.clip(fine, -_CLIP, _CLIP, out=fine)


def _take_off_mean(grey: Grey, half: Grey, sigma_px: float) -> Grey:
    """Deviation from a Gaussian mean of standard deviation `sigma_px`, 3 px or more.

    The mean is taken at half the size, where it costs a quarter, and brought back by linear
    interpolation; the pixels that are compared with it are all there. The means of 2 x 2 have a
    variance of 1/4 px^2 and the interpolation has 3/4, so the Gaussian is narrower by these. On
    BUSI the result is within .05 grey levels of that of a Gaussian at full size in the mean, and
    the numbers that follow from it within .003.
    """
    sigma_half_px = math.sqrt(sigma_px**2 - 1.0) / 2.0
    low = cv2.GaussianBlur(half, (0, 0), sigma_half_px)
    size = (grey.shape[1], grey.shape[0])
    mean = np.asarray(cv2.resize(low, size, interpolation=cv2.INTER_LINEAR), np.float32)
    return np.subtract(grey, mean, out=mean)


def _measure_grain(layers: Layers) -> float:
    octaves = [_lean(layers.fine)]
    grey = layers.half
    while len(octaves) < _OCTAVES and min(grey.shape) >= MIN_OCTAVE_PX:
        # detail of a pixel fills these; the mean at half the size would move the grain by .08
        mean = np.asarray(cv2.GaussianBlur(grey, (0, 0), _GRAIN_SIGMA_PX), np.float32)
        octaves.append(_lean(_clip(np.subtract(grey, mean, out=mean))))
        grey = _shrink(grey, 2)
    return max(octaves)


def _lean(fine: Grey) -> float:
    """Mean over the lags of correlation along rows less correlation along columns."""
    power = _mean_product(fine, fine)
    if power < 1e-6:
        return 0.0
    total = 0.0
    for lag in _LAGS_PX:
        along_rows = _mean_product(fine[:, :-lag], fine[:, lag:])
        along_columns = _mean_product(fine[:-lag], fine[lag:])
        total += (along_rows - along_columns) / power
    return total / len(_LAGS_PX)


def _mean_product(first: Grey, second: Grey) -> float:
    # einsum makes no array of the products, and sums each row apart, so that float32 suffices
    return float(np.einsum("ij,ij->", first, second)) / first.size


def _measure_blocks(layers: Layers) -> tuple[float, float, float]:
    fine = _take_off_mean(layers.grey, layers.half, _BLOCK_SIGMA_PX)
    mean = _shrink(layers.half, _BLOCK_PX // 2)
    texture = np.sqrt(_shrink(fine * fine, _BLOCK_PX))
    np.abs(fine, out=fine)
    mild = _shrink(np.minimum(fine, _BLOCK_CLIP, out=fine), _BLOCK_PX)
    lit = (mean >= _LIT[0]) & (mean <= _LIT[1])
    if int(lit.sum()) < _MIN_BLOCKS:
        return 0.0, 1.0, 0.0
    mean, texture, mild = mean[lit], texture[lit], mild[lit]
    evenness = float(np.log((texture + 0.5) / mean).std())
    varies = float(mean.std()) > 0 and float(mild.std()) > 0
    link = float(np.corrcoef(mean, mild)[0, 1]) if varies else 0.0
    return evenness, link, float((texture < _FLAT).mean())


def _shrink(values: Grey, side_px: int) -> Grey:
    """Means of square blocks, for measuring, not for nets; what fills no block is dropped."""
    whole = _cut_to_blocks(values, side_px)
    size = (whole.shape[1] // side_px, whole.shape[0] // side_px)
    # at a whole factor INTER_AREA is the mean of each block
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)


def _cut_to_blocks(values: Grey, side_px: int) -> Grey:
    """Leave out the last rows and columns that fill no block; a view."""
    rows, columns = (side // side_px * side_px for side in values.shape)
    return values[:rows, :columns]
