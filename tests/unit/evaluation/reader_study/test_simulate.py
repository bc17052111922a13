from __future__ import annotations

import numpy as np
import pytest

from sonolesion.errors import InvalidInputError
from sonolesion.evaluation.reader_study.power import estimate_power
from sonolesion.evaluation.reader_study.read import Arm
from sonolesion.evaluation.reader_study.reader_values import auc_values
from sonolesion.evaluation.reader_study.simulate import (
    STRUCTURES,
    SimulatedStudy,
    simulate_reads,
    simulate_scores,
)


@pytest.mark.parametrize("name", sorted(STRUCTURES))
def test_the_true_areas_are_those_asked_for(name: str) -> None:
    study = SimulatedStudy(40, 150, 150, 0.75, 0.85, STRUCTURES[name])
    rng = np.random.default_rng(2)
    areas = [
        auc_values(simulate_scores(study, rng), study.positive).values.mean(axis=1)
        for _ in range(12)
    ]
    assert np.mean(areas, axis=0) == pytest.approx([0.75, 0.85], abs=0.02)


def test_equal_seeds_give_equal_reads() -> None:
    study = SimulatedStudy(2, 3, 4)
    assert simulate_reads(study, seed=1) == simulate_reads(study, seed=1)
    assert simulate_reads(study, seed=1) != simulate_reads(study, seed=2)


def test_reads_are_a_whole_crossed_study() -> None:
    reads = simulate_reads(SimulatedStudy(3, 4, 6), seed=1)
    assert len({r.key for r in reads}) == len(reads) == 2 * 3 * 10
    first = {(r.reader, r.arm): r.session for r in reads}
    assert first["reader-1", Arm.ALONE] == first["reader-2", Arm.WITH] == "1"
    assert all(r.score is not None and 0 <= r.score <= 100 for r in reads)


def test_a_large_difference_is_shown_and_none_is_not() -> None:
    large = SimulatedStudy(6, 60, 60, 0.70, 0.92)
    assert estimate_power(large, n_simulations=20).power.value == 1.0
    none = SimulatedStudy(6, 40, 40, 0.80, 0.80)
    assert estimate_power(none, n_simulations=60).power.value < 0.2


@pytest.mark.parametrize(
    "numbers", [(0, 3, 3, 0.7, 0.8), (2, 0, 3, 0.7, 0.8), (2, 3, 3, 0.4, 0.8), (2, 3, 3, 0.7, 1.0)]
)
def test_what_cannot_be_simulated_is_refused(numbers: tuple[int, int, int, float, float]) -> None:
    with pytest.raises(InvalidInputError):
        SimulatedStudy(*numbers)
