"""The joint answer: worked out by hand, and what holds for any network and any decision."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_decision import make_decision

from sonolesion.bundle.decision import (
    ClassSets,
    Presence,
    apply_decision,
    conformal_rank,
    joint_probabilities,
    measure_peak,
    presence_features,
)
from sonolesion.types import LesionClass

DECISION = make_decision()
LOGITS = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3)
PEAKS = st.floats(0.0, 1.0)


@st.composite
def presences(draw: st.DrawFn) -> Presence:
    return Presence(
        intercept=draw(st.floats(-20, 20)),
        class_weight=draw(st.floats(0, 20)),
        peak_weight=draw(st.floats(0, 20)),
        threshold=draw(st.floats(0.01, 0.99)),
        n_lesion=1,
        n_normal=1,
    )


def joint(presence: Presence, logits: list[float], peak: float, temperature: float = 1.0):
    return joint_probabilities(
        presence, np.array([logits]), temperature=temperature, lesion_peak=np.array([peak])
    )[0]


def test_by_hand() -> None:
    # z = (ln 2, ln 6, ln 2): a = ln(8 / 2) = ln 4; peak .2: b = ln(.2 / .8) = -ln 4; u = 0.
    # P(lesion) = 1/2, shared 6 : 2.
    logits = [math.log(2), math.log(6), math.log(2)]
    found = joint(DECISION.presence, logits, 0.2)
    np.testing.assert_allclose(found, [0.5, 0.375, 0.125])
    # a threshold of .2 multiplies the odds of a lesion by 4: 4 to 1
    lower = dataclasses.replace(DECISION.presence, threshold=0.2)
    np.testing.assert_allclose(joint(lower, logits, 0.2), [0.2, 0.6, 0.2])
    # twice the logits at temperature 2 are the same
    np.testing.assert_allclose(joint(lower, [2 * z for z in logits], 0.2, 2.0), [0.2, 0.6, 0.2])


def test_features_by_hand() -> None:
    logits = np.array([[1.0, 1.0, -800.0], [0.0, 0.0, 0.0]])
    found = presence_features(logits, temperature=0.5, lesion_peak=np.array([0.0, 1.0]))
    end = math.log(1e-4 / (1 - 1e-4))
    np.testing.assert_allclose(found, [[0.0, end], [math.log(2), -end]], rtol=1e-9, atol=1e-12)


@given(presences(), LOGITS, PEAKS, st.floats(0.05, 20))
def test_probabilities_sum_to_one_and_the_label_is_their_argmax(
    presence: Presence, logits: list[float], peak: float, temperature: float
) -> None:
    prob = joint(presence, logits, peak, temperature)
    assert np.isfinite(prob).all()
    assert prob.min() >= 0
    assert prob.sum() == pytest.approx(1.0)
    answer = apply_decision(dataclasses.replace(DECISION, presence=presence), prob[None])
    assert answer.predicted[0] == answer.class_prob[0].argmax()
    assert answer.in_set[0, answer.predicted[0]]


@given(presences(), LOGITS, PEAKS)
def test_benign_and_malignant_share_as_the_class_head_says(
    presence: Presence, logits: list[float], peak: float
) -> None:
    _, benign, malignant = joint(presence, logits, peak)
    share = 1 / (1 + math.exp(np.clip(logits[2] - logits[1], -700, 700)))
    assert benign == pytest.approx(share * (benign + malignant), abs=1e-9)


@given(presences(), LOGITS, st.lists(PEAKS, min_size=2, max_size=2).map(sorted))
def test_a_higher_peak_never_makes_a_lesion_less_likely(
    presence: Presence, logits: list[float], peaks: list[float]
) -> None:
    low, high = (joint(presence, logits, peak) for peak in peaks)
    assert high[0] <= low[0] + 1e-12
    assert (high[1:] >= low[1:] - 1e-12).all()


@given(st.lists(st.lists(st.floats(1e-6, 1), min_size=3, max_size=3), min_size=1, max_size=9))
def test_a_set_is_never_empty_and_sure_means_only_the_label(raw: list[list[float]]) -> None:
    prob = np.array(raw) / np.sum(raw, axis=1, keepdims=True)
    answer = apply_decision(DECISION, prob)
    size = answer.in_set.sum(axis=1)
    assert (size >= 1).all()
    assert answer.in_set[np.arange(len(prob)), answer.predicted].all()
    assert (size[~answer.unsure] == 1).all()
    assert (prob.max(axis=1)[~answer.unsure] >= 0.6).all()
    assert answer.unsure[answer.is_untypical].all()


@pytest.mark.parametrize(
    ("prob", "in_set", "unsure", "untypical", "alert"),
    [
        ((0.05, 0.90, 0.05), (False, True, False), False, False, False),
        ((0.05, 0.59, 0.36), (False, True, True), True, False, True),  # could be either
        ((0.39, 0.37, 0.24), (True, True, False), True, False, False),  # the label joins its set
        ((0.39, 0.34, 0.27), (True, False, True), True, False, False),
        ((0.05, 0.10, 0.85), (False, False, True), False, False, True),
        ((0.58, 0.21, 0.21), (True, False, False), True, False, False),  # confidence below .6
    ],
)
def test_sets_by_hand(prob, in_set, unsure, untypical, alert) -> None:
    answer = apply_decision(DECISION, np.array([prob]))
    assert tuple(answer.in_set[0]) == in_set
    assert (answer.unsure[0], answer.is_untypical[0]) == (unsure, untypical)
    assert answer.malignant_alert[0] == alert


def test_an_image_unlike_any_class_gets_its_label_and_is_unsure() -> None:
    sets = ClassSets(coverage=0.95, min_prob=(0.95, 0.95, 0.95), n=(20, 20, 20))
    answer = apply_decision(
        dataclasses.replace(DECISION, sets=sets), np.array([[0.04, 0.90, 0.06]])
    )
    assert tuple(answer.in_set[0]) == (False, True, False)
    assert answer.is_untypical[0]
    assert answer.unsure[0]


def test_a_class_never_held_out_is_in_no_set_but_as_the_label() -> None:
    sets = ClassSets(coverage=0.95, min_prob=(0.0, 0.3, 0.3), n=(0, 20, 20))
    decision = dataclasses.replace(DECISION, sets=sets)
    answer = apply_decision(decision, np.array([[0.3, 0.7, 0.0], [0.7, 0.3, 0.0]]))
    assert answer.in_set.tolist() == [[False, True, False], [True, True, False]]
    assert sets.guaranteed(LesionClass.NORMAL) == 0.0


@pytest.mark.parametrize(
    ("n", "rank", "guaranteed"),
    [(1, 1, 1 / 2), (13, 1, 13 / 14), (19, 1, 0.95), (39, 2, 0.95), (133, 6, 128 / 134)],
)
def test_the_guarantee_of_a_class(n: int, rank: int, guaranteed: float) -> None:
    sets = ClassSets(coverage=0.95, min_prob=(0.1, 0.1, 0.1), n=(n, 1, 1))
    assert conformal_rank(n, 0.95) == sets.rank(LesionClass.NORMAL) == rank
    assert sets.guaranteed(LesionClass.NORMAL) == pytest.approx(guaranteed)


def test_the_peak_is_the_mean_of_the_highest_thousandth() -> None:
    prob = np.zeros((64, 64), np.float32)  # 4096 pixels: the highest 4
    prob.flat[:5] = [1.0, 0.9, 0.8, 0.7, 0.6]
    assert measure_peak(prob) == pytest.approx(0.85)
    assert measure_peak(np.full((3, 3), 0.25, np.float32)) == 0.25
    assert measure_peak(np.zeros((0, 3), np.float32)) == 0.0
