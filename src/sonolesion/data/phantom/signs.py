"""The sonographic signs of one lesion: drawn at random, typical of its class or misleading.

Source:
    ACR BI-RADS Atlas, 5th edition (2013), Ultrasound; Stavros et al.: Solid breast nodules,
    Radiology 196 (1995) 123-134.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sonolesion.data.phantom.outline import Margin, Placement
from sonolesion.data.phantom.settings import PhantomSettings
from sonolesion.errors import InvalidInputError
from sonolesion.types import LesionClass


class LesionKind(StrEnum):
    """What the lesion is."""

    CYST = "cyst"
    COMPLICATED_CYST = "complicated cyst"
    FIBROADENOMA = "fibroadenoma"
    CARCINOMA = "carcinoma"


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionSigns:
    """One lesion as drawn; levels are differences in dB.

    Attributes:
        kind: what the lesion is.
        margin: its outline.
        placement: position, area, aspect and tilt.
        contrast_db: how far the inside lies below the tissue around it, above 0.
        texture_db: standard deviation of the inside's coarse texture, 0 for homogeneous.
        edge_px: softness of the boundary, pixels.
        capsule: amplitude of a thin bright rim, in [0, 1].
        halo_db: level of a thick bright rim, 0 for none.
        through_db: gain behind the lesion; below 0 a shadow, above 0 an enhancement.
        edge_shadow_db: depth of refraction shadows under the sides, 0 for none.
        push: displacement of tissue around it, see `anatomy.Push`.
        calcifications: number of bright specks inside.
    """

    kind: LesionKind
    margin: Margin
    placement: Placement
    contrast_db: float
    texture_db: float
    edge_px: float
    capsule: float = 0.0
    halo_db: float = 0.0
    through_db: float = 0.0
    edge_shadow_db: float = 0.0
    push: float = 0.0
    calcifications: int = 0


def choose_signs(
    rng: np.random.Generator,
    label: LesionClass,
    placement: Placement,
    settings: PhantomSettings,
) -> LesionSigns:
    """Draw the signs of one lesion of class `label` at `placement`.

    With probability `settings.atypical_fraction` the lesion borrows the looks of the other class:
    a circumscribed cancer without shadow, a benign lesion with irregular margin and shadow.

    Raises:
        InvalidInputError: `label` is normal, which has no lesion.
    """
    if label is LesionClass.NORMAL:
        raise InvalidInputError("a normal phantom has no lesion, so no signs to choose.")
    atypical = bool(rng.random() < settings.atypical_fraction)
    if label is LesionClass.MALIGNANT:
        return _carcinoma(rng, placement, round_type=atypical)
    if atypical:
        return _fibroadenoma(rng, placement, margin=Margin.IRREGULAR, through_db=-10.0)
    kind = rng.choice([LesionKind.CYST, LesionKind.COMPLICATED_CYST, LesionKind.FIBROADENOMA],
                      p=[0.27, 0.13, 0.6])  # fmt: skip
    if kind == LesionKind.FIBROADENOMA:
        margin = Margin.LOBULATED if rng.random() < 0.4 else Margin.CIRCUMSCRIBED
        return _fibroadenoma(
            rng, placement, margin=margin, through_db=float(rng.uniform(-1.0, 6.0))
        )
    return _cyst(rng, placement, LesionKind(kind))


def _cyst(rng: np.random.Generator, placement: Placement, kind: LesionKind) -> LesionSigns:
    simple = kind is LesionKind.CYST
    return LesionSigns(
        kind=kind,
        margin=Margin.CIRCUMSCRIBED,
        placement=placement,
        contrast_db=float(rng.uniform(24.0, 40.0) if simple else rng.uniform(13.0, 20.0)),
        texture_db=0.0 if simple else float(rng.uniform(0.5, 1.5)),
        edge_px=float(rng.uniform(0.8, 2.0)),
        capsule=float(rng.uniform(0.05, 0.3)),
        through_db=float(rng.uniform(7.0, 14.0)),
        edge_shadow_db=float(rng.uniform(3.0, 9.0)),
        push=float(rng.uniform(0.5, 0.8)),
    )


def _fibroadenoma(
    rng: np.random.Generator, placement: Placement, *, margin: Margin, through_db: float
) -> LesionSigns:
    return LesionSigns(
        kind=LesionKind.FIBROADENOMA,
        margin=margin,
        placement=placement,
        contrast_db=float(rng.uniform(7.0, 15.0)),
        texture_db=float(rng.uniform(0.8, 2.6)),
        edge_px=float(rng.uniform(1.0, 3.0)),
        capsule=float(rng.uniform(0.0, 0.28)),
        through_db=through_db,
        edge_shadow_db=float(rng.uniform(0.0, 7.0)),
        push=float(rng.uniform(0.4, 0.8)),
    )


def _carcinoma(rng: np.random.Generator, placement: Placement, *, round_type: bool) -> LesionSigns:
    margins = [Margin.SPICULATED, Margin.IRREGULAR, Margin.MICROLOBULATED]
    margin = Margin(rng.choice(margins, p=[0.35, 0.35, 0.3]))
    shadow = float(rng.uniform(-24.0, -8.0) if rng.random() < 0.7 else rng.uniform(-3.0, 3.0))
    calcified = not round_type and rng.random() < 0.35
    return LesionSigns(
        kind=LesionKind.CARCINOMA,
        margin=Margin.LOBULATED if round_type else margin,
        placement=placement,
        contrast_db=float(rng.uniform(7.0, 15.0)),
        texture_db=float(rng.uniform(2.0, 4.5)),
        edge_px=float(rng.uniform(1.0, 2.0) if round_type else rng.uniform(4.0, 10.0)),
        halo_db=0.0 if round_type else float(rng.uniform(2.0, 8.0)),
        through_db=float(rng.uniform(0.0, 4.0)) if round_type else shadow,
        edge_shadow_db=float(rng.uniform(0.0, 3.0)),
        push=float(rng.uniform(0.2, 0.6) if round_type else rng.uniform(-0.3, 0.3)),
        calcifications=int(rng.integers(6, 28)) if calcified else 0,
    )
