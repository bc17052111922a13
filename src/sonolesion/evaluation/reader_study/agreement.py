"""How far readers agree with each other, with the model, and with themselves.

Intervals draw cases again; the readers are these readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sonolesion.evaluation.reader_study.kappa import (
    Weights,
    cohen_kappa,
    fleiss_kappa,
    joint_counts,
)
from sonolesion.evaluation.reader_study.measures import ARM_LABELS
from sonolesion.evaluation.reader_study.read import ORDERED_CATEGORIES
from sonolesion.evaluation.reader_study.study_figure import (
    Labelled,
    Method,
    StudyFigure,
    from_bootstrap,
)
from sonolesion.evaluation.reader_study.study_table import StudyTable
from sonolesion.evaluation.reader_study.two_way_bootstrap import summarise

FloatArray = NDArray[np.float64]
Kappa = Callable[[FloatArray, FloatArray], FloatArray]  # answers (R, N), cases (B, N) -> (B,)
_CALLS = 2
_NOTHING = "no case that two answered, or one and the same answer throughout"


def agreement_figures(
    table: StudyTable, *, cases: FloatArray, model_call: FloatArray | None = None
) -> tuple[StudyFigure, ...]:
    """Compute the kappas of a study, those that its columns allow.

    Args:
        table: the study.
        cases: float64 (B, N), how often each case was drawn.
        model_call: float64 (N,), the model's own calls; nan where it has none. None without.

    Returns:
        Per arm, and for the difference of the arms: mean weighted kappa of the BI-RADS
        categories over pairs of readers; mean kappa (Light's) and Fleiss's kappa of the calls;
        mean kappa of readers and model. Then each reader alone against with the model.
    """
    figures: list[StudyFigure] = []
    if len(table.readers) > 1:
        figures += _over_arms(
            table,
            table.rank,
            "birads_weighted",
            "BI-RADS, quadratic weights, mean of pairs",
            _pairs_birads,
            cases,
        )
        figures += _over_arms(table, table.call, "call_light",
                              "Call, Cohen, mean of pairs (Light)", _pairs_call, cases)  # fmt: skip
        figures += _over_arms(table, table.call, "call_fleiss", "Call, Fleiss", _fleiss, cases)
    if model_call is not None:

        def with_model(answers: FloatArray, drawn: FloatArray) -> FloatArray:
            return _mean([
                cohen_kappa(joint_counts(a, model_call, n_categories=_CALLS, cases=drawn))
                for a in answers
            ])  # fmt: skip

        figures += _over_arms(
            table,
            table.call,
            "call_model",
            "Call, readers and model, mean of readers",
            with_model,
            cases,
        )
    if table.is_paired:
        figures.append(_with_oneself(table, cases))
    return tuple(figures)


def _over_arms(
    table: StudyTable, answers: FloatArray, key: str, label: str, kappa: Kappa, cases: FloatArray
) -> Iterator[StudyFigure]:
    """Give one figure per arm and, with two arms, their difference."""
    if not np.isfinite(answers).any():
        return
    once = np.ones((1, len(table.cases)))
    found = [(float(kappa(a, once)[0]), kappa(a, cases)) for a in answers]
    for a, (arm, (value, drawn)) in enumerate(zip(table.arms, found, strict=True)):
        what = _labelled(f"{key}_{arm}", f"{label}, {ARM_LABELS[arm]}", answers[a])
        yield _figure(what, value, drawn, test=False)
    if len(found) == 2:
        what = _labelled(f"{key}_difference", f"{label}, difference", answers)
        yield _figure(what, found[1][0] - found[0][0], found[1][1] - found[0][1], test=True)


def _with_oneself(table: StudyTable, cases: FloatArray) -> StudyFigure:
    def kappa(drawn: FloatArray) -> FloatArray:
        return _mean([
            cohen_kappa(joint_counts(alone, aided, n_categories=_CALLS, cases=drawn))
            for alone, aided in zip(table.call[0], table.call[1], strict=True)
        ])  # fmt: skip

    what = _labelled("call_self", "Call, each reader alone and with the model", table.call)
    value = float(kappa(np.ones((1, len(table.cases))))[0])
    return _figure(what, value, kappa(cases), test=False)


def _pairs_birads(answers: FloatArray, cases: FloatArray) -> FloatArray:
    return _mean_of_pairs(answers, cases, len(ORDERED_CATEGORIES), Weights.QUADRATIC)


def _pairs_call(answers: FloatArray, cases: FloatArray) -> FloatArray:
    return _mean_of_pairs(answers, cases, _CALLS, Weights.NONE)


def _fleiss(answers: FloatArray, cases: FloatArray) -> FloatArray:
    return fleiss_kappa(answers, n_categories=_CALLS, cases=cases)


def _mean_of_pairs(
    answers: FloatArray, cases: FloatArray, n_categories: int, weights: Weights
) -> FloatArray:
    return _mean([
        cohen_kappa(joint_counts(a, b, n_categories=n_categories, cases=cases), weights)
        for a, b in combinations(answers, 2)
    ])  # fmt: skip


def _mean(kappas: list[FloatArray]) -> FloatArray:
    """Mean over pairs, leaving out those without a kappa; nan where none has one."""
    stacked = np.stack(kappas)
    known = np.isfinite(stacked)
    count = known.sum(axis=0)
    sums = np.where(known, stacked, 0.0).sum(axis=0)
    mean: FloatArray = np.divide(sums, count, out=np.full_like(sums, np.nan), where=count > 0)
    return mean


def _labelled(key: str, label: str, answers: FloatArray) -> Labelled:
    known = np.isfinite(answers).reshape(-1, *answers.shape[-2:])
    readers, cases = known.any(axis=(0, 2)).sum(), known.any(axis=(0, 1)).sum()
    return Labelled(key, label, int(readers), int(cases))


def _figure(what: Labelled, value: float, drawn: FloatArray, *, test: bool) -> StudyFigure:
    found = summarise(value, drawn, test=test)
    return from_bootstrap(what, found, method=Method.BOOTSTRAP_CASES, empty=_NOTHING)
