"""Maps of networks whose answers can be worked out by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_bundle import SIZE_PX, make_info, speckle_image
from tiny_decision import make_decision

from sonolesion.bundle import Bundle
from sonolesion.errors import InvalidInputError
from sonolesion.inference import Predictor
from sonolesion.inference.explain import BATCH, explain_image, locate_evidence
from sonolesion.inference.occlusion import MAX_PATCHES
from sonolesion.inference.runtime import NetworkOutput
from sonolesion.types import LesionClass, Prediction, ScanArea, UltrasoundImage

Run = Callable[[NDArray[np.float32]], NetworkOutput]
INFO = make_info()
DARK = 0.25


def make_run(gain: float, sizes: list[int] | None = None) -> Run:
    """A network that says benign by the share of dark pixels, and outlines nothing."""

    def run(batch: NDArray[np.float32]) -> NetworkOutput:
        if sizes is not None:
            sizes.append(len(batch))
        dark = ((batch > 0.01) & (batch < DARK)).mean(axis=(1, 2, 3))
        logits = np.zeros((len(batch), 3), np.float32)
        logits[:, 1] = gain * dark
        return NetworkOutput(np.full((len(batch), SIZE_PX, SIZE_PX), -4.0, np.float32), logits)

    return run


def make_case(
    centre: tuple[int, int] = (40, 110), radius_px: int = 16
) -> tuple[UltrasoundImage, NDArray[np.bool_]]:
    """Bright speckle of 128 x 160 px and one dark disc."""
    pixels = speckle_image(128, 160, radius_px=0)
    rows, cols = np.ogrid[:128, :160]
    mask = (rows - centre[0]) ** 2 + (cols - centre[1]) ** 2 < radius_px**2
    pixels[mask] = 20
    return UltrasoundImage(pixels), np.asarray(mask)


def answer(
    mask: NDArray[np.bool_], prob: tuple[float, float, float], label: LesionClass
) -> Prediction:
    return Prediction(
        source="a",
        label=label,
        class_prob=np.array(prob),
        lesion_prob=mask.astype(np.float32),
        mask=mask,
        mask_coverage=float(mask.mean()),
        bundle=INFO.label,
        seconds=0.0,
    )


def predict(image: UltrasoundImage, mask: NDArray[np.bool_], run: Run) -> Prediction:
    """What the made-up network says of the whole image, by hand: softmax of (0, x, 0)."""
    from sonolesion.imaging.geometry import image_to_square, plan_fit

    square = image_to_square(image.pixels, plan_fit(*image.pixels.shape, SIZE_PX, INFO.resize))
    logit = float(run(square[None, None].astype(np.float32) / 255).class_logits[0, 1])
    benign = np.exp(logit) / (np.exp(logit) + 2.0)
    return answer(mask, ((1 - benign) / 2, benign, (1 - benign) / 2), LesionClass.BENIGN)


def test_the_map_points_at_what_the_network_looks_at() -> None:
    image, mask = make_case()
    run = make_run(60.0)
    found = explain_image(image, predict(image, mask, run), info=INFO, run=run)
    row, col = np.unravel_index(int(found.evidence.argmax()), found.evidence.shape)
    assert np.hypot(row - 40, col - 110) < 16
    assert found.evidence.shape == image.pixels.shape
    assert found.evidence.dtype == np.float32
    assert found.evidence.max() == 1.0
    assert np.abs(found.evidence[90:, :60]).max() < 0.05, "far away nothing is dark"
    lesion, ring = found.figures.lesion, found.figures.ring
    assert lesion is not None
    assert ring is not None
    assert lesion.area == pytest.approx(mask.mean())
    assert lesion.ratio == pytest.approx(lesion.evidence / lesion.area)
    assert lesion.ratio > 5.0
    assert lesion.evidence + ring.evidence > 0.7


def test_the_scale_is_what_a_cover_takes_away() -> None:
    """Covering the whole disc takes all dark pixels away, so the log-odds fall by their logit.

    The log-odds of benign are logit - ln 2; the map, a mean over overlapping patches, reaches
    most of it.
    """
    image, mask = make_case()
    run = make_run(60.0)
    prediction = predict(image, mask, run)
    benign = float(prediction.class_prob[1])
    logit = np.log(benign / (1 - benign)) + np.log(2.0)
    figures = explain_image(image, prediction, info=INFO, run=run).figures
    assert 0.6 * logit < figures.scale <= 1.02 * logit


def test_a_constant_network_gives_an_empty_map() -> None:
    image, mask = make_case()
    run = make_run(0.0)
    found = explain_image(
        image, answer(mask, (1 / 3, 1 / 3, 1 / 3), LesionClass.BENIGN), info=INFO, run=run
    )
    assert not found.evidence.any()
    assert found.figures.scale == 0.0
    assert found.figures.lesion is found.figures.ring is None


def test_another_target_sees_the_same_from_the_other_side() -> None:
    """Against normal speaks what speaks for benign; for malignant likewise, by symmetry."""
    image, mask = make_case()
    run = make_run(60.0)
    prediction = predict(image, mask, run)
    normal = explain_image(image, prediction, info=INFO, run=run, target=LesionClass.NORMAL)
    assert normal.figures.target == "normal"
    row, col = np.unravel_index(int(normal.evidence.argmin()), normal.evidence.shape)
    assert normal.evidence.min() == -1.0
    assert np.hypot(row - 40, col - 110) < 16


def test_an_image_without_an_outline_has_no_shares() -> None:
    image, _ = make_case()
    run = make_run(-60.0)
    nothing = np.zeros(image.pixels.shape, np.bool_)
    found = explain_image(image, predict(image, nothing, run), info=INFO, run=run)
    assert found.figures.scale > 0.0
    assert found.figures.lesion is None


def test_it_takes_few_runs_in_batches_of_one_size() -> None:
    image, mask = make_case()
    sizes: list[int] = []
    prediction = predict(image, mask, make_run(60.0))
    found = explain_image(image, prediction, info=INFO, run=make_run(60.0, sizes))
    assert sum(sizes) == found.figures.n_runs <= MAX_PATCHES
    assert set(sizes[:-1]) == {BATCH}


def test_only_the_scan_area_is_covered_and_the_map_lies_where_it_was() -> None:
    image, mask = make_case()
    frame = np.full((200, 300), 255, np.uint8)
    frame[30:158, 70:230] = image.pixels
    area = ScanArea(top_px=30, left_px=70, height_px=128, width_px=160)
    whole = np.zeros(frame.shape, np.bool_)
    whole[30:158, 70:230] = mask
    run = make_run(60.0)
    alone = predict(image, mask, run)
    inside = dataclasses.replace(alone, mask=whole, lesion_prob=whole.astype(np.float32))
    expected = explain_image(image, alone, info=INFO, run=run)
    found = explain_image(UltrasoundImage(frame, area=area), inside, info=INFO, run=run)
    np.testing.assert_array_equal(found.evidence[30:158, 70:230], expected.evidence)
    assert np.count_nonzero(found.evidence) == np.count_nonzero(expected.evidence)
    assert found.figures == expected.figures


@pytest.mark.parametrize("change", [{"bundle": "other 1.0"}, {"mask": np.zeros((5, 5), np.bool_)}])
def test_a_prediction_of_something_else_is_refused(change: dict[str, object]) -> None:
    image, mask = make_case()
    prediction = answer(mask, (0.2, 0.6, 0.2), LesionClass.BENIGN)
    with pytest.raises(InvalidInputError, match="explain: the prediction is of bundle"):
        explain_image(
            image,
            dataclasses.replace(prediction, **change),  # type: ignore[arg-type]
            info=INFO,
            run=make_run(1.0),
        )


def test_shares_by_hand() -> None:
    evidence = np.array([[4.0, -9.0, 0.0, 0.0], [0.0, 2.0, 0.0, 2.0]], np.float32)
    mask = np.array([[True, True, False, False], [False, False, False, False]])
    inside, ring = locate_evidence(evidence, mask, ring_px=1.0)
    assert inside is not None
    assert ring is not None
    assert (inside.evidence, inside.area, inside.ratio) == (0.5, 0.25, 2.0)
    # within 1 px of the mask: (0, 2), (1, 0), (1, 1)
    assert (ring.evidence, ring.area) == (0.25, 0.375)


def test_shares_where_there_is_nothing_to_share() -> None:
    ones = np.ones((4, 4), np.float32)
    everything = np.ones((4, 4), np.bool_)
    assert locate_evidence(ones, ~everything, ring_px=1.0) == (None, None)
    assert locate_evidence(-ones, everything, ring_px=1.0) == (None, None)
    inside, ring = locate_evidence(ones, everything, ring_px=1.0)
    assert inside is not None
    assert inside.ratio == 1.0
    assert ring is None


def test_the_predictor_explains_its_own_answer(tiny_bundle: Bundle) -> None:
    predictor = Predictor(tiny_bundle, threads=1)
    pixels = speckle_image(128, 160, radius_px=25)
    prediction = predictor.predict(pixels)
    found = predictor.explain(pixels, prediction)
    assert found.figures.target == "benign"
    lesion = found.figures.lesion
    assert lesion is not None
    assert lesion.ratio > 2.0
    again = predictor.explain(pixels)
    np.testing.assert_array_equal(found.evidence, again.evidence)
    assert again.figures == found.figures


def test_the_decision_is_part_of_what_is_explained() -> None:
    """With a decision that looks at the map's peak, a network of constant classes has a map."""
    info = make_info(decision=make_decision())
    image, mask = make_case((32, 110), radius_px=9)

    def run(batch: NDArray[np.float32]) -> NetworkOutput:
        is_dark = (batch[:, 0] > 0.01) & (batch[:, 0] < 0.1)
        logits = np.tile(np.array([0.0, 1.0, 0.0], np.float32), (len(batch), 1))
        return NetworkOutput(np.where(is_dark, 3.0, -3.0).astype(np.float32), logits)

    # by hand: u = ln(e + 1) + logit(peak), the peak sigmoid(3) and, once covered, sigmoid(-3)
    class_part = np.log(np.e + 1.0)
    prediction = answer(mask, _share_lesion(class_part + 3.0), LesionClass.BENIGN)
    found = explain_image(image, prediction, info=info, run=run, target=LesionClass.NORMAL)
    before, after = (-np.log(sum(np.exp(_types(class_part + peak)))) for peak in (3.0, -3.0))
    assert 0.6 * (after - before) < found.figures.scale <= 1.02 * (after - before)
    row, col = np.unravel_index(int(found.evidence.argmin()), found.evidence.shape)
    assert found.evidence.min() == -1.0
    assert np.hypot(row - 32, col - 110) < 12


def _types(u: float) -> tuple[float, float]:
    """Scores of benign and malignant against 0 of normal; the class logits are 1 and 0."""
    total = np.log(np.e + 1.0)
    return u + 1.0 - total, u - total


def _share_lesion(u: float) -> tuple[float, float, float]:
    scores = np.exp([0.0, *_types(u)])
    normal, benign, malignant = scores / scores.sum()
    return float(normal), float(benign), float(malignant)
