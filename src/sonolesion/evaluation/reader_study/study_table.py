"""All reads of a study as arrays (A, R, N): arm, reader, case; nan where there is no read.

A comparison of the arms uses pairs: a read whose partner in the other arm is missing is left out,
counted and named. Where no pair is there at all (each case read in one arm only), all reads
count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import DatasetError
from sonolesion.evaluation.reader_study.read import ORDERED_CATEGORIES, Arm, CallRule, Read
from sonolesion.types import LesionClass

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class StudyTable:
    """A study's reads.

    Attributes:
        arms: the arms that were read: alone, with, or one of them.
        readers, cases: their names, sorted.
        truth: of each case.
        score: float64 (A, R, N), 0 to 100 (or ranks of categories, see `score_is_rank`).
        call: float64 (A, R, N), 1 for a call of malignant, else 0.
        rank: float64 (A, R, N), index into `ORDERED_CATEGORIES`; nan for category 0.
        seconds: float64 (A, R, N), above 0.
        was_read: bool (A, R, N).
        score_is_rank: whether no read has a score, so that the category's rank stands in.
        n_category_zero: reads with category 0 and no call of their own.
    """

    arms: tuple[Arm, ...]
    readers: tuple[str, ...]
    cases: tuple[str, ...]
    truth: tuple[LesionClass, ...]
    score: FloatArray
    call: FloatArray
    rank: FloatArray
    seconds: FloatArray
    was_read: BoolArray
    score_is_rank: bool
    n_category_zero: int

    @property
    def positive(self) -> BoolArray:
        """Bool (N,): whether each case is malignant."""
        return np.array([label is LesionClass.MALIGNANT for label in self.truth], bool)

    @property
    def has_both_arms(self) -> bool:
        """Whether there are reads alone and with the model."""
        return len(self.arms) == 2

    @property
    def is_paired(self) -> bool:
        """Whether a reader has read a case in both arms."""
        return self.has_both_arms and bool(self.was_read.all(axis=0).any())


@dataclass(frozen=True, slots=True)
class Gap:
    """A read that is missing from the full design.

    Attributes:
        reader, case: names.
        arm: the arm that is missing.
        has_partner: whether the same reader has read the case in the other arm.
    """

    reader: str
    case: str
    arm: Arm
    has_partner: bool


def build_table(
    reads: Sequence[Read], truth: Mapping[str, LesionClass], *, rule: CallRule
) -> StudyTable:
    """Arrange reads as arrays.

    Args:
        reads: at least one; no reader, case and arm twice.
        truth: of every case that was read.
        rule: from a category to a call.

    Raises:
        DatasetError: no read, or no case is malignant, or all are.
    """
    if not reads:
        raise DatasetError("expected reads, got none.")
    arms = tuple(arm for arm in Arm if any(read.arm is arm for read in reads))
    readers = tuple(sorted({read.reader for read in reads}))
    cases = tuple(sorted({read.case for read in reads}))
    labels = tuple(truth[case] for case in cases)
    n_malignant = sum(label is LesionClass.MALIGNANT for label in labels)
    if n_malignant in {0, len(labels)}:
        raise DatasetError(
            f"expected malignant and other cases, got {n_malignant} malignant of {len(labels)}: "
            "no figure of accuracy is defined. Check the column truth."
        )
    shape = (len(arms), len(readers), len(cases))
    score, call, rank, seconds = (np.full(shape, np.nan) for _ in range(4))
    was_read = np.zeros(shape, bool)
    reader_index = {name: i for i, name in enumerate(readers)}
    case_index = {name: i for i, name in enumerate(cases)}
    for read in reads:
        at = (arms.index(read.arm), reader_index[read.reader], case_index[read.case])
        was_read[at] = True
        score[at] = np.nan if read.score is None else read.score
        seconds[at] = np.nan if read.seconds is None else read.seconds
        called = rule.call(read)
        call[at] = np.nan if called is None else float(called)
        if read.birads in ORDERED_CATEGORIES:
            rank[at] = ORDERED_CATEGORIES.index(read.birads)
    score_is_rank = bool(np.isnan(score).all() and not np.isnan(rank).all())
    return StudyTable(
        arms=arms,
        readers=readers,
        cases=cases,
        truth=labels,
        score=rank.copy() if score_is_rank else score,
        call=call,
        rank=rank,
        seconds=seconds,
        was_read=was_read,
        score_is_rank=score_is_rank,
        n_category_zero=sum(r.birads == "0" and r.malignant_call is None for r in reads),
    )


def find_gaps(table: StudyTable) -> tuple[Gap, ...]:
    """List the reads that the full design (every reader, every case, every arm) would have."""
    gaps: list[Gap] = []
    for a, r, n in np.argwhere(~table.was_read).tolist():
        partner = bool(table.was_read[:, r, n].any())
        gaps.append(Gap(table.readers[r], table.cases[n], table.arms[a], partner))
    return tuple(sorted(gaps, key=lambda gap: (not gap.has_partner, gap.reader, gap.case, gap.arm)))


def keep_common_cases(table: StudyTable) -> StudyTable:
    """Keep the cases that every reader has read in every arm.

    Raises:
        DatasetError: too few cases are left: none is malignant, or all are.
    """
    common: BoolArray = np.all(table.was_read, axis=(0, 1))
    left = [label for label, kept in zip(table.truth, common, strict=True) if kept]
    n_malignant = sum(label is LesionClass.MALIGNANT for label in left)
    if n_malignant in {0, len(left)}:
        raise DatasetError(
            f"--common-cases: {len(left)} cases were read by all readers in all arms, "
            f"{n_malignant} of them malignant: too few. Leave the option out."
        )
    return StudyTable(
        arms=table.arms,
        readers=table.readers,
        cases=tuple(c for c, kept in zip(table.cases, common, strict=True) if kept),
        truth=tuple(left),
        score=table.score[:, :, common],
        call=table.call[:, :, common],
        rank=table.rank[:, :, common],
        seconds=table.seconds[:, :, common],
        was_read=table.was_read[:, :, common],
        score_is_rank=table.score_is_rank,
        n_category_zero=table.n_category_zero,
    )


def pairs_only(values: FloatArray) -> FloatArray:
    """Blank the values (A, R, N) whose partner in the other arm is missing.

    With one arm, or where there is no pair at all, the values stay as they are.
    """
    if len(values) < 2:
        return values
    complete = np.isfinite(values).all(axis=0)
    return np.where(complete, values, np.nan) if complete.any() else values


def is_crossed(values: FloatArray) -> bool:
    """Whether every reader that has values has all cases that have values, in every arm."""
    known = np.isfinite(values)
    readers, cases = known.any(axis=(0, 2)), known.any(axis=(0, 1))
    return bool(known.any() and known[:, readers][:, :, cases].all())
