from __future__ import annotations

import numpy as np
from measured_image import SHAPE, make_measured

from sonolesion.imaging import evidence as module
from sonolesion.imaging.evidence import draw_colour_bar, draw_evidence, draw_evidence_panels
from sonolesion.imaging.evidence_caption import caption_evidence, describe_method
from sonolesion.types.explanation import EvidenceFigures, EvidenceShare, Explanation

LESION = EvidenceShare(evidence=0.62, area=0.08, ratio=7.75)
RING = EvidenceShare(evidence=0.25, area=0.18, ratio=0.25 / 0.18)


def make_explanation(
    scale: float = 2.0,
    lesion: EvidenceShare | None = LESION,
    ring: EvidenceShare | None = RING,
) -> Explanation:
    evidence = np.zeros(SHAPE, np.float32)
    evidence[:40] = 1.0
    evidence[200:] = -0.5
    figures = EvidenceFigures("occlusion, 6 x 8 patches of 60 x 56 px", "benign", scale, 48)
    figures = EvidenceFigures(
        figures.method, figures.target, figures.scale, figures.n_runs, lesion, ring
    )
    return Explanation(evidence, figures)


def test_the_map_colours_what_speaks_and_leaves_the_rest() -> None:
    pixels, prediction = make_measured()
    drawn = draw_evidence(pixels, prediction, make_explanation())
    assert drawn.shape == (*SHAPE, 3)
    assert (drawn[:40, :, 0] > drawn[:40, :, 2]).all()
    assert (drawn[200:, :, 0] < drawn[200:, :, 2]).all()
    np.testing.assert_array_equal(drawn[45, 5:30], np.repeat(pixels[45, 5:30, None], 3, axis=1))


def test_the_outline_is_white() -> None:
    pixels, prediction = make_measured()
    drawn = draw_evidence(pixels, prediction, make_explanation())
    assert (drawn == 255).all(axis=2).sum() > 100


def test_a_faint_map_is_drawn_pale() -> None:
    pixels, prediction = make_measured()
    strong = draw_evidence(pixels, prediction, make_explanation(2.0))[20, 5].astype(int)
    faint = draw_evidence(pixels, prediction, make_explanation(0.1))[20, 5].astype(int)
    assert np.ptp(faint) < 0.3 * np.ptp(strong)


def test_the_bar_runs_from_blue_through_grey_to_orange() -> None:
    bar = draw_colour_bar(10, 101)
    assert bar.shape == (10, 101, 3)
    assert bar[0, 0, 2] > bar[0, 0, 0]
    assert bar[0, 50].tolist() == [module.BAR_GREY] * 3
    assert bar[0, 100, 0] > bar[0, 100, 2]


def test_the_picture_holds_both_panels_and_no_name() -> None:
    pixels, prediction = make_measured(source="clinic/Jane Doe.png")
    _, same = make_measured(source="b.png")
    drawn = draw_evidence_panels(pixels, prediction, make_explanation())
    np.testing.assert_array_equal(drawn, draw_evidence_panels(pixels, same, make_explanation()))
    assert drawn.shape[1] == 2 * 28 + 2 * 460 + 20
    assert drawn.shape[0] > 345 + 160
    assert drawn.dtype == np.uint8


def test_an_empty_map_can_be_drawn() -> None:
    pixels, prediction = make_measured(ellipses=())
    explanation = make_explanation(0.0, None, None)
    explanation.evidence[:] = 0.0
    drawn = draw_evidence(pixels, prediction, explanation)
    np.testing.assert_array_equal(drawn, np.repeat(pixels[..., None], 3, axis=2))
    assert draw_evidence_panels(pixels, prediction, explanation).size


def test_the_caption_gives_share_area_and_chance() -> None:
    figures = make_explanation().figures
    assert caption_evidence(figures) == (
        "62% of what speaks for benign lies inside the outline, which takes 8% of the image (7.8 "
        "times chance); another 25% in a ring around it (18% of the image)."
    )
    assert describe_method(figures) == ("Occlusion, 6 x 8 patches of 60 x 56 px, 48 network runs.")


def test_the_caption_says_when_the_map_says_little() -> None:
    faint = caption_evidence(make_explanation(0.3, None, None).figures)
    assert faint == (
        "The strongest place moves the log-odds by 0.30 only: the answer hardly rests on any one "
        "place. Nothing is outlined that evidence could lie on."
    )
    assert caption_evidence(make_explanation(ring=None).figures).endswith("(7.8 times chance).")
