"""Bootstrap over groups and the Wilson interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from sonolesion.errors import InvalidInputError
from sonolesion.metrics import bootstrap_interval, bootstrap_mean, roc_auc, wilson_interval


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def mean_of(values: np.ndarray):
    return lambda cases: float(values[cases].mean())


def test_the_fast_mean_is_the_slow_mean() -> None:
    values, groups = rng(1).random(50), rng(2).integers(0, 20, 50)
    fast = bootstrap_mean(values, groups, rng=rng(3), n_resamples=300)
    slow = bootstrap_interval(mean_of(values), groups, rng=rng(3), n_resamples=300)
    assert fast.low == pytest.approx(slow.low, abs=1e-12)
    assert fast.high == pytest.approx(slow.high, abs=1e-12)
    assert fast.value == slow.value == pytest.approx(values.mean())
    assert (fast.n_cases, fast.n_groups) == (50, len(np.unique(groups)))
    assert (fast.n_resamples, fast.n_undefined) == (300, 0)


def test_work_in_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    values, groups = rng(1).random(30), [f"patient {i // 2}" for i in range(30)]
    whole = bootstrap_mean(values, groups, rng=rng(4), n_resamples=100)
    monkeypatch.setattr("sonolesion.metrics.resampling._BLOCK_ENTRIES", 50)
    assert bootstrap_mean(values, groups, rng=rng(4), n_resamples=100) == whole


def test_groups_are_drawn_whole() -> None:
    groups = np.array([7, 3, 7, 9, 3, 3])
    seen: list[np.ndarray] = []

    def watch(cases: np.ndarray) -> float:
        seen.append(cases)
        return float(len(cases))

    bootstrap_interval(watch, groups, rng=rng(), n_resamples=50)
    assert seen[0].tolist() == [0, 1, 2, 3, 4, 5]  # the value itself: every case once
    for cases in seen[1:]:
        times = np.bincount(cases, minlength=6)
        assert times[0] == times[2]
        assert times[1] == times[4] == times[5]
        assert times[0] + times[1] + times[3] == 3  # three draws of three groups
    assert len({len(cases) for cases in seen}) > 1  # the number of cases varies with the groups


def test_interval_of_single_cases_agrees_with_theory() -> None:
    values = rng(5).normal(0.0, 1.0, 400)
    interval = bootstrap_mean(values, np.arange(400), rng=rng(6), n_resamples=4000)
    half = 1.96 * values.std() / 20.0
    assert interval.low == pytest.approx(values.mean() - half, abs=0.01)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.01)


def test_copies_in_one_group_do_not_narrow_the_interval() -> None:
    values = rng(7).random(60)
    single = bootstrap_mean(values, np.arange(60), rng=rng(8))
    copied = bootstrap_mean(np.repeat(values, 5), np.repeat(np.arange(60), 5), rng=rng(8))
    naive = bootstrap_mean(np.repeat(values, 5), np.arange(300), rng=rng(8))
    assert (copied.low, copied.high) == pytest.approx((single.low, single.high))
    assert (copied.n_cases, copied.n_groups) == (300, 60)
    assert naive.high - naive.low < 0.6 * (copied.high - copied.low)


def test_a_wider_level_gives_a_wider_interval() -> None:
    values = rng(1).random(40)
    narrow, wide = (
        bootstrap_mean(values, np.arange(40), rng=rng(2), level=level) for level in (0.5, 0.99)
    )
    assert wide.low < narrow.low < narrow.high < wide.high


def test_undefined_resamples_are_counted_and_left_out() -> None:
    truth, scores = np.array([True, False, False, False]), np.array([0.9, 0.1, 0.2, 0.95])
    interval = bootstrap_interval(
        lambda cases: roc_auc(truth[cases], scores[cases]), [0, 1, 2, 3], rng=rng(), n_resamples=500
    )
    # without the positive: (3/4)^4 = .316; positive only: (1/4)^4 = .004
    assert interval.n_undefined == pytest.approx(500 * 0.32, abs=35)
    assert interval.n_resamples == 500
    assert 0.0 <= interval.low < interval.value < interval.high <= 1.0


def test_a_statistic_that_is_never_defined_has_no_interval() -> None:
    interval = bootstrap_interval(lambda cases: math.nan, [1, 2], rng=rng(), n_resamples=10)
    assert interval.n_undefined == 10
    assert all(math.isnan(v) for v in (interval.value, interval.low, interval.high))


def test_one_group_has_a_value_but_no_interval() -> None:
    values = np.array([0.25, 0.75])
    for interval in (
        bootstrap_mean(values, ["a", "a"], rng=rng()),
        bootstrap_interval(mean_of(values), ["a", "a"], rng=rng()),
    ):
        assert interval.value == 0.5
        assert math.isnan(interval.low)
        assert math.isnan(interval.high)
        assert (interval.n_cases, interval.n_groups, interval.n_resamples) == (2, 1, 0)


def test_no_case_gives_nan_without_calling_the_statistic() -> None:
    def never(cases: np.ndarray) -> float:
        raise AssertionError(cases)

    assert math.isnan(bootstrap_interval(never, [], rng=rng()).value)
    assert math.isnan(bootstrap_mean(np.zeros(0), [], rng=rng()).value)


@pytest.mark.parametrize(
    ("values", "groups", "keywords", "message"),
    [
        (np.array([0.5, math.nan]), [1, 2], {}, "values: expected finite values, got 1 nan"),
        (np.array([1, 2]), [1, 2], {}, "values: expected a float array"),
        (np.array([0.5]), [1, 2], {}, "got 1 and 2"),
        (np.array([0.5]), [0.5], {}, r"groups: expected strings or integers \(N,\).*float64"),
        (np.array([0.5, 0.5]), ["a", None], {}, "groups: expected strings or integers"),
        (np.array([0.5]), [[1]], {}, "groups: expected strings or integers"),
        (np.array([0.5]), [1], {"n_resamples": 0}, "n_resamples: expected an integer"),
        (np.array([0.5]), [1], {"level": 1.0}, "level: expected a number between 0 and 1"),
    ],
)
def test_bootstrap_mean_refuses(values, groups, keywords, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        bootstrap_mean(values, groups, rng=rng(), **keywords)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(
    ("successes", "n"), [(0, 1), (1, 1), (0, 13), (5, 13), (13, 13), (77, 780)]
)
def test_wilson_against_scipy(successes: int, n: int, level: float) -> None:
    expected = binomtest(successes, n).proportion_ci(level, method="wilson")
    interval = wilson_interval(successes, n, level=level)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0.0 <= interval.low <= interval.value <= interval.high <= 1.0
    assert interval.value == successes / n
    assert (interval.n_cases, interval.n_groups, interval.level) == (n, n, level)


def test_wilson_of_no_case_is_undefined() -> None:
    interval = wilson_interval(0, 0)
    assert all(math.isnan(v) for v in (interval.value, interval.low, interval.high))


@pytest.mark.parametrize(
    ("successes", "n", "message"),
    [
        (5, 4, "at most n = 4, got 5"),
        (-1, 4, "successes"),
        (0, -1, "n: expected"),
        (0.5, 4, "got 0.5"),
    ],
)
def test_wilson_refuses(successes, n, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        wilson_interval(successes, n)
