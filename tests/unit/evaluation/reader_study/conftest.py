from __future__ import annotations

from collections.abc import Callable

import pytest

from sonolesion.evaluation.reader_study.read import CallRule, Read
from sonolesion.evaluation.reader_study.simulate import STRUCTURES, SimulatedStudy, simulate_reads
from sonolesion.evaluation.reader_study.study_table import StudyTable, build_table


def table_of(reads: tuple[Read, ...]) -> StudyTable:
    truth = {read.case: read.truth for read in reads if read.truth}
    return build_table(reads, truth, rule=CallRule())


@pytest.fixture
def reads() -> tuple[Read, ...]:
    return simulate_reads(SimulatedStudy(4, 12, 18, 0.75, 0.85, STRUCTURES["HH"]), seed=3)


@pytest.fixture
def make_table() -> Callable[[tuple[Read, ...]], StudyTable]:
    return table_of


@pytest.fixture
def table(reads: tuple[Read, ...]) -> StudyTable:
    return table_of(reads)
