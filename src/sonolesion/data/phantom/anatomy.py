"""The breast in layers: skin, subcutaneous fat, gland, muscle, chest wall.

The layers are drawn flat and then bent, all with one look-up, so that streaks follow the layers
they lie in. A lesion takes part in the bending: a growing benign lesion pushes tissue aside, a
scirrhous cancer draws it in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom import tissue as texture
from sonolesion.data.phantom.bending import Push, bend_layers, flat_lookup, push_apart
from sonolesion.data.phantom.fields import Field, Shape, curve, smooth_field
from sonolesion.data.phantom.tissue import Tissue


def draw_breast(rng: np.random.Generator, shape: Shape, pushes: Sequence[Push] = ()) -> Tissue:
    """Draw the layered breast without a lesion.

    Args:
        rng: source of randomness.
        shape: rows and columns of the image.
        pushes: how lesions displace the tissue; they draw no randomness.

    Returns:
        The tissue, (H, W).
    """
    height, width = shape
    unit_px = height / 500.0
    flat = _layer_depths(rng) * height
    bent = bend_layers(rng, flat, shape)
    canvas = np.zeros((height, width, 2), dtype=np.float32)
    for draw, top, bottom, rough in zip(
        _TEXTURES, (0.0, *flat), (*flat, height), (0.0, 0.4, 7.0, 14.0, 9.0), strict=True
    ):
        _stack(rng, canvas, draw, rows=(top, bottom), rough_px=rough * unit_px)
    maps = flat_lookup(rng, flat, bent, shape, pushes)
    both = cv2.remap(canvas, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    lines = cv2.remap(_fasciae(rng, bent, shape), *push_apart(shape, pushes), cv2.INTER_LINEAR)
    specular = np.asarray(both[..., 1] + lines, dtype=np.float32)
    return Tissue(np.ascontiguousarray(both[..., 0]), specular)


_TEXTURES = (
    texture.draw_skin,
    texture.draw_fat,
    texture.draw_gland,
    texture.draw_muscle,
    texture.draw_chest_wall,
)


def _stack(
    rng: np.random.Generator,
    canvas: NDArray[np.float32],
    draw: Callable[[np.random.Generator, Shape], Tissue],
    *,
    rows: tuple[float, float],
    rough_px: float,
) -> None:
    """Draw one layer into `canvas`, float32 (H, W, 2): over the layers above, with a ragged top."""
    height, width = canvas.shape[:2]
    margin = 3.0 * rough_px + 4.0
    first, last = max(0, int(rows[0] - margin)), min(height, int(rows[1] + margin + 60.0))
    if last - first < 2:
        return
    shape = (last - first, width)
    layer = draw(rng, shape)
    if first == 0:
        share = np.ones(shape, dtype=np.float32)
    else:
        edge = np.arange(first, last, dtype=np.float32)[:, None] - np.float32(rows[0])
        edge = edge + rough_px * smooth_field(rng, shape, scale_px=(9.0, 45.0))
        share = 1.0 / (1.0 + np.exp(-np.clip(edge / (0.6 + 0.1 * rough_px), -30, 30)))
    new = np.dstack([layer.echo_db, layer.specular])
    canvas[first:last] += share[..., None] * (new - canvas[first:last])
    canvas[last:] = canvas[last - 1]


def _layer_depths(rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean lower boundaries of the first four layers, as shares of the image height."""
    skin = rng.uniform(0.02, 0.045)
    fat = skin + rng.uniform(0.06, 0.28)
    gland = fat + rng.uniform(0.2, 0.42)
    muscle = gland + rng.uniform(0.1, 0.35)
    return np.array([skin, fat, gland, muscle])


def _fasciae(rng: np.random.Generator, bent: NDArray[np.float32], shape: Shape) -> Field:
    """Bright lines between layers, broken where the beam meets them at a slant."""
    height, width = shape
    total = np.zeros(shape, dtype=np.float32)
    lines = ((0, -2.5, 0.5), (0, 4.0, 0.3), (1, 0.0, 0.25), (2, 0.0, 0.2), (2, 14.0, 0.25))
    for layer, offset, amplitude in (*lines, (3, 0.0, 0.25)):
        visible = 0.3 + 0.6 * curve(rng, width, scale_px=float(rng.uniform(40, 160)))
        wobble = 2.5 * curve(rng, width, scale_px=50.0) if layer else np.zeros(width)
        width_px = float(rng.uniform(0.9, 1.7))
        line = bent[layer] + offset + wobble
        flatness = 1.0 / (1.0 + (2.5 * np.gradient(line)) ** 2)
        first, last = max(0, int(line.min()) - 6), min(height, int(line.max()) + 6)
        row = np.arange(first, max(first, last), dtype=np.float32)[:, None]
        crest = amplitude * flatness * np.clip(visible, 0.0, 1.0)
        total[first:last] += (crest * np.exp(-(((row - line) / width_px) ** 2))).astype(np.float32)
    return total
