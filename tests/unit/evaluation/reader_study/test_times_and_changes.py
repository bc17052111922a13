"""A hand-made study: two readers, two cases, worked out on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sonolesion.evaluation.reader_study.changed_calls import ALL_READERS, count_changes
from sonolesion.evaluation.reader_study.read import Arm, CallRule, Read
from sonolesion.evaluation.reader_study.read_times import time_figures
from sonolesion.evaluation.reader_study.study_table import StudyTable, build_table
from sonolesion.evaluation.reader_study.two_way_bootstrap import draw
from sonolesion.types import LesionClass

TRUTH = {"m": LesionClass.MALIGNANT, "b": LesionClass.BENIGN}


def read(reader: str, case: str, arm: Arm, call: bool, seconds: float | None) -> Read:
    return Read(
        line=1, study="", reader=reader, case=case, arm=arm, malignant_call=call, seconds=seconds
    )


@pytest.fixture
def small() -> StudyTable:
    alone, aided = Arm.ALONE, Arm.WITH
    return build_table(
        [
            read("A", "m", alone, False, 10.0), read("A", "m", aided, True, 20.0),
            read("A", "b", alone, False, 10.0), read("A", "b", aided, True, 5.0),
            read("B", "m", alone, True, 40.0), read("B", "m", aided, True, 20.0),
            read("B", "b", alone, True, 8.0), read("B", "b", aided, True, None),
        ],
        TRUTH,
        rule=CallRule(),
    )  # fmt: skip


def test_changes(small: StudyTable) -> None:
    rows = {(row.reader, row.is_malignant): row for row in count_changes(small)}
    a, b = rows["A", True], rows["A", False]
    assert (a.helped, a.harmed, a.right_both, a.wrong_both) == (1, 0, 0, 0)
    assert (b.helped, b.harmed, b.right_both, b.wrong_both) == (0, 1, 0, 0)
    all_benign = rows[ALL_READERS, False]
    assert (all_benign.n, all_benign.harmed, all_benign.wrong_both) == (2, 1, 1)
    assert rows[ALL_READERS, True].right_both == 1


def test_times(small: StudyTable) -> None:
    draws = draw(2, small.positive, n_resamples=100, rng=np.random.default_rng(0))
    found = time_figures(small, draws)
    assert found is not None
    alone, aided = found.seconds[:2]
    assert (alone.n, alone.median) == (4, 10.0)
    assert (aided.n, aided.median) == (3, 20.0)
    # A: 2 and 1/2, geometric mean 1. B: 1/2 on the one case timed twice. Both: sqrt(1 * 1/2).
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx(math.sqrt(0.5))
    assert [f.value for _, f in found.reader_ratios] == pytest.approx([1.0, 0.5])


def test_without_times_or_pairs_there_is_nothing(small: StudyTable) -> None:
    draws = draw(2, small.positive, n_resamples=10, rng=np.random.default_rng(0))
    untimed = build_table(
        [read("A", c, Arm.ALONE, True, None) for c in TRUTH], TRUTH, rule=CallRule()
    )
    assert time_figures(untimed, draws) is None
    assert count_changes(untimed) == ()
