from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from sonolesion.evaluation.reader_study.measures import Measure, MeasureFigures, measure_figures
from sonolesion.evaluation.reader_study.read import Arm, Read
from sonolesion.evaluation.reader_study.reader_values import CovarianceMethod
from sonolesion.evaluation.reader_study.study_figure import Method
from sonolesion.evaluation.reader_study.study_table import StudyTable
from sonolesion.evaluation.reader_study.two_way_bootstrap import draw

Make = Callable[[tuple[Read, ...]], StudyTable]


def figures(table: StudyTable, measure: Measure) -> MeasureFigures:
    rng = np.random.default_rng(0)
    draws = draw(len(table.readers), table.positive, n_resamples=300, rng=rng)
    return measure_figures(table, measure, draws=draws, covariance=CovarianceMethod.JACKKNIFE)


def test_area_is_the_mean_over_readers(table: StudyTable) -> None:
    found = figures(table, Measure.AUC)
    for a in range(2):
        areas = [roc_auc_score(table.positive, s) for s in table.score[a]]
        assert found.arms[a].value == pytest.approx(np.mean(areas))
        assert [r.arms[a].value for r in found.readers] == pytest.approx(areas)
    assert found.difference is not None
    assert found.difference.value == pytest.approx(found.arms[1].value - found.arms[0].value)
    assert found.difference.method is Method.OR
    assert found.difference.check_low is not None
    assert (found.difference.n_readers, found.difference.n_cases) == (4, 30)


@pytest.mark.parametrize(("measure", "label"), [(Measure.SENSITIVITY, 1), (Measure.SPECIFICITY, 0)])
def test_shares_are_scikit_learns_recall(table: StudyTable, measure: Measure, label: int) -> None:
    found = figures(table, measure)
    for a in range(2):
        shares = [
            recall_score(table.positive, c.astype(bool), pos_label=label) for c in table.call[a]
        ]
        assert found.arms[a].value == pytest.approx(np.mean(shares))
        assert found.readers[0].arms[a].method is Method.WILSON
    assert found.arms[0].n_cases == (12 if label else 18)


def test_both_ways_to_an_interval_agree(table: StudyTable) -> None:
    found = figures(table, Measure.AUC).difference
    assert found is not None
    width, beside = found.high - found.low, found.check_high - found.check_low
    assert beside == pytest.approx(width, rel=0.5)


def test_a_gap_leaves_the_bootstrap_alone(reads: tuple[Read, ...], make_table: Make) -> None:
    """Two reads are away: the partner of one goes too, and nothing else changes."""
    table = make_table(reads[1:])
    found = figures(table, Measure.AUC)
    assert not found.is_crossed
    assert found.n_left_out == 1
    assert found.components is None
    assert found.difference is not None
    assert found.difference.method is Method.BOOTSTRAP
    r, n = table.readers.index(reads[0].reader), table.cases.index(reads[0].case)
    areas = []
    for i, scores in enumerate(table.score[1]):
        kept = np.arange(30) != n if i == r else np.ones(30, bool)
        areas.append(roc_auc_score(table.positive[kept], scores[kept]))
    assert found.arms[1].value == pytest.approx(np.mean(areas))


def test_arms_without_pairs_are_compared_by_their_means(
    reads: tuple[Read, ...], make_table: Make
) -> None:
    even = {c for i, c in enumerate(sorted({r.case for r in reads})) if i % 2}
    table = make_table(tuple(r for r in reads if (r.case in even) == (r.arm is Arm.WITH)))
    found = figures(table, Measure.AUC)
    assert found.n_left_out == 0
    assert found.difference is not None
    assert found.difference.value == pytest.approx(found.arms[1].value - found.arms[0].value)
    assert found.difference.method is Method.BOOTSTRAP


def test_one_arm_has_no_difference(reads: tuple[Read, ...], make_table: Make) -> None:
    found = figures(make_table(tuple(r for r in reads if r.arm is Arm.WITH)), Measure.AUC)
    assert found.difference is None
    assert len(found.arms) == 1
    assert found.arms[0].method is Method.OR


def test_one_reader_is_that_reader(reads: tuple[Read, ...], make_table: Make) -> None:
    found = figures(make_table(tuple(r for r in reads if r.reader == "reader-1")), Measure.AUC)
    assert found.difference is not None
    assert found.difference.method is Method.ONE_READER
    own = found.readers[0].difference
    assert own is not None
    assert (found.difference.low, found.difference.p) == pytest.approx((own.low, own.p))


def test_where_all_are_right_there_is_no_interval(
    reads: tuple[Read, ...], make_table: Make
) -> None:
    right = tuple(replace(r, malignant_call=r.truth == "malignant") for r in reads)
    found = figures(make_table(right), Measure.SENSITIVITY)
    assert found.arms[0].value == 1.0
    assert found.arms[0].low is None
    assert "nothing varies" in found.arms[0].reason
