from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiny_bundle import make_info
from tiny_decision import make_decision

from sonolesion.bundle.decision import ClassSets
from sonolesion.inference.postprocess import (
    answer_class,
    describe_conflict,
    measure_coverage,
    outline_lesion,
    threshold_mask,
)
from sonolesion.metrics.probability import softmax
from sonolesion.types import LesionClass

MAPS = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(0, 1, width=32)
)
LOGITS = st.lists(st.floats(-50, 50), min_size=3, max_size=3).map(np.array)


def test_threshold_is_inclusive() -> None:
    prob = np.array([[0.1, 0.3, 0.30001]], np.float32)
    # .3 as float32 is above .3 as float64: the threshold is rounded the same way
    assert threshold_mask(prob, 0.3).tolist() == [[False, True, True]]


def test_coverage_of_empty_and_full() -> None:
    assert measure_coverage(np.zeros((0, 4), np.bool_)) == 0.0
    assert measure_coverage(np.ones((2, 3), np.bool_)) == 1.0


@pytest.mark.parametrize(
    ("label", "coverage", "remarks"),
    [
        (LesionClass.NORMAL, 0.0, 0),
        (LesionClass.NORMAL, 0.01, 1),
        (LesionClass.BENIGN, 0.0, 1),
        (LesionClass.MALIGNANT, 0.2, 0),
    ],
)
def test_conflicts(label: LesionClass, coverage: float, remarks: int) -> None:
    assert len(describe_conflict(label, coverage)) == remarks


def test_a_conflict_says_what_each_said() -> None:
    (empty,) = describe_conflict(LesionClass.MALIGNANT, 0.0)
    assert empty == (
        "outline and class disagreed: the class alone was malignant, the outline alone marked "
        "nothing"
    )


@given(MAPS, st.floats(0.01, 0.99), st.booleans())
def test_the_mask_is_empty_exactly_without_a_lesion(
    lesion_prob: np.ndarray, threshold: float, has_lesion: bool
) -> None:
    mask = outline_lesion(lesion_prob, threshold, has_lesion=has_lesion)
    assert mask.shape == lesion_prob.shape
    assert mask.any() == has_lesion
    if has_lesion and lesion_prob.max() >= np.float32(threshold):
        np.testing.assert_array_equal(mask, threshold_mask(lesion_prob, threshold))


def test_half_of_the_maximum_is_inside_the_outline() -> None:
    lesion_prob = np.array([[0.09, 0.1, 0.2, 0.15]], np.float32)
    assert outline_lesion(lesion_prob, 0.5, has_lesion=True).tolist() == [[False, True, True, True]]


def test_a_map_without_pixels_has_no_outline() -> None:
    assert outline_lesion(np.zeros((0, 3), np.float32), 0.5, has_lesion=True).shape == (0, 3)


@given(LOGITS, st.floats(0, 1))
def test_an_answer_agrees_with_itself(logits: np.ndarray, peak: float) -> None:
    info = make_info(decision=make_decision(), temperature=1.3)
    answer = answer_class(info, class_logits=logits, lesion_peak=peak)
    assert answer.label is list(LesionClass)[int(answer.class_prob.argmax())]
    assert answer.class_prob.sum() == pytest.approx(1.0)
    assert answer.label in answer.prediction_set
    assert bool(answer.notes) == answer.unsure
    if len(answer.prediction_set) > 1:
        assert answer.unsure


@given(LOGITS, st.floats(0, 1))
def test_without_a_decision_the_class_head_stands(logits: np.ndarray, peak: float) -> None:
    answer = answer_class(make_info(temperature=1.3), class_logits=logits, lesion_peak=peak)
    np.testing.assert_array_equal(answer.class_prob, softmax(logits, temperature=1.3))
    assert (answer.prediction_set, answer.unsure, answer.notes) == ((), False, ())


def test_each_doubt_has_its_words() -> None:
    decision = make_decision()
    strict = dataclasses.replace(
        decision, sets=ClassSets(coverage=0.95, min_prob=(0.99, 0.99, 0.99), n=(20, 20, 20))
    )

    def notes(z: list[float], of: object = decision) -> tuple[str, ...]:
        info = make_info(decision=of)
        return answer_class(info, class_logits=np.log(z), lesion_peak=0.5).notes

    assert notes([0.1, 0.55, 0.35]) == ("unsure, have it read: could be benign or malignant",)
    assert notes([0.21, 0.58, 0.21]) == ("unsure, have it read: confidence too low",)
    assert notes([0.05, 0.9, 0.05], strict) == (
        "unsure, have it read: the image is unlike the held-out ones of every class",
    )
