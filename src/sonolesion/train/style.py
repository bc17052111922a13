"""Looks of other scanners: what changes from site to site while the anatomy stays.

All functions are pure and, but for `paint_marks`, take and give float32 (H, W) in [0, 1]; their
parameters are drawn by `sonolesion.train.augment.sample_augmentation`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_INK_RANGE = (190, 256)
_TEXTS = ("RT", "LT", "RIGHT BREAST", "LEFT UOQ", "10 O'CLOCK", "2 cm FN", "A", "B", "+ D 1.2cm")


def mix_amplitude(
    image: NDArray[np.float32], donor: NDArray[np.float32], *, share: float, strength: float
) -> NDArray[np.float32]:
    """Take the low-frequency amplitudes of a donor, keep the image's phases and black margins.

    Args:
        image: what is changed.
        donor: same shape; its broad distribution of brightness is taken over.
        share: half-width of the exchanged square of frequencies as a share of the side, (0, 0.5).
        strength: 0 keeps the image, 1 takes the donor's amplitudes.

    Source: Yang and Soatto, FDA: Fourier Domain Adaptation, CVPR 2020, equation 3.
    """
    spectrum, other = np.fft.fftshift(np.fft.fft2(image)), np.fft.fftshift(np.fft.fft2(donor))
    rows, cols = image.shape
    half = max(1, round(share * min(rows, cols)))
    window = (slice(rows // 2 - half, rows // 2 + half + 1),
              slice(cols // 2 - half, cols // 2 + half + 1))  # fmt: skip
    own = np.abs(spectrum[window])
    mixed = (1 - strength) * own + strength * np.abs(other[window])
    spectrum[window] *= mixed / np.maximum(own, 1e-6)
    back = np.fft.ifft2(np.fft.ifftshift(spectrum)).real
    return np.where(image > 0, np.clip(back, 0.0, 1.0), image).astype(np.float32)


def match_histogram(
    image: NDArray[np.float32], donor: NDArray[np.float32], *, strength: float
) -> NDArray[np.float32]:
    """Move the grey levels towards the donor's distribution; black margins stay black.

    Args:
        image: what is changed.
        donor: any shape.
        strength: 0 keeps the image, 1 gives it the donor's quantiles.
    """
    shares = np.linspace(0.0, 1.0, 65)
    own, theirs = image[image > 0], donor[donor > 0]
    if own.size < 65 or theirs.size < 65:
        return image
    mapped = np.interp(image, np.quantile(own, shares), np.quantile(theirs, shares))
    mixed = image + np.float32(strength) * (mapped.astype(np.float32) - image)
    return np.where(image > 0, np.clip(mixed, 0.0, 1.0), image).astype(np.float32)


def bend_curve(
    image: NDArray[np.float32], knots: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Apply a rising grey curve through (1/4, 1/2, 3/4) -> `knots`, as another log compression.

    Args:
        image: what is changed.
        knots: rising values in [0, 1].
    """
    curve = np.interp(image, (0.0, 0.25, 0.5, 0.75, 1.0), (0.0, *knots, 1.0))
    return curve.astype(np.float32)


def resample(image: NDArray[np.float32], *, axial: float, lateral: float) -> NDArray[np.float32]:
    """Lose resolution as a scanner with fewer lines or a lower frequency would.

    Args:
        image: what is changed.
        axial: factor, at least 1, by which rows are thinned out and filled in again.
        lateral: the same for columns.
    """
    rows, cols = image.shape
    small = (max(8, round(cols / lateral)), max(8, round(rows / axial)))
    thin = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(thin, (cols, rows), interpolation=cv2.INTER_LINEAR), np.float32)


def paint_marks(pixels: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Write caliper pairs, dotted lines, text or a Doppler frame anywhere, lesion or not.

    Marks that say nothing of the class cannot serve as a short cut to it.

    Args:
        pixels: uint8 (H, W), left as it is; a marked copy is returned.
        seed: decides kind, number and places.
    """
    rng, marked = np.random.default_rng(seed), pixels.copy()
    rows, cols = marked.shape
    ink = int(rng.integers(*_INK_RANGE))
    for _ in range(int(rng.integers(0, 3))):
        _paint_caliper(marked, rng, ink)
    if rng.random() < 0.5:
        at = (int(rng.uniform(0, 0.7) * cols), int(rng.uniform(0.05, 0.98) * rows))
        size = float(rng.uniform(0.25, 0.5)) * rows / 256
        text = _TEXTS[int(rng.integers(len(_TEXTS)))]
        cv2.putText(marked, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)
    if rng.random() < 0.15:
        corner = (rng.uniform(0, 0.6, 2) * (cols, rows)).astype(int)
        far = corner + (rng.uniform(0.2, 0.4, 2) * (cols, rows)).astype(int)
        cv2.rectangle(marked, corner.tolist(), far.tolist(), ink, 1)
    return marked


def _paint_caliper(pixels: NDArray[np.uint8], rng: np.random.Generator, ink: int) -> None:
    """Draw two crosses and, half of the time, the dots between them."""
    rows, cols = pixels.shape
    first = rng.uniform(0.1, 0.9, 2) * (cols, rows)
    angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.08, 0.5) * min(rows, cols)
    second = first + length * np.array([np.cos(angle), np.sin(angle)])
    arm = max(2, round(rows / 256 * float(rng.uniform(2, 4))))
    for x, y in np.rint([first, second]).astype(int):
        cv2.line(pixels, (int(x) - arm, int(y)), (int(x) + arm, int(y)), ink, 1)
        cv2.line(pixels, (int(x), int(y) - arm), (int(x), int(y) + arm), ink, 1)
    if rng.random() < 0.5:
        for step in np.arange(0.0, 1.0, 4.0 / max(length, 4.0)):
            x, y = np.rint(first + step * (second - first)).astype(int)
            if 0 <= x < cols and 0 <= y < rows:
                pixels[y, x] = ink
