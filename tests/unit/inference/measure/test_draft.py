from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from drawn_shapes import draw_ellipse, draw_star, draw_wave

from sonolesion.data.phantom import LesionKind, Phantom, PhantomSettings, make_phantom
from sonolesion.data.phantom.outline import Margin as DrawnMargin
from sonolesion.inference.measure import LexiconDraft, draft_lexicon, measure_lesions
from sonolesion.types import RESEARCH_USE_ONLY, LesionClass
from sonolesion.types.lexicon import (
    DRAFT_NOTICE,
    EchoPattern,
    Margin,
    Orientation,
    PosteriorFeatures,
    Shape,
)

SIZE = (300, 400)
CENTRE = (130.3, 200.2)
SETTINGS = PhantomSettings(
    width_px=(380, 380),
    height_px=(340, 340),
    atypical_fraction=0.0,
    caliper_fraction=0.0,
    text_fraction=0.0,
    double_mask_fraction=0.0,
)


def draft_of(mask: np.ndarray, *, inside: int = 50, behind: int = 100) -> LexiconDraft:
    pixels = np.full(mask.shape, 100, np.uint8)
    below = np.cumsum(mask, axis=0) > 0
    pixels[below] = behind
    pixels[mask] = inside
    (lesion,) = measure_lesions(mask, pixels).lesions
    return draft_lexicon(lesion)


def ellipse(a: float, b: float, angle_deg: float = 0.0) -> np.ndarray:
    return draw_ellipse(SIZE, centre=CENTRE, half_axes=(a, b), angle_deg=angle_deg)


@pytest.mark.parametrize(
    ("mask", "shape", "orientation"),
    [
        (ellipse(60, 60), Shape.ROUND, Orientation.NOT_PARALLEL),
        (ellipse(80, 50), Shape.OVAL, Orientation.PARALLEL),
        (ellipse(80, 50, 90), Shape.OVAL, Orientation.NOT_PARALLEL),
        (ellipse(80, 50, 45), Shape.OVAL, Orientation.NOT_PARALLEL),
        (ellipse(80, 50, -15), Shape.OVAL, Orientation.PARALLEL),
        (
            draw_star(SIZE, centre=CENTRE, radii=(100, 50), points=6),
            Shape.IRREGULAR,
            Orientation.PARALLEL,
        ),
    ],
)
def test_shape_and_orientation(mask: np.ndarray, shape: Shape, orientation: Orientation) -> None:
    draft = draft_of(mask)
    assert (draft.shape.word, draft.orientation.word) == (shape, orientation)


@pytest.mark.parametrize(
    ("mask", "word"),
    [
        (ellipse(80, 50), Margin.CIRCUMSCRIBED),
        (draw_star(SIZE, centre=CENTRE, radii=(110, 50), points=8), Margin.SPICULATED),
        (draw_wave(SIZE, centre=CENTRE, radius=80, amplitude=0.07, lobes=9),
         Margin.MICROLOBULATED),
    ],
)  # fmt: skip
def test_margin(mask: np.ndarray, word: Margin) -> None:
    assert draft_of(mask).margin.word is word


def test_square_is_angular() -> None:
    mask = np.zeros(SIZE, np.bool_)
    mask[60:200, 100:280] = True
    assert draft_of(mask).margin.word is Margin.ANGULAR


def test_no_step_of_grey_is_indistinct() -> None:
    assert draft_of(ellipse(80, 50), inside=100).margin.word is Margin.INDISTINCT


@pytest.mark.parametrize(
    ("inside", "word"),
    [
        (5, EchoPattern.ANECHOIC),
        (50, EchoPattern.HYPOECHOIC),
        (95, EchoPattern.ISOECHOIC),
        (105, EchoPattern.ISOECHOIC),
        (150, EchoPattern.HYPERECHOIC),
    ],
)
def test_echo_pattern(inside: int, word: EchoPattern) -> None:
    assert draft_of(ellipse(80, 50), inside=inside).echo_pattern.word is word


@pytest.mark.parametrize(
    ("behind", "word"),
    [
        (150, PosteriorFeatures.ENHANCEMENT),
        (110, PosteriorFeatures.NONE),
        (90, PosteriorFeatures.NONE),
        (40, PosteriorFeatures.SHADOWING),
    ],
)
def test_posterior(behind: int, word: PosteriorFeatures) -> None:
    assert draft_of(ellipse(80, 50), behind=behind).posterior.word is word


def test_half_filled_cyst_with_enhancement_is_complex() -> None:
    mask = ellipse(80, 50)
    pixels = np.full(SIZE, 100, np.uint8)
    pixels[np.cumsum(mask, axis=0) > 0] = 150
    pixels[mask] = 5
    pixels[:, 200:][mask[:, 200:]] = 80
    (lesion,) = measure_lesions(mask, pixels).lesions
    draft = draft_lexicon(lesion)
    assert draft.echo_pattern.word is EchoPattern.COMPLEX
    # without the enhancement fluid is not assumed
    flat = dataclasses.replace(lesion.posterior, change=0.0)
    plain = draft_lexicon(dataclasses.replace(lesion, posterior=flat))
    assert plain.echo_pattern.word is EchoPattern.HETEROGENEOUS


def test_light_and_dark_thirds_are_combined() -> None:
    mask = ellipse(80, 50)
    pixels = np.full(SIZE, 100, np.uint8)
    below = np.cumsum(mask, axis=0) > 0
    pixels[below] = 160
    pixels[:, :200][below[:, :200]] = 40
    (lesion,) = measure_lesions(mask, pixels).lesions
    draft = draft_lexicon(lesion)
    assert draft.posterior.word is PosteriorFeatures.COMBINED
    assert len(draft.posterior.reasons) == 2


def test_every_word_has_its_number_and_the_draft_its_notice() -> None:
    draft = draft_of(ellipse(80, 50))
    for name in ("shape", "orientation", "margin", "echo_pattern", "posterior"):
        descriptor = getattr(draft, name)
        assert descriptor.word is not None
        assert descriptor.reasons
    assert draft.notice == DRAFT_NOTICE
    assert RESEARCH_USE_ONLY in draft.notice
    assert draft.notice.startswith("Draft")
    assert not any("category" in f.name for f in dataclasses.fields(draft))


def test_what_cannot_be_measured_has_no_word() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[10:40] = True  # from side to side, down to the bottom
    draft = draft_of(mask)
    assert draft.shape.word is None
    assert draft.orientation.word is None
    assert draft.posterior.word is None


def drafts(label: LesionClass, wanted: Callable[[Phantom], bool], n: int) -> list[LexiconDraft]:
    """Drafts of the first `n` phantoms of a class that are `wanted`, by their true masks."""
    found = []
    for seed in range(9000, 9200):
        phantom = make_phantom(np.random.default_rng(seed), label, SETTINGS)
        if wanted(phantom):
            found.append(
                draft_lexicon(measure_lesions(phantom.masks[0], phantom.pixels).lesions[0])
            )
        if len(found) == n:
            break
    assert len(found) == n
    return found


def test_cysts_among_phantoms() -> None:
    found = drafts(LesionClass.BENIGN, lambda p: p.lesions[0].kind is LesionKind.CYST, 10)
    words = [(d.echo_pattern.word, d.posterior.word, d.margin.word) for d in found]
    assert sum(w[0] is EchoPattern.ANECHOIC for w in words) >= 7
    assert sum(w[1] is PosteriorFeatures.ENHANCEMENT for w in words) >= 7
    assert sum(w[2] is Margin.CIRCUMSCRIBED for w in words) >= 7
    assert all(d.shape.word in (Shape.OVAL, Shape.ROUND) for d in found)


def test_shadowing_carcinomas_among_phantoms() -> None:
    def ragged_with_shadow(phantom: Phantom) -> bool:
        signs = phantom.lesions[0]
        ragged = signs.margin in (DrawnMargin.SPICULATED, DrawnMargin.IRREGULAR)
        return ragged and signs.through_db <= -10.0

    found = drafts(LesionClass.MALIGNANT, ragged_with_shadow, 10)
    assert sum(d.shape.word is Shape.IRREGULAR for d in found) >= 8
    assert sum(d.margin.word in (Margin.ANGULAR, Margin.SPICULATED) for d in found) >= 8
    assert sum(d.posterior.word is PosteriorFeatures.SHADOWING for d in found) >= 6
    assert all(d.margin.word is not Margin.CIRCUMSCRIBED for d in found)
