"""The whole decision, fitted and cross-fitted on simulated outputs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from simulated_outputs import simulate
from tiny_bundle import make_info

from sonolesion.bundle.decision import apply_decision, joint_probabilities
from sonolesion.bundle.schema import bundle_info_to_json, parse_bundle_info
from sonolesion.calibration import cross_fit, fit_decision, fit_temperature
from sonolesion.errors import InvalidInputError
from sonolesion.metrics import brier_score, expected_calibration_error
from sonolesion.metrics.probability import softmax
from sonolesion.types import LesionClass


def folds_of(held_out, count: int = 5) -> np.ndarray:
    """Folds by group: `simulate` numbers its groups."""
    return np.array([int(g[1:]) % count for g in held_out.groups])


def answer(held_out, temperature, decision):
    prob = joint_probabilities(
        decision.presence, held_out.class_logits, temperature=temperature,
        lesion_peak=held_out.lesion_peak,
    )  # fmt: skip
    return apply_decision(decision, prob)


def test_a_fit_is_what_its_parts_are_and_passes_the_schema() -> None:
    held_out = simulate(300)
    temperature, decision = fit_decision(held_out)
    assert temperature == fit_temperature(held_out.class_logits, held_out.labels)
    assert sum(decision.sets.n) == 300
    assert decision.malignant.sensitivity >= 0.95
    assert decision.unsure.sure_risk <= decision.unsure.max_risk == 0.05
    info = make_info(onnx_sha256="0" * 64, temperature=temperature, decision=decision)
    assert parse_bundle_info(bundle_info_to_json(info), file="b") == info


def test_what_the_fit_states_is_what_applying_it_gives() -> None:
    held_out = simulate(300, seed=2)
    temperature, decision = fit_decision(held_out)
    found = answer(held_out, temperature, decision)
    malignant = held_out.labels == 2
    assert found.malignant_alert[malignant].mean() == decision.malignant.sensitivity
    assert 1 - found.malignant_alert[~malignant].mean() == pytest.approx(
        decision.malignant.specificity
    )
    assert 1 - found.unsure.mean() == pytest.approx(decision.unsure.sure_share)
    wrong = found.predicted != held_out.labels
    assert wrong[~found.unsure].mean() == pytest.approx(decision.unsure.sure_risk)
    for c, label in enumerate(LesionClass):
        covered = found.in_set[held_out.labels == c, c].mean()
        assert covered >= decision.sets.guaranteed(label)


def test_promises_hold_on_new_cases_of_the_same_kind() -> None:
    temperature, decision = fit_decision(simulate(1500, seed=4))
    new = simulate(20_000, seed=5)
    found = answer(new, temperature, decision)
    for c in range(3):
        assert found.in_set[new.labels == c, c].mean() == pytest.approx(0.95, abs=0.03)
    right = found.predicted == new.labels
    assert right[~found.unsure].mean() > right.mean()
    assert right[~found.unsure].mean() == pytest.approx(0.95, abs=0.02)
    assert found.malignant_alert[new.labels == 2].mean() == pytest.approx(0.95, abs=0.03)
    assert expected_calibration_error(new.labels, found.class_prob, n_bins=10) < 0.03


def test_the_outline_helps_where_the_class_head_alone_does_not_know() -> None:
    held_out = simulate(1000, seed=6)
    temperature, _ = fit_decision(held_out)
    found = cross_fit(held_out, folds_of(held_out))
    alone = softmax(held_out.class_logits, temperature=temperature)
    assert brier_score(held_out.labels, found.class_prob) < brier_score(held_out.labels, alone)


def test_cross_fit_answers_each_fold_by_the_others() -> None:
    held_out = simulate(200, seed=7)
    folds = folds_of(held_out)
    found = cross_fit(held_out, folds)
    for fold in range(5):
        here = folds == fold
        expected = answer(held_out.select(here), *fit_decision(held_out.select(~here)))
        for field in dataclasses.fields(found):
            np.testing.assert_array_equal(
                getattr(found, field.name)[here], getattr(expected, field.name)
            )


def test_a_cases_own_label_does_not_touch_its_answer() -> None:
    held_out = simulate(120, seed=8)
    folds = folds_of(held_out)
    labels = held_out.labels.copy()
    labels[folds == 3] = (labels[folds == 3] + 1) % 3
    before = cross_fit(held_out, folds).class_prob
    after = cross_fit(dataclasses.replace(held_out, labels=labels), folds).class_prob
    np.testing.assert_array_equal(before[folds == 3], after[folds == 3])
    assert not np.array_equal(before[folds == 2], after[folds == 2])


def test_the_threshold_shifts_the_answers_not_the_ranking() -> None:
    held_out = simulate(300, seed=9)
    plain, low = (
        answer(held_out, *fit_decision(held_out, presence_threshold=t)) for t in (0.5, 0.2)
    )
    assert (low.predicted > 0).sum() > (plain.predicted > 0).sum()
    order = plain.class_prob[:, 0].argsort()
    assert (np.diff(low.class_prob[order, 0]) >= -1e-12).all()


@pytest.mark.parametrize(
    ("mix", "missing"), [((1, 1, 0), "malignant"), ((1, 0, 1), "benign"), ((1, 0, 0), "benign")]
)
def test_a_missing_lesion_class_is_named_with_all_counts(mix, missing) -> None:
    with pytest.raises(InvalidInputError, match=rf"no {missing} case \(\d+ normal, \d+ benign"):
        fit_decision(simulate(40, mix=mix))


def test_without_normals_there_is_a_decision_that_says_so() -> None:
    held_out = simulate(200, mix=(0.0, 0.6, 0.4))
    temperature, decision = fit_decision(held_out)
    assert not decision.presence.is_fitted
    assert decision.sets.guaranteed(LesionClass.NORMAL) == 0.0
    found = answer(held_out, temperature, decision)
    # normal is a member only where it is the label
    np.testing.assert_array_equal(found.in_set[:, 0], found.predicted == 0)


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        (np.zeros(20, int), "two different"),
        (np.zeros(19, int), "two different"),
        (np.arange(20) / 20, "two different"),
        (np.arange(20) % 2, "'g0' lies in the folds 0 and 1"),
    ],
)
def test_folds_are_checked(folds, words) -> None:
    with pytest.raises(InvalidInputError, match=words):
        cross_fit(simulate(20), folds)
