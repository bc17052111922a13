"""One phantom: a generated B-mode picture of a breast with its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.data.phantom.anatomy import draw_breast
from sonolesion.data.phantom.attenuation import (
    column_shadows,
    depth_gain,
    edge_gain,
    edge_shadows,
    posterior_gain,
)
from sonolesion.data.phantom.bending import Push
from sonolesion.data.phantom.fields import Shape
from sonolesion.data.phantom.lesion import paint_lesion
from sonolesion.data.phantom.marks import Marks, annotate
from sonolesion.data.phantom.outline import draw_outline, fill_outline
from sonolesion.data.phantom.placement import place_lesions
from sonolesion.data.phantom.scan import ScanSettings, choose_scan, scan
from sonolesion.data.phantom.settings import PhantomSettings
from sonolesion.data.phantom.signs import LesionSigns, choose_signs
from sonolesion.types import LesionClass

Mask = NDArray[np.bool_]
"""bool (H, W), true inside the lesion."""

_SKIN_SHARE = 0.045  # no lesion grows into this share of the height


@dataclass(frozen=True, slots=True)
class Phantom:
    """A generated picture with its truth.

    Attributes:
        pixels: uint8 (H, W), grey levels in [0, 255].
        masks: bool (H, W) each; none for normal, two for a double mask. Their union is the truth.
        label: the class.
        lesions: what was drawn, one entry per lesion; empty for normal.
        scan: the scanner's settings.
        marks: what was written over the picture.
    """

    pixels: NDArray[np.uint8]
    masks: tuple[Mask, ...]
    label: LesionClass
    lesions: tuple[LesionSigns, ...]
    scan: ScanSettings
    marks: Marks


def make_phantom(
    rng: np.random.Generator, label: LesionClass, settings: PhantomSettings | None = None
) -> Phantom:
    """Draw one phantom; equal generators and settings give equal phantoms, bit for bit.

    Anatomy, lesion, scan and marks have a random stream each, so an option such as
    `caliper_fraction` changes the marks and nothing below them.

    Args:
        rng: source of randomness; advances by the same amount whatever is drawn.
        label: the class to draw.
        settings: sizes and options; the defaults resemble BUSI.

    >>> case = make_phantom(np.random.default_rng(0), LesionClass.BENIGN)
    >>> case.pixels.dtype.name, case.masks[0].shape == case.pixels.shape
    ('uint8', True)
    """
    chosen = settings or PhantomSettings()
    plain = draw_scan(rng, label, chosen)
    return annotate_phantom(rng, plain, chosen)


def draw_scan(rng: np.random.Generator, label: LesionClass, settings: PhantomSettings) -> Phantom:
    """Draw a phantom without marks; see `make_phantom`."""
    seeds = rng.integers(2**63, size=4)
    geometry, body, lesion, machine = (np.random.default_rng(seed) for seed in seeds)
    shape = (
        int(geometry.integers(settings.height_px[0], settings.height_px[1] + 1)),
        int(geometry.integers(settings.width_px[0], settings.width_px[1] + 1)),
    )
    split_draw, pair_draw = geometry.random(2)
    double = label is not LesionClass.NORMAL and split_draw < settings.double_mask_fraction
    count = 0 if label is LesionClass.NORMAL else 1 + int(double and pair_draw < 0.7)
    places = place_lesions(geometry, label, shape, settings, count=count) if count else ()
    lesions = tuple(choose_signs(lesion, label, place, settings) for place in places)
    pushes = [Push(s.placement.centre_yx, s.placement.radii_yx, s.push) for s in lesions]
    tissue = draw_breast(body, shape, pushes)
    gain = depth_gain(body, shape) + edge_gain(body, shape) + column_shadows(body, shape)
    masks: list[Mask] = []
    for signs in lesions:
        mask = fill_outline(draw_outline(lesion, signs.margin), signs.placement, shape)
        mask[: int(_SKIN_SHARE * shape[0])] = False
        tissue = paint_lesion(lesion, tissue, mask, signs)
        gain += posterior_gain(lesion, mask, through_db=signs.through_db)
        gain += edge_shadows(lesion, mask, loss_db=signs.edge_shadow_db)
        masks.append(mask)
    settings_of_scan = choose_scan(machine)
    pixels = scan(machine, tissue, gain, settings_of_scan)
    if double and count == 1:
        masks = _split(masks[0], lesions[0], shape)
    return Phantom(pixels, tuple(masks), label, lesions, settings_of_scan, Marks())


def annotate_phantom(
    rng: np.random.Generator, plain: Phantom, settings: PhantomSettings
) -> Phantom:
    """Return an unmarked phantom with the marks that `settings` ask for."""
    seed = rng.integers(2**63)
    pixels, marks = annotate(np.random.default_rng(seed), plain.pixels, plain.masks, settings)
    return Phantom(pixels, plain.masks, plain.label, plain.lesions, plain.scan, marks)


def _split(mask: Mask, signs: LesionSigns, shape: Shape) -> list[Mask]:
    """Cut one lesion's mask into a left and a right part that touch."""
    left = np.arange(shape[1])[None, :] < signs.placement.centre_yx[1]
    return [mask & left, mask & ~left]
