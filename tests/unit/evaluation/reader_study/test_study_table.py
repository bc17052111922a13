from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sonolesion.errors import DatasetError
from sonolesion.evaluation.reader_study.read import Arm, CallRule, Read
from sonolesion.evaluation.reader_study.study_table import (
    StudyTable,
    build_table,
    find_gaps,
    is_crossed,
    keep_common_cases,
    pairs_only,
)
from sonolesion.types import LesionClass

Make = Callable[[tuple[Read, ...]], StudyTable]


def test_each_read_stands_where_it_belongs(reads: tuple[Read, ...], table: StudyTable) -> None:
    assert table.score.shape == (2, 4, 30)
    for read in reads[::17]:
        at = (
            table.arms.index(read.arm), table.readers.index(read.reader),
            table.cases.index(read.case),
        )  # fmt: skip
        assert table.score[at] == read.score
        assert table.seconds[at] == read.seconds
        assert table.truth[at[2]] is read.truth
    assert table.positive.sum() == 12
    assert is_crossed(table.score)
    assert not find_gaps(table)


def test_gaps_are_named(reads: tuple[Read, ...], make_table: Make) -> None:
    lone, unread = reads[0], reads[5]
    kept = tuple(
        r for r in reads
        if r.key != lone.key and (r.reader, r.case) != (unread.reader, unread.case)
    )  # fmt: skip
    table = make_table(kept)
    first, *others = find_gaps(table)
    assert (first.reader, first.case, first.arm, first.has_partner) == (*lone.key, True)
    assert {(g.reader, g.case, g.has_partner) for g in others} == {
        (unread.reader, unread.case, False)
    }
    assert not is_crossed(pairs_only(table.score))
    assert np.isfinite(pairs_only(table.score)).sum() == np.isfinite(table.score).sum() - 1
    common = keep_common_cases(table)
    assert len(common.cases) == 28
    assert is_crossed(common.score)


def test_without_any_pair_all_reads_count(reads: tuple[Read, ...], make_table: Make) -> None:
    even = {c for i, c in enumerate(sorted({r.case for r in reads})) if i % 2}
    table = make_table(tuple(r for r in reads if (r.case in even) == (r.arm is Arm.WITH)))
    assert not table.is_paired
    assert np.isfinite(pairs_only(table.score)).sum() == np.isfinite(table.score).sum()
    with pytest.raises(DatasetError, match="0 cases were read by all readers"):
        keep_common_cases(table)


def test_categories_stand_in_for_scores(reads: tuple[Read, ...]) -> None:
    truth = {r.case: r.truth for r in reads if r.truth}
    bare = [Read(line=1, study="", reader=r.reader, case=r.case, arm=r.arm, birads=b)
            for r, b in zip(reads, ("0", "4A", "6") * 80, strict=True)]  # fmt: skip
    table = build_table(bare, truth, rule=CallRule())
    assert table.score_is_rank
    assert set(table.score[np.isfinite(table.score)]) == {3.0, 7.0}
    assert table.n_category_zero == 80
    assert np.nanmean(table.call) == 1.0


def test_one_kind_of_case_is_refused() -> None:
    read = Read(line=1, study="", reader="a", case="c", arm=Arm.ALONE, score=3.0)
    with pytest.raises(DatasetError, match="1 malignant of 1"):
        build_table([read], {"c": LesionClass.MALIGNANT}, rule=CallRule())
    with pytest.raises(DatasetError, match="got none"):
        build_table([], {}, rule=CallRule())
