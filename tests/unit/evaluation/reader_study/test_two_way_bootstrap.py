from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from sonolesion.evaluation.reader_study.two_way_bootstrap import (
    Draws,
    draw,
    over_readers,
    resampled_auc,
    resampled_mean,
    summarise,
)

POSITIVE = np.arange(16) < 6


def test_draws_keep_the_numbers_of_readers_and_of_each_kind() -> None:
    drawn = draw(3, POSITIVE, n_resamples=50, rng=np.random.default_rng(0))
    assert set(drawn.readers.sum(axis=1)) == {3.0}
    assert set(drawn.cases[:, POSITIVE].sum(axis=1)) == {6.0}
    assert set(drawn.cases[:, ~POSITIVE].sum(axis=1)) == {10.0}
    assert len(np.unique(drawn.readers, axis=0)) > 1


def test_one_reader_is_always_the_same() -> None:
    drawn = draw(1, POSITIVE, n_resamples=9, rng=np.random.default_rng(0))
    assert (drawn.readers == 1.0).all()


def test_weighted_area_is_that_of_the_repeated_cases() -> None:
    rng = np.random.default_rng(1)
    scores = np.round(rng.normal(size=(2, 2, 16)) + POSITIVE, 1)
    scores[0, 1, [2, 9]] = np.nan  # a reader who has not read two cases
    drawn = draw(2, POSITIVE, n_resamples=20, rng=rng)
    found = resampled_auc(scores, POSITIVE, drawn)
    for b in range(20):
        times = drawn.cases[b].astype(int)
        for a in range(2):
            for r in range(2):
                known = np.isfinite(scores[a, r])
                repeats = times[known]
                truth, values = (
                    np.repeat(POSITIVE[known], repeats),
                    np.repeat(scores[a, r, known], repeats),
                )
                assert found[b, a, r] == pytest.approx(roc_auc_score(truth, values), abs=1e-12)


def test_means_leave_out_what_is_missing() -> None:
    values = np.array([[[1.0, np.nan, 4.0]]])
    draws = Draws(np.ones((2, 1)), np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]]))
    found = resampled_mean(values, draws)[:, 0, 0]
    assert found[0] == 1.0
    assert np.isnan(found[1])


def test_average_over_the_readers_drawn() -> None:
    draws = Draws(np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]]), np.ones((2, 1)))
    found = over_readers(np.array([[0.6, 0.9, 0.9], [0.5, np.nan, 0.5]]), draws)
    assert found[0] == pytest.approx(0.7)
    assert np.isnan(found[1])


def test_p_counts_the_smaller_side() -> None:
    resampled = np.concatenate([np.full(97, 0.2), np.full(2, -0.1), [np.nan]])
    found = summarise(0.2, resampled, test=True)
    assert found.p == pytest.approx(2 * 3 / 100)
    assert (found.n_resamples, found.n_undefined) == (100, 1)


def test_nothing_defined_has_no_interval() -> None:
    found = summarise(math.nan, np.array([np.nan, np.nan]), test=True)
    assert math.isnan(found.low)
    assert math.isnan(found.p)
