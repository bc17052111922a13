from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import minimize
from simulated_outputs import simulate

from sonolesion.bundle.decision import joint_probabilities, presence_features
from sonolesion.calibration import HeldOut, fit_presence, join_held_out
from sonolesion.calibration.presence import RIDGE
from sonolesion.errors import InvalidInputError
from sonolesion.metrics.probability import softmax


def test_agrees_with_a_general_minimiser() -> None:
    held_out = simulate(500)
    found = fit_presence(held_out, temperature=2.0)
    features = presence_features(
        held_out.class_logits, temperature=2.0, lesion_peak=held_out.lesion_peak
    )
    is_lesion, spread = held_out.labels > 0, features.std(axis=0)

    def loss(w: np.ndarray) -> float:
        log_odds = w[0] + features @ w[1:]
        costs = np.log1p(np.exp(np.where(is_lesion, -log_odds, log_odds))).sum()
        return float(costs + 0.5 * RIDGE * (((w[1:] - [1.0, 0.0]) * spread) ** 2).sum())

    bounds = [(None, None), (0, None), (0, None)]
    best = minimize(loss, [0.0, 1.0, 0.0], bounds=bounds, options={"ftol": 1e-14}).x
    weights = (found.intercept, found.class_weight, found.peak_weight)
    np.testing.assert_allclose(weights, best, atol=1e-3)
    assert loss(np.array(weights)) <= loss(best) + 1e-9
    assert (found.n_lesion, found.n_normal) == (is_lesion.sum(), (~is_lesion).sum())
    assert found.is_fitted


def test_few_cases_stay_near_the_class_heads_own_answer() -> None:
    few, many = (fit_presence(simulate(n, seed=2), temperature=2.0) for n in (12, 2000))
    assert few.class_weight == pytest.approx(1.0, abs=0.25)
    assert few.peak_weight < 0.5 * many.peak_weight


def test_mean_probability_is_the_share_of_lesions() -> None:
    held_out = simulate(400, seed=3)
    presence = fit_presence(held_out, temperature=1.7)
    prob = joint_probabilities(
        presence, held_out.class_logits, temperature=1.7, lesion_peak=held_out.lesion_peak
    )
    assert 1 - prob[:, 0].mean() == pytest.approx((held_out.labels > 0).mean(), abs=1e-6)


def test_a_peak_that_points_the_wrong_way_gets_no_weight() -> None:
    held_out = simulate(400, seed=1)
    upside_down = dataclasses.replace(held_out, lesion_peak=1 - held_out.lesion_peak)
    found = fit_presence(upside_down, temperature=2.0)
    assert found.peak_weight == 0.0
    assert found.class_weight > 0
    # and the rest is fitted as if the peak were not there
    flat = dataclasses.replace(held_out, lesion_peak=np.full(400, 0.5))
    without = fit_presence(flat, temperature=2.0)
    assert found.class_weight == pytest.approx(without.class_weight, abs=1e-6)


def test_everything_pointing_the_wrong_way_leaves_the_share() -> None:
    held_out = simulate(200, seed=1)
    odd = dataclasses.replace(
        held_out, lesion_peak=1 - held_out.lesion_peak, class_logits=-held_out.class_logits
    )
    found = fit_presence(odd, temperature=1.0)
    share = (held_out.labels > 0).mean()
    assert (found.class_weight, found.peak_weight) == (0.0, 0.0)
    assert found.intercept == pytest.approx(np.log(share / (1 - share)))


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_separable_and_lopsided_data_stay_finite(scale: float) -> None:
    count = 500
    labels = np.r_[0, np.resize([1, 2], count - 1)]
    logits = np.where(np.arange(3) == labels[:, None], scale, -scale)
    held_out = HeldOut(logits, np.where(labels > 0, 1.0, 0.0), labels, np.arange(count).astype(str))
    found = fit_presence(held_out, temperature=0.05)
    prob = joint_probabilities(found, logits, temperature=0.05, lesion_peak=held_out.lesion_peak)
    assert np.isfinite(prob).all()
    assert (prob.argmax(axis=1) == labels).all()


def test_without_normals_the_class_heads_own_probabilities_stand() -> None:
    held_out = simulate(100, mix=(0.0, 0.6, 0.4))
    found = fit_presence(held_out, temperature=1.5)
    assert not found.is_fitted
    prob = joint_probabilities(
        found, held_out.class_logits, temperature=1.5, lesion_peak=held_out.lesion_peak
    )
    np.testing.assert_allclose(prob, softmax(held_out.class_logits, temperature=1.5), atol=1e-12)


def test_a_set_without_normals_does_not_say_how_often_there_is_a_lesion() -> None:
    mixed, lesions_only = simulate(200, seed=2), simulate(900, seed=3, mix=(0.0, 0.7, 0.3))
    named = [
        dataclasses.replace(part, datasets=np.full(len(part.labels), name))
        for part, name in ((mixed, "with_normals"), (lesions_only, "lesions_only"))
    ]
    alone = fit_presence(mixed, temperature=2.0)
    assert fit_presence(join_held_out(named), temperature=2.0) == alone
    # where nothing says which set a case is of, all are looked at
    together = fit_presence(join_held_out([mixed, lesions_only]), temperature=2.0)
    assert together.n_lesion == alone.n_lesion + 900
    assert together.intercept != alone.intercept


def test_a_lower_threshold_says_lesion_more_often() -> None:
    held_out = simulate(300)
    said = []
    for threshold in (0.2, 0.5, 0.8):
        presence = fit_presence(held_out, temperature=2.0, threshold=threshold)
        prob = joint_probabilities(
            presence, held_out.class_logits, temperature=2.0, lesion_peak=held_out.lesion_peak
        )
        said.append(int((prob.argmax(axis=1) > 0).sum()))
    assert said[0] > said[1] > said[2]


def test_what_cannot_be_fitted_is_refused() -> None:
    normals = simulate(20, mix=(1.0, 0.0, 0.0))
    with pytest.raises(InvalidInputError, match=r"no lesion \(20 normal\)"):
        fit_presence(normals, temperature=1.0)
    with pytest.raises(InvalidInputError, match="threshold"):
        fit_presence(simulate(20), temperature=1.0, threshold=1.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": np.zeros(0, np.int64)}, "N >= 1"),
        ({"lesion_peak": np.zeros(3)}, r"peaks \(N,\)"),
        ({"lesion_peak": np.full(4, 1.5)}, "lesion_peak"),
        ({"lesion_peak": np.full(4, np.nan)}, "lesion_peak"),
        ({"class_logits": np.full((4, 3), np.inf)}, "class_logits"),
        ({"class_logits": np.zeros((4, 2))}, r"logits \(N, 3\)"),
        ({"labels": np.full(4, 3)}, "labels"),
        ({"labels": np.zeros(4)}, "labels"),
        ({"datasets": np.zeros(3, np.str_)}, r"datasets: expected \(4,\)"),
    ],
)
def test_held_out_outputs_are_checked(changes, words) -> None:
    with pytest.raises(InvalidInputError, match=words):
        dataclasses.replace(simulate(4), **changes)
