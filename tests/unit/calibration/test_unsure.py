from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonolesion.bundle.decision import ClassSets
from sonolesion.calibration import fit_unsure
from sonolesion.calibration.unsure import trace_risk
from sonolesion.errors import InvalidInputError

ALONE = ClassSets(coverage=0.95, min_prob=(0.5, 0.5, 0.5), n=(20, 20, 20))
"""Every answer above one half is the only member of its set."""


def answers(confidence: list[float]) -> np.ndarray:
    """Benign with the given confidence, the rest normal."""
    benign = np.array(confidence)
    return np.stack([1 - benign, benign, np.zeros(len(benign))], axis=1)


def test_the_lowest_confidence_with_a_risk_small_enough() -> None:
    # wrong at .9 and .6: from the top the risk is 0, 1/2, 1/3, 1/4, 1/5, 2/6
    prob = answers([0.95, 0.9, 0.85, 0.8, 0.7, 0.6])
    labels = np.array([1, 0, 1, 1, 1, 0])
    rule = fit_unsure(prob, labels, sets=ALONE, max_risk=0.25)
    assert rule.min_confidence == 0.7
    assert (rule.sure_share, rule.sure_risk) == (5 / 6, pytest.approx(0.2))
    assert fit_unsure(prob, labels, sets=ALONE, max_risk=0.0).min_confidence == 0.95
    assert fit_unsure(prob, labels, sets=ALONE, max_risk=0.4).min_confidence == 0.5


def test_where_even_the_most_confident_is_wrong_nothing_is_sure() -> None:
    rule = fit_unsure(answers([0.9, 0.8]), np.array([0, 0]), sets=ALONE)
    assert (rule.min_confidence, rule.sure_share, rule.sure_risk) == (1.0, 0.0, 0.0)


def test_answers_with_a_larger_set_are_not_counted_as_sure() -> None:
    # normal is in every set: no answer can be sure, whatever its confidence
    sets = ClassSets(coverage=0.95, min_prob=(0.0, 0.5, 0.5), n=(20, 20, 20))
    rule = fit_unsure(answers([0.99, 0.98]), np.array([1, 1]), sets=sets)
    assert rule.sure_share == 0.0
    assert rule.curve[-1].risk == 0.0


def test_the_curve_by_hand() -> None:
    confidence = np.arange(40, 0, -1) / 41
    is_wrong = np.arange(40) >= 30  # the ten least confident
    curve = trace_risk(confidence, is_wrong)
    assert len(curve) == 20
    assert [p.coverage for p in curve] == pytest.approx([k / 20 for k in range(1, 21)])
    assert [p.risk for p in curve[:15]] == [0.0] * 15
    assert curve[-1].risk == 0.25
    assert curve[9].min_confidence == confidence[19]


@given(st.lists(st.tuples(st.sampled_from([0.5, 0.6, 0.8, 1.0]), st.booleans()), min_size=1))
def test_the_curve_ends_with_all_cases_and_its_points_are_true(cases) -> None:
    confidence, is_wrong = (np.array(column) for column in zip(*cases, strict=True))
    curve = trace_risk(confidence.astype(float), is_wrong.astype(bool))
    assert (curve[-1].coverage, curve[-1].risk) == (1.0, is_wrong.mean())
    assert [p.coverage for p in curve] == sorted({p.coverage for p in curve})
    for point in curve:
        kept = confidence >= point.min_confidence
        assert (point.coverage, point.risk) == (kept.mean(), is_wrong[kept].mean())


@pytest.mark.parametrize(
    ("prob", "labels", "max_risk"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), 0.05),
        (np.zeros((2, 3)), np.zeros(3, int), 0.05),
        (answers([0.9]), np.array([1]), 1.5),
    ],
)
def test_bad_input_is_refused(prob, labels, max_risk) -> None:
    with pytest.raises(InvalidInputError):
        fit_unsure(prob, labels, sets=ALONE, max_risk=max_risk)
