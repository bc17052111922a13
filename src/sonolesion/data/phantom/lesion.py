"""Paint a lesion into the tissue: inside, boundary, halo, spicules, calcifications."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom.fields import Field, curve, filaments, smooth_field
from sonolesion.data.phantom.outline import Margin
from sonolesion.data.phantom.signs import LesionKind, LesionSigns
from sonolesion.data.phantom.tissue import Tissue


def paint_lesion(
    rng: np.random.Generator, tissue: Tissue, mask: NDArray[np.bool_], signs: LesionSigns
) -> Tissue:
    """Return the tissue with one lesion in it; the arguments are left as they are.

    Args:
        rng: source of randomness.
        tissue: the breast without this lesion.
        mask: bool (H, W), the lesion's true extent, not empty.
        signs: what to draw.
    """
    shape = mask.shape
    inside_px = _signed_distance(mask)
    ring = (inside_px < -2.0) & (inside_px > -25.0)
    level = float(tissue.echo_db[ring].mean()) if ring.any() else -32.0
    rough = smooth_field(rng, shape, scale_px=(7.0, 11.0))
    rough = rough + 0.8 * smooth_field(rng, shape, scale_px=(16.0, 22.0))
    boundary = inside_px + 0.5 * signs.edge_px * rough
    share = 1.0 / (1.0 + np.exp(-np.clip(boundary / (0.5 * signs.edge_px), -30, 30)))
    echo = tissue.echo_db + _halo(rng, inside_px, signs)
    if signs.margin is Margin.SPICULATED:
        echo = echo + _spicules(rng, mask, signs)
    inside = _inside(rng, mask, inside_px, signs, level)
    if signs.kind is LesionKind.CARCINOMA:
        inside = inside + 0.35 * (tissue.echo_db - level)
    echo = echo + share * (inside - echo)
    specular = tissue.specular * (1.0 - share) + _capsule(rng, inside_px, signs)
    if signs.kind is LesionKind.FIBROADENOMA:
        septa = filaments(rng, shape, scale_px=(20.0, 90.0), width_px=1.0)
        specular = specular + 0.03 * share * septa
    if signs.calcifications:
        specular = specular + _calcifications(rng, inside_px, signs.calcifications)
    return Tissue(np.asarray(echo, dtype=np.float32), np.asarray(specular, dtype=np.float32))


def _signed_distance(mask: NDArray[np.bool_]) -> Field:
    """Distance to the boundary, pixels: above 0 inside, below 0 outside."""
    inner = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outer = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(inner - outer, dtype=np.float32)


def _inside(
    rng: np.random.Generator,
    mask: NDArray[np.bool_],
    inside_px: Field,
    signs: LesionSigns,
    level_db: float,
) -> Field:
    shape = mask.shape
    inner = level_db - signs.contrast_db
    coarse = smooth_field(rng, shape, scale_px=(14.0, 24.0))
    patches = smooth_field(rng, shape, scale_px=(40.0, 55.0))
    streaks = smooth_field(rng, shape, scale_px=(5.0, 14.0))
    echo = inner + signs.texture_db * (0.6 * coarse + 0.6 * patches + 0.4 * streaks)
    path_px = np.cumsum(mask, axis=0, dtype=np.float32)
    if signs.kind is LesionKind.CARCINOMA:
        core = inside_px / max(float(inside_px.max()), 1.0)
        return np.asarray(echo - rng.uniform(0.0, 4.0) * np.clip(core, 0.0, 1.0), dtype=np.float32)
    if signs.kind is LesionKind.FIBROADENOMA:
        return np.asarray(echo, dtype=np.float32)
    haze = rng.uniform(4.0, 14.0) * np.exp(-path_px / rng.uniform(8.0, 22.0))
    return np.asarray(echo + haze, dtype=np.float32)


def _halo(rng: np.random.Generator, inside_px: Field, signs: LesionSigns) -> Field:
    """A thick, uneven echogenic rim: tumour cells and oedema in the tissue next to a cancer."""
    if signs.halo_db == 0.0:
        return np.zeros_like(inside_px)
    width_px = rng.uniform(7.0, 16.0)
    outside = np.maximum(-inside_px, 0.0) / width_px
    uneven = np.clip(0.7 + 0.6 * smooth_field(rng, inside_px.shape, scale_px=(30, 40)), 0.0, 1.6)
    return np.asarray(signs.halo_db * uneven * np.exp(-(outside**2)), dtype=np.float32)


def _capsule(rng: np.random.Generator, inside_px: Field, signs: LesionSigns) -> Field:
    """A thin rim, bright where it lies across the beam: on top and at the bottom."""
    if signs.capsule == 0.0:
        return np.zeros_like(inside_px)
    smooth = cv2.GaussianBlur(inside_px, (0, 0), 2.0)
    across = np.abs(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.125))
    broken = np.clip(0.35 + 0.5 * curve(rng, inside_px.shape[1], scale_px=35.0), 0.0, 1.0)
    rim = np.exp(-(((inside_px + 1.5) / 1.3) ** 2)) * np.clip(across, 0.0, 1.0) ** 3
    return np.asarray(signs.capsule * broken * rim, dtype=np.float32)


def _spicules(rng: np.random.Generator, mask: NDArray[np.bool_], signs: LesionSigns) -> Field:
    """Lines that radiate from a cancer into the tissue: bright strands with dark neighbours."""
    drawn = np.zeros(mask.shape, dtype=np.float32)
    cy, cx = signs.placement.centre_yx
    ry, rx = signs.placement.radii_yx
    for angle in rng.uniform(0.0, 2.0 * np.pi, int(rng.integers(12, 26))):
        reach = rng.uniform(1.2, 1.9)
        bend = angle + rng.normal(0.0, 0.1)
        start = (round(cx + 0.7 * rx * np.cos(angle)), round(cy + 0.7 * ry * np.sin(angle)))
        end = (round(cx + reach * rx * np.cos(bend)), round(cy + reach * ry * np.sin(bend)))
        level = float(rng.uniform(3.0, 8.0) * (1.0 if rng.random() < 0.55 else -1.0))
        cv2.line(drawn, start, end, level, int(rng.integers(1, 4)))
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 1.5), dtype=np.float32)


def _calcifications(rng: np.random.Generator, inside_px: Field, count: int) -> Field:
    """Bright specks of one to three pixels, in a cluster."""
    rows, columns = np.nonzero(inside_px > 4.0)
    drawn = np.zeros_like(inside_px)
    if rows.size == 0:
        return drawn
    seed = int(rng.integers(rows.size))
    away = np.hypot(rows - rows[seed], columns - columns[seed])
    weight = np.exp(-away / (0.35 * away.max() + 1.0))
    for at in rng.choice(rows.size, size=count, p=weight / weight.sum()):
        radius = int(rng.random() < 0.12)
        centre = (int(columns[at]), int(rows[at]))
        cv2.circle(drawn, centre, radius, float(rng.uniform(0.08, 0.7)), -1)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 0.8), dtype=np.float32)
