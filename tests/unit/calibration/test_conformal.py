from __future__ import annotations

import numpy as np
import pytest

from sonolesion.bundle.decision import find_sets
from sonolesion.calibration import fit_conformal
from sonolesion.errors import InvalidInputError


def draw(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    raw = rng.gamma(0.7, size=(len(labels), 3))
    raw[np.arange(len(labels)), labels] += rng.gamma(2.0, size=len(labels))
    return raw / raw.sum(axis=1, keepdims=True)


def test_quantiles_by_hand() -> None:
    # 19 normals: the lowest; 39 benign: the second lowest; 5 malignant: the lowest
    labels = np.repeat([0, 1, 2], [19, 39, 5])
    prob = np.zeros((63, 3))
    own = np.r_[np.arange(19, 0, -1) / 20, np.arange(1, 40) / 40, [0.9, 0.5, 0.6, 0.8, 0.7]]
    prob[np.arange(63), labels] = own
    sets = fit_conformal(prob, labels)
    assert sets.min_prob == (1 / 20, 2 / 40, 0.5)
    assert sets.n == (19, 39, 5)
    # as 1 - p, the ceil((n + 1) * .95)-th of the sorted scores
    scores = np.sort(1 - own[19:58])
    assert 1 - sets.min_prob[1] == pytest.approx(scores[int(np.ceil(40 * 0.95)) - 1])


@pytest.mark.parametrize("coverage", [0.8, 0.9, 0.95])
def test_coverage_of_new_cases_of_each_class(coverage: float) -> None:
    counts, rounds = (39, 60, 25), 800
    labels = np.repeat([0, 1, 2], counts)
    covered = np.zeros((rounds, 3))
    for i in range(rounds):
        rng = np.random.default_rng(i)
        sets = fit_conformal(draw(rng, labels), labels, coverage=coverage)
        new = np.repeat([0, 1, 2], 20)
        found = find_sets(sets, draw(rng, new))[np.arange(60), new]
        covered[i] = found.reshape(3, 20).mean(axis=1)
    for c, n in enumerate(counts):
        # the exact expectation of a split-conformal set on continuous scores
        expected = np.ceil((n + 1) * coverage - 1e-9) / (n + 1)
        error = 4 * covered[:, c].std() / np.sqrt(rounds)
        assert expected >= coverage - 1e-9
        assert covered[:, c].mean() == pytest.approx(expected, abs=error)


def test_the_promise_holds_in_each_data_set() -> None:
    # of 40 benign cases together the second lowest is .40; of the harder set's 20 the lowest, .10
    easy, hard = np.linspace(0.5, 0.9, 20), np.r_[0.1, np.linspace(0.4, 0.8, 19)]
    prob = np.zeros((40, 3))
    prob[:, 1] = np.r_[easy, hard]
    labels, names = np.ones(40, np.int64), np.repeat(["easy", "hard"], 20)
    pooled, careful = (fit_conformal(prob, labels, datasets=d) for d in (None, names))
    assert (pooled.min_prob[1], pooled.n[1]) == (0.4, 40)
    assert (careful.min_prob[1], careful.n[1]) == (0.1, 20)


def test_a_data_set_with_too_few_cases_of_a_class_says_nothing_of_it() -> None:
    prob = np.zeros((60, 3))
    prob[:, 1] = np.r_[np.linspace(0.5, 0.9, 42), np.linspace(0.1, 0.2, 18)]
    names = np.repeat(["large", "small"], [42, 18])
    sets = fit_conformal(prob, np.ones(60, np.int64), datasets=names)
    assert sets.n[1] == 60  # all together, the small one among them


def test_a_class_without_cases_is_never_a_member() -> None:
    labels = np.array([1, 1, 2])
    sets = fit_conformal(np.full((3, 3), 1 / 3), labels)
    assert sets.n == (0, 2, 1)
    assert not find_sets(sets, np.array([[1.0, 0.0, 0.0]]))[0, 0]


@pytest.mark.parametrize("coverage", [0.0, 1.0, float("nan")])
def test_a_coverage_out_of_range_is_refused(coverage: float) -> None:
    with pytest.raises(InvalidInputError, match="coverage"):
        fit_conformal(np.full((3, 3), 1 / 3), np.array([0, 1, 2]), coverage=coverage)


def test_unlike_lengths_are_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"class_prob \(N, 3\)"):
        fit_conformal(np.full((2, 3), 1 / 3), np.array([0, 1, 2]))
