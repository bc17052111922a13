"""The words of the lexicon for breast masses in ultrasound, and a draft in these words.

Source: Mendelson et al., ACR BI-RADS Ultrasound, in: ACR BI-RADS Atlas, 5th edition (2013). Only
the descriptors are used; a draft never holds an assessment category.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from sonolesion.types.notice import RESEARCH_USE_ONLY

Word = TypeVar("Word", bound=StrEnum)
DRAFT_NOTICE = f"Draft from measurements, to be checked by a reader. {RESEARCH_USE_ONLY}"


class Shape(StrEnum):
    """Shape of a mass."""

    OVAL = "oval"
    ROUND = "round"
    IRREGULAR = "irregular"


class Orientation(StrEnum):
    """Direction of the long axis against the skin line."""

    PARALLEL = "parallel"
    NOT_PARALLEL = "not parallel"


class Margin(StrEnum):
    """Margin of a mass; all but the first are kinds of "not circumscribed"."""

    CIRCUMSCRIBED = "circumscribed"
    INDISTINCT = "not circumscribed: indistinct"
    ANGULAR = "not circumscribed: angular"
    MICROLOBULATED = "not circumscribed: microlobulated"
    SPICULATED = "not circumscribed: spiculated"


class EchoPattern(StrEnum):
    """Echo pattern of a mass."""

    ANECHOIC = "anechoic"
    HYPERECHOIC = "hyperechoic"
    COMPLEX = "complex cystic and solid"
    HYPOECHOIC = "hypoechoic"
    ISOECHOIC = "isoechoic"
    HETEROGENEOUS = "heterogeneous"


class PosteriorFeatures(StrEnum):
    """What is seen behind a mass."""

    NONE = "no posterior features"
    ENHANCEMENT = "enhancement"
    SHADOWING = "shadowing"
    COMBINED = "combined pattern"


@dataclass(frozen=True, slots=True)
class Reason:
    """One number behind a descriptor.

    Attributes:
        figure: name of the figure in `LesionMeasurement`, e.g. "form.solidity".
        value: what was measured.
        threshold: what it was compared with.
    """

    figure: str
    value: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Descriptor(Generic[Word]):
    """One word of the draft.

    Attributes:
        word: the word; None where the figures behind it could not be measured.
        reasons: every number that was compared on the way to the word, in that order.
    """

    word: Word | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class LexiconDraft:
    """A draft description of one lesion.

    Attributes:
        shape, orientation, margin, echo_pattern, posterior: the descriptors.
        notice: the sentence that must stand beside the draft wherever it is shown.
    """

    shape: Descriptor[Shape]
    orientation: Descriptor[Orientation]
    margin: Descriptor[Margin]
    echo_pattern: Descriptor[EchoPattern]
    posterior: Descriptor[PosteriorFeatures]
    notice: str = DRAFT_NOTICE


NO_DRAFT = LexiconDraft(
    shape=Descriptor(None, ()),
    orientation=Descriptor(None, ()),
    margin=Descriptor(None, ()),
    echo_pattern=Descriptor(None, ()),
    posterior=Descriptor(None, ()),
)
"""A draft without a word, where nobody worded the figures."""
