"""What a reader must know before the figures of a study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sonolesion.evaluation.reader_study.measures import MEASURE_LABELS, MeasureFigures
from sonolesion.evaluation.reader_study.read import Arm, Read
from sonolesion.evaluation.reader_study.study_table import Gap, StudyTable

FEW_READERS = 5
FEW_CASES = 20
_SHOWN_AT_MOST = 5


def warn_of(
    table: StudyTable,
    *,
    measures: Sequence[MeasureFigures],
    gaps: Sequence[Gap],
    reads: Sequence[Read],
    model_prob: NDArray[np.float64] | None,
) -> tuple[str, ...]:
    """Put the limits of a study into sentences; none where there are none."""
    return (
        *_of_gaps(table, measures, gaps),
        *_of_columns(table),
        *_of_size(table),
        *_of_order(reads),
        *_of_model(table, model_prob),
    )


def _of_gaps(
    table: StudyTable, measures: Sequence[MeasureFigures], gaps: Sequence[Gap]
) -> list[str]:
    texts: list[str] = []
    if table.has_both_arms and not table.is_paired:
        texts.append(
            "No reader has read a case in both arms: the arms are compared over different reads, "
            "and a difference may come from the cases."
        )
    alone = [gap for gap in gaps if gap.has_partner]
    if alone and table.is_paired:
        texts.append(
            f"{len(alone)} reads have no partner in the other arm and are left out of every "
            f"comparison: {_name(alone)}."
        )
    unread = {(gap.reader, gap.case) for gap in gaps if not gap.has_partner}
    if unread:
        some = list({(g.reader, g.case): g for g in gaps if not g.has_partner}.values())
        texts.append(
            f"{len(unread)} of {len(table.readers) * len(table.cases)} combinations of reader and "
            f"case were not read in any arm: {_name(some, with_arm=False)}."
        )
    bootstrapped = [MEASURE_LABELS[m.measure] for m in measures if not m.is_crossed]
    if bootstrapped:
        texts.append(
            "Not every reader has every case in every arm: interval and p-value of "
            f"{_join(bootstrapped)} come from the bootstrap only. With --common-cases only the "
            "cases that all have read are analysed."
        )
    return texts


def _of_columns(table: StudyTable) -> list[str]:
    texts: list[str] = []
    n = int(table.was_read.sum())
    if table.score_is_rank:
        texts.append(
            "No read has a score: the AUC ranks cases by their BI-RADS category (category 0 has "
            "no rank and is left out)."
        )
    elif 0 < (lacking := n - int(np.isfinite(table.score).sum())) < n:
        texts.append(f"{lacking} of {n} reads have no score and do not count in the AUC.")
    if 0 < (lacking := n - int(np.isfinite(table.call).sum())) < n:
        texts.append(
            f"{lacking} of {n} reads have neither malignant_call nor category and do not count in "
            "sensitivity and specificity."
        )
    if table.n_category_zero:
        texts.append(
            f"{table.n_category_zero} reads have category 0 and no malignant_call of their own: "
            "the rule decides, and they have no place in the weighted kappa."
        )
    return texts


def _of_size(table: StudyTable) -> list[str]:
    texts: list[str] = []
    if len(table.readers) == 1:
        texts.append("One reader: the figures are about this reader, not about readers like them.")
    elif len(table.readers) < FEW_READERS:
        texts.append(
            f"{len(table.readers)} readers: how readers differ is known poorly, so intervals are "
            "wide and the bootstrap's are unreliable."
        )
    n_malignant = int(table.positive.sum())
    if min(n_malignant, len(table.cases) - n_malignant) < FEW_CASES:
        texts.append(
            f"{n_malignant} malignant and {len(table.cases) - n_malignant} other cases: with fewer "
            f"than {FEW_CASES} of a kind the intervals are rough."
        )
    return texts


def _of_order(reads: Sequence[Read]) -> list[str]:
    """Say what the sessions of the pairs mean for a comparison."""
    sessions: dict[tuple[str, str], dict[Arm, str]] = {}
    for read in reads:
        if read.session:
            sessions.setdefault((read.reader, read.case), {})[read.arm] = read.session
    pairs = [(s[Arm.ALONE], s[Arm.WITH]) for s in sessions.values() if len(s) == 2]
    if not pairs:
        return []
    same = sum(first == second for first, second in pairs)
    if same == len(pairs):
        return [
            "Both arms were read in one session, the model's answer after the reader's own "
            "(sequential design): the difference is that of a second look with the model."
        ]
    orders = {_sort_key(first) < _sort_key(second) for first, second in pairs if first != second}
    if len(orders) == 1:
        first = "alone" if orders.pop() else "with the model"
        return [
            f"Every case was read {first} first: what readers remember or learn from the first "
            "session is mixed with the effect of the model. Change the order for half of them."
        ]
    return []


def _of_model(table: StudyTable, model_prob: NDArray[np.float64] | None) -> list[str]:
    if model_prob is None or np.isfinite(model_prob).all():
        return []
    lacking = [c for c, p in zip(table.cases, model_prob, strict=True) if not np.isfinite(p)]
    shown = ", ".join(map(repr, lacking[:_SHOWN_AT_MOST]))
    more = ", ..." if len(lacking) > _SHOWN_AT_MOST else ""
    return [f"The model has no score for {len(lacking)} cases: {shown}{more}."]


def _sort_key(session: str) -> tuple[float, str]:
    try:
        return (float(session), session)
    except ValueError:
        return (float("inf"), session)


def _name(gaps: Sequence[Gap], *, with_arm: bool = True) -> str:
    texts = [
        f"{gap.reader} / {gap.case}" + (f" (lacks {gap.arm})" if with_arm else "")
        for gap in gaps[:_SHOWN_AT_MOST]
    ]
    return ", ".join(texts) + (", ... (all in missing.csv)" if len(gaps) > _SHOWN_AT_MOST else "")


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
