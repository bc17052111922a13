"""Augmentation that an ultrasound scanner could have made, sampled first and applied then.

`sample_augmentation` draws all parameters of one image; `apply_augmentation` is a pure function
of them, so an augmentation can be stored, replayed and tested, and image and mask always get the
same geometry.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.config import AugmentSettings
from sonolesion.train.style import (
    bend_curve,
    match_histogram,
    mix_amplitude,
    paint_marks,
    resample,
)

_KEPT_SHARE = 0.5
"""A lesion of which less would stay in sight is neither moved nor enlarged."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Parameters of one augmentation.

    Attributes:
        flip: left-right.
        rotate_deg: counter-clockwise.
        scale: factor on lengths.
        stretch: further factor on widths, as of another depth setting or pixel shape.
        shift: (rows, cols) as share of the side.
        gain: factor on grey levels.
        gamma: exponent on grey levels in [0, 1].
        depth_gain: factor at the bottom relative to the top, less one (time-gain compensation).
        speckle: standard deviation of the multiplicative noise.
        speckle_seed: of that noise.
        shadow: (centre column, width, strength), shares of the side and [0, 1]; width 0: none.
        blur_px: standard deviation of a Gaussian blur; 0: none.
        curve: values of the grey curve at 1/4, 1/2 and 3/4.
        coarseness: (axial, lateral) factors of lost resolution, at least 1.
        amplitude: (share of frequencies, strength) taken from a donor; strength 0: none.
        histogram: strength of the move towards a donor's grey levels; 0: none.
        donor_seed: chooses the donor.
        marks_seed: of painted calipers and texts; None: none.
        paste_seed: of a patch of another image, put where no lesion is; None: none.
    """

    flip: bool = False
    rotate_deg: float = 0.0
    scale: float = 1.0
    stretch: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    gain: float = 1.0
    gamma: float = 1.0
    depth_gain: float = 0.0
    speckle: float = 0.0
    speckle_seed: int = 0
    shadow: tuple[float, float, float] = (0.5, 0.0, 0.0)
    blur_px: float = 0.0
    curve: tuple[float, float, float] = (0.25, 0.5, 0.75)
    coarseness: tuple[float, float] = (1.0, 1.0)
    amplitude: tuple[float, float] = (0.05, 0.0)
    histogram: float = 0.0
    donor_seed: int = 0
    marks_seed: int | None = None
    paste_seed: int | None = None

    @property
    def needs_donor(self) -> bool:
        """Whether a second image has to be given."""
        return self.amplitude[1] > 0 or self.histogram > 0


def sample_augmentation(rng: np.random.Generator, settings: AugmentSettings) -> Augmentation:
    """Draw the parameters of one augmentation from the ranges in `settings`."""
    shadowed = rng.random() < settings.shadow_prob
    blurred = rng.random() < settings.blur_prob
    return Augmentation(
        flip=bool(rng.random() < settings.flip_prob),
        rotate_deg=float(rng.uniform(-1, 1)) * settings.rotate_deg,
        scale=float(np.exp(rng.uniform(-1, 1) * np.log1p(settings.scale))),
        shift=(
            float(rng.uniform(-1, 1)) * settings.shift,
            float(rng.uniform(-1, 1)) * settings.shift,
        ),
        gain=1.0 + float(rng.uniform(-1, 1)) * settings.gain,
        gamma=float(np.exp(rng.uniform(-1, 1) * np.log1p(settings.gamma))),
        depth_gain=float(rng.uniform(-1, 1)) * settings.depth_gain,
        speckle=float(rng.uniform(0, 1)) * settings.speckle,
        speckle_seed=int(rng.integers(2**31)),
        shadow=(
            float(rng.uniform(0.1, 0.9)),
            float(rng.uniform(0.05, 0.2)) if shadowed else 0.0,
            float(rng.uniform(0.3, 0.8)),
        ),
        blur_px=float(rng.uniform(0.4, 1.2)) if blurred else 0.0,
        **_sample_style(rng, settings),
    )


def _sample_style(rng: np.random.Generator, settings: AugmentSettings) -> dict[str, Any]:
    """Draw what makes the look of a scanner; each value is drawn whether it is used or not."""
    bend = rng.uniform(-1, 1, 3) * settings.curve
    knots = np.sort(np.clip(np.array([0.25, 0.5, 0.75]) + bend, 0.02, 0.98))
    coarse = rng.random() < settings.resample_prob
    factors = rng.uniform(1.0, 2.2, 2)
    styled, by_histogram = rng.random() < settings.style_prob, rng.random() < 0.5
    share, strength = rng.uniform(0.005, 0.05), rng.uniform(0.3, 1.0)
    marked, seeds = rng.random() < settings.marks_prob, rng.integers(2**31, size=2)
    pasted, paste_seed = rng.random() < settings.paste_prob, rng.integers(2**31)
    stretch = np.exp(rng.uniform(-1, 1) * np.log1p(settings.stretch))
    return {
        "curve": (float(knots[0]), float(knots[1]), float(knots[2])),
        "coarseness": (float(factors[0]), float(factors[1])) if coarse else (1.0, 1.0),
        "amplitude": (float(share), float(strength) if styled and not by_histogram else 0.0),
        "histogram": float(strength) if styled and by_histogram else 0.0,
        "donor_seed": int(seeds[0]),
        "marks_seed": int(seeds[1]) if marked else None,
        "paste_seed": int(paste_seed) if pasted else None,
        "stretch": float(stretch),
    }


def apply_augmentation(
    augmentation: Augmentation,
    pixels: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    donor: NDArray[np.uint8] | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Apply an augmentation to grey levels uint8 (H, W) and mask bool (H, W).

    Args:
        augmentation: the drawn parameters.
        pixels: grey levels.
        mask: lesion.
        donor: another image uint8 (H, W), whose look is taken over where `needs_donor`.

    Returns:
        The same shapes and dtypes. What comes in from outside is black and no lesion; a lesion
        of which less than half would stay is neither moved nor enlarged.
    """
    matrix = _affine(augmentation, pixels.shape[0], pixels.shape[1])
    size = (pixels.shape[1], pixels.shape[0])
    soft = cv2.warpAffine(mask.astype(np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    if soft.sum() < _KEPT_SHARE * mask.sum() * abs(np.linalg.det(matrix[:, :2])):
        whole = replace(
            augmentation, scale=min(1.0, augmentation.scale), stretch=1.0, shift=(0.0, 0.0)
        )
        matrix = _affine(whole, pixels.shape[0], pixels.shape[1])
        soft = cv2.warpAffine(mask.astype(np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    image = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_LINEAR).astype(np.float32) / 255.0
    if donor is not None:
        image = _take_style(augmentation, image, donor.astype(np.float32) / 255.0)
    image = _change_grey(augmentation, image)
    grey = np.round(np.clip(image, 0.0, 1.0) * 255.0).astype(np.uint8)
    if augmentation.marks_seed is not None:
        grey = paint_marks(grey, augmentation.marks_seed)
    return grey, soft >= 0.5


def _affine(a: Augmentation, rows: int, cols: int) -> NDArray[np.float64]:
    centre = ((cols - 1) / 2, (rows - 1) / 2)
    matrix = np.asarray(cv2.getRotationMatrix2D(centre, a.rotate_deg, a.scale), np.float64)
    matrix[:, 2] += (a.shift[1] * cols, a.shift[0] * rows)
    wide = np.array(
        [[a.stretch, 0.0, centre[0] * (1 - a.stretch)], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    )
    matrix = matrix @ wide
    if a.flip:
        mirror = np.array([[-1.0, 0.0, cols - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        return np.asarray(matrix @ mirror, np.float64)
    return matrix


def _take_style(
    a: Augmentation, image: NDArray[np.float32], donor: NDArray[np.float32]
) -> NDArray[np.float32]:
    share, strength = a.amplitude
    if strength > 0:
        image = mix_amplitude(image, donor, share=share, strength=strength)
    if a.histogram > 0:
        image = match_histogram(image, donor, strength=a.histogram)
    return image


def _change_grey(a: Augmentation, image: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, cols = image.shape
    if a.coarseness != (1.0, 1.0):
        image = resample(image, axial=a.coarseness[0], lateral=a.coarseness[1])
    if a.curve != (0.25, 0.5, 0.75):
        image = bend_curve(image, a.curve)
    if a.blur_px > 0:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), a.blur_px), np.float32)
    if a.speckle > 0:
        noise = np.random.default_rng(a.speckle_seed).standard_normal((rows, cols), np.float32)
        image = image * (1.0 + a.speckle * cv2.GaussianBlur(noise, (0, 0), 0.8) * 2.0)
    image = np.clip(image, 0.0, 1.0) ** np.float32(a.gamma) * np.float32(a.gain)
    depth = np.linspace(-0.5, 0.5, rows, dtype=np.float32)[:, None]
    image = image * (1.0 + np.float32(a.depth_gain) * depth)
    centre, width, strength = a.shadow
    if width > 0:
        across = (np.arange(cols, dtype=np.float32) / cols - np.float32(centre)) / np.float32(width)
        image = image * (1.0 - np.float32(strength) * np.exp(-0.5 * across**2))[None, :]
    return image
