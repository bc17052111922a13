"""Textures of the breast's layers, drawn flat: `anatomy` stacks and bends them.

Each function returns the layer's echogenicity in decibels over the whole image (0 dB is white
before depth loss) and, where it has them, the amplitude of mirror-like lines. The levels follow
the usual order: fat is the reference grey, the gland brighter, fascia and septa brightest,
muscle like fat with bright striations. Lengths are pixels of a BUSI-like image of 400 to 600 rows.

Source:
    Stavros: Breast Ultrasound (2004), chapter "Breast anatomy"; grey levels tuned by eye and by
    histogram against BUSI.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonolesion.data.phantom.fields import Field, Shape, cells, filaments, smooth_field


@dataclass(frozen=True, slots=True)
class Tissue:
    """What the beam meets.

    Attributes:
        echo_db: float32 (H, W), mean scattered level in dB, 0 = white.
        specular: float32 (H, W), amplitude of mirror-like interfaces, 1 = white.
    """

    echo_db: Field
    specular: Field


def draw_skin(rng: np.random.Generator, shape: Shape) -> Tissue:
    """Gel and skin: a light band with fine lines along the transducer."""
    echo = -24.0 + 2.0 * smooth_field(rng, shape, scale_px=(4, 120))
    lines = filaments(rng, shape, scale_px=(5, 260), width_px=1.0)
    return Tissue(np.asarray(echo, dtype=np.float32), np.float32(0.3) * lines)


def draw_fat(rng: np.random.Generator, shape: Shape) -> Tissue:
    """Fat: grey lobules between thin bright septa, with fine fibres across them."""
    size = float(rng.uniform(0.7, 1.4))
    level, wall = cells(rng, shape, cell_px=(60 * size, 210 * size))
    patch = smooth_field(rng, shape, scale_px=(40, 120))
    echo = -34.0 + 1.6 * level + 1.6 * patch
    echo += 1.1 * smooth_field(rng, shape, scale_px=(5, 22))
    visible = np.clip(0.6 + 0.7 * smooth_field(rng, shape, scale_px=(20, 50)), 0.0, 1.3)
    septum = np.exp(-((wall / 0.04) ** 2)) * visible
    fibre = filaments(rng, shape, scale_px=(15, 110), width_px=1.0)
    specular = 0.05 * septum + float(rng.uniform(0.1, 0.35)) * fibre
    echo = echo + 9.0 * septum
    return Tissue(np.asarray(echo, dtype=np.float32), np.asarray(specular, dtype=np.float32))


def draw_gland(rng: np.random.Generator, shape: Shape) -> Tissue:
    """Fibroglandular tissue: bright, streaky, with dark fat islands and ducts.

    The islands are lesion-like on purpose: they are what a normal breast offers for a false
    positive.
    """
    streak = smooth_field(rng, shape, scale_px=(6, 38)) + 0.7 * smooth_field(
        rng, shape, scale_px=(5, 15)
    )
    streak += 0.6 * np.maximum(streak, 0.0)
    echo = float(rng.uniform(-28.0, -24.0)) + float(rng.uniform(1.2, 2.9)) * streak
    echo += 2.6 * smooth_field(rng, shape, scale_px=(45, 110))
    size = float(rng.uniform(0.6, 1.5))
    amount = float(rng.uniform(-1.7, -0.1))
    for scale, depth_db in (((17.0, 55.0), 11.0), ((38.0, 90.0), 8.0)):
        island = smooth_field(rng, shape, scale_px=(scale[0] * size, scale[1] * size))
        echo -= depth_db / (1.0 + np.exp(-8.0 * (island + amount)))
        amount -= 0.5
    strand = filaments(rng, shape, scale_px=(11, 75), width_px=float(rng.uniform(1.0, 2.0)))
    fine = filaments(rng, shape, scale_px=(6, 40), width_px=1.2)
    specular = float(rng.uniform(0.1, 0.4)) * strand + float(rng.uniform(0.06, 0.14)) * fine
    return Tissue(np.asarray(echo, dtype=np.float32), np.asarray(specular, dtype=np.float32))


def draw_muscle(rng: np.random.Generator, shape: Shape) -> Tissue:
    """Muscle (and the thin fat above it): grey with long, nearly parallel bright striations."""
    spacing = float(rng.uniform(6.0, 10.0))
    strand = smooth_field(rng, shape, scale_px=(spacing, 80))
    strand += 0.7 * smooth_field(rng, shape, scale_px=(0.6 * spacing, 35))
    strand += 1.2 * np.maximum(strand, 0.0)
    echo = float(rng.uniform(-37.0, -32.0)) + float(rng.uniform(1.6, 3.2)) * strand
    echo += 1.5 * smooth_field(rng, shape, scale_px=(30, 100))
    lines = filaments(rng, shape, scale_px=(spacing, 100), width_px=1.4)
    specular = float(rng.uniform(0.1, 0.45)) * lines
    return Tissue(np.asarray(echo, dtype=np.float32), np.asarray(specular, dtype=np.float32))


def draw_chest_wall(rng: np.random.Generator, shape: Shape) -> Tissue:
    """Ribs, pleura and lung: mostly shadow with faint reverberation lines."""
    echo = float(rng.uniform(-42.0, -36.0)) + 2.0 * smooth_field(rng, shape, scale_px=(12, 140))
    echo += 2.0 * smooth_field(rng, shape, scale_px=(50, 90))
    lines = filaments(rng, shape, scale_px=(26, 160), width_px=1.6)
    return Tissue(np.asarray(echo, dtype=np.float32), np.float32(0.1) * lines)
