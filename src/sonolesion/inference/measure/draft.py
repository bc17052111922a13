"""From figures to the words of the lexicon: one rule per descriptor, its numbers kept beside it.

The thresholds were set on generated phantoms, not on readers' answers: see
docs/explanation/measurements.md for what that means.
"""

from __future__ import annotations

from sonolesion.types.lesion import LesionMeasurement
from sonolesion.types.lexicon import (
    Descriptor,
    EchoPattern,
    LexiconDraft,
    Margin,
    Orientation,
    PosteriorFeatures,
    Reason,
    Shape,
)

MIN_SOLIDITY = 0.9
MIN_ELLIPSE_OVERLAP = 0.8
MIN_ROUND_RATIO = 0.87
MAX_PARALLEL_RATIO = 0.95
MIN_SPICULES = 5.0
MAX_SPICULATED_SOLIDITY = 0.78
MIN_ANGLES = 3.0
MIN_MICROLOBES = 4.0
MIN_SHARP_SHARE = 0.6
MIN_ANECHOIC_SHARE = 0.8
COMPLEX_SHARE = 0.25
MIN_HETEROGENEITY_GREY = 14.0
MIN_ECHO_CHANGE = 0.1
MIN_POSTERIOR_CHANGE = 0.2


def draft_lexicon(measured: LesionMeasurement) -> LexiconDraft:
    """Describe one lesion in the words of the lexicon, as a draft; never a category.

    A descriptor whose figures could not be measured has no word.
    """
    return LexiconDraft(
        shape=_describe_shape(measured),
        orientation=_describe_orientation(measured),
        margin=_describe_margin(measured),
        echo_pattern=_describe_echo(measured),
        posterior=_describe_posterior(measured),
    )


def _describe_shape(measured: LesionMeasurement) -> Descriptor[Shape]:
    form = measured.form
    reasons = (
        Reason("form.solidity", form.solidity, MIN_SOLIDITY),
        Reason("form.ellipse_overlap", form.ellipse_overlap, MIN_ELLIPSE_OVERLAP),
        Reason("form.axis_ratio", form.axis_ratio, MIN_ROUND_RATIO),
    )
    if measured.is_lower_bound:
        return Descriptor(None, reasons)
    if form.solidity < MIN_SOLIDITY or form.ellipse_overlap < MIN_ELLIPSE_OVERLAP:
        return Descriptor(Shape.IRREGULAR, reasons[:2])
    is_round = form.axis_ratio >= MIN_ROUND_RATIO
    return Descriptor(Shape.ROUND if is_round else Shape.OVAL, reasons)


def _describe_orientation(measured: LesionMeasurement) -> Descriptor[Orientation]:
    """Round and oblique lesions are not parallel, as in the lexicon."""
    ratio = measured.form.height_to_width
    reasons = (Reason("form.height_to_width", ratio, MAX_PARALLEL_RATIO),)
    if measured.is_lower_bound:
        return Descriptor(None, reasons)
    parallel = ratio < MAX_PARALLEL_RATIO
    return Descriptor(Orientation.PARALLEL if parallel else Orientation.NOT_PARALLEL, reasons)


def _describe_margin(measured: LesionMeasurement) -> Descriptor[Margin]:
    """The most suspicious kind that applies; what cannot be ruled out leaves no word."""
    margin, solidity = measured.margin, measured.form.solidity
    if margin.n_bays is None or margin.n_corners is None:
        return Descriptor(None, ())
    corners, bays = float(margin.n_corners), float(margin.n_bays)
    reasons = [
        Reason("margin.n_corners", corners, MIN_SPICULES),
        Reason("form.solidity", solidity, MAX_SPICULATED_SOLIDITY),
    ]
    if corners >= MIN_SPICULES and solidity < MAX_SPICULATED_SOLIDITY:
        return Descriptor(Margin.SPICULATED, tuple(reasons))
    reasons.append(Reason("margin.n_corners", corners, MIN_ANGLES))
    reasons.append(Reason("form.solidity", solidity, MIN_SOLIDITY))
    if corners >= MIN_ANGLES and (solidity < MIN_SOLIDITY or bays < MIN_MICROLOBES):
        return Descriptor(Margin.ANGULAR, tuple(reasons))
    reasons.append(Reason("margin.n_bays", bays, MIN_MICROLOBES))
    if bays >= MIN_MICROLOBES:
        return Descriptor(Margin.MICROLOBULATED, tuple(reasons))
    if margin.sharp_share is None or measured.is_lower_bound:
        return Descriptor(None, tuple(reasons))
    reasons.append(Reason("margin.sharp_share", margin.sharp_share, MIN_SHARP_SHARE))
    sharp = margin.sharp_share >= MIN_SHARP_SHARE
    return Descriptor(Margin.CIRCUMSCRIBED if sharp else Margin.INDISTINCT, tuple(reasons))


def _describe_echo(measured: LesionMeasurement) -> Descriptor[EchoPattern]:
    """Against tissue at the same depth; the lexicon compares with fat, which is not found here."""
    echo, change = measured.echo, measured.posterior.change
    reasons = [Reason("echo.empty_share", echo.empty_share, MIN_ANECHOIC_SHARE)]
    if echo.empty_share >= MIN_ANECHOIC_SHARE:
        return Descriptor(EchoPattern.ANECHOIC, tuple(reasons))
    if change is not None:
        reasons.append(Reason("echo.empty_share", echo.empty_share, COMPLEX_SHARE))
        reasons.append(Reason("posterior.change", change, MIN_POSTERIOR_CHANGE))
        if echo.empty_share >= COMPLEX_SHARE and change >= MIN_POSTERIOR_CHANGE:
            return Descriptor(EchoPattern.COMPLEX, tuple(reasons))
    spread = echo.heterogeneity_grey
    reasons.append(Reason("echo.heterogeneity_grey", spread, MIN_HETEROGENEITY_GREY))
    if spread >= MIN_HETEROGENEITY_GREY:
        return Descriptor(EchoPattern.HETEROGENEOUS, tuple(reasons))
    if echo.ratio is None:
        return Descriptor(None, tuple(reasons))
    reasons.append(Reason("echo.ratio", echo.ratio, 1.0 - MIN_ECHO_CHANGE))
    if echo.ratio <= 1.0 - MIN_ECHO_CHANGE:
        return Descriptor(EchoPattern.HYPOECHOIC, tuple(reasons))
    reasons.append(Reason("echo.ratio", echo.ratio, 1.0 + MIN_ECHO_CHANGE))
    bright = echo.ratio >= 1.0 + MIN_ECHO_CHANGE
    return Descriptor(EchoPattern.HYPERECHOIC if bright else EchoPattern.ISOECHOIC, tuple(reasons))


def _describe_posterior(measured: LesionMeasurement) -> Descriptor[PosteriorFeatures]:
    found = measured.posterior
    if found.change is None:
        return Descriptor(None, ())
    limit, thirds = MIN_POSTERIOR_CHANGE, found.third_changes
    if thirds is not None and max(thirds) >= limit and min(thirds) <= -limit:
        reasons = (
            Reason("posterior.third_changes, largest", max(thirds), limit),
            Reason("posterior.third_changes, smallest", min(thirds), -limit),
        )
        return Descriptor(PosteriorFeatures.COMBINED, reasons)
    word = PosteriorFeatures.NONE
    if found.change >= limit:
        word = PosteriorFeatures.ENHANCEMENT
    elif found.change <= -limit:
        word = PosteriorFeatures.SHADOWING
    nearer = limit if found.change >= 0.0 else -limit
    return Descriptor(word, (Reason("posterior.change", found.change, nearer),))
