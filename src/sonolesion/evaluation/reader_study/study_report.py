"""Everything that a study found, as one value."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sonolesion.errors import DatasetError
from sonolesion.evaluation.reader_study.agreement import agreement_figures
from sonolesion.evaluation.reader_study.changed_calls import ChangedCalls, count_changes
from sonolesion.evaluation.reader_study.measures import Measure, MeasureFigures, measure_figures
from sonolesion.evaluation.reader_study.read import CallRule, Read
from sonolesion.evaluation.reader_study.read_times import TimeFigures, time_figures
from sonolesion.evaluation.reader_study.reader_values import CovarianceMethod
from sonolesion.evaluation.reader_study.single_reader import ReaderFigures, figures_of_reader
from sonolesion.evaluation.reader_study.study_figure import StudyFigure
from sonolesion.evaluation.reader_study.study_table import Gap, StudyTable, find_gaps
from sonolesion.evaluation.reader_study.study_warnings import warn_of
from sonolesion.evaluation.reader_study.truth import ModelScores
from sonolesion.evaluation.reader_study.two_way_bootstrap import draw


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What decides the figures.

    Attributes:
        rule: from a category to a call.
        covariance: of readers' AUCs.
        resamples: of the bootstrap, at least 1.
        seed: of the bootstrap.
        model_threshold_prob: from which probability the model calls malignant.
        command: the command line, for the report; may be empty.
    """

    rule: CallRule = field(default_factory=CallRule)
    covariance: CovarianceMethod = CovarianceMethod.JACKKNIFE
    resamples: int = 2000
    seed: int = 42
    model_threshold_prob: float = 0.5
    command: str = ""


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """The model by itself, on the cases that it has scored.

    Attributes:
        name: of the file of its scores.
        n_cases: cases of the study with a score.
        figures: AUC, sensitivity and specificity, each as of one reader.
    """

    name: str
    n_cases: int
    figures: tuple[tuple[Measure, StudyFigure], ...]


@dataclass(frozen=True, slots=True)
class StudyReport:
    """What a study found.

    Attributes:
        name: of the study; may be empty.
        settings: what decided the figures.
        table: the reads.
        measures: AUC, sensitivity, specificity; one that no read allows is not there.
        agreement: kappas.
        times: seconds; None where none were taken.
        changes: changed calls; empty without pairs.
        model: the model by itself; None without its scores.
        gaps: reads that the full design lacks.
        warnings: what a reader must know before the figures.
    """

    name: str
    settings: StudySettings
    table: StudyTable
    measures: tuple[MeasureFigures, ...]
    agreement: tuple[StudyFigure, ...]
    times: TimeFigures | None
    changes: tuple[ChangedCalls, ...]
    model: ModelFigures | None
    gaps: tuple[Gap, ...]
    warnings: tuple[str, ...]

    def measure(self, measure: Measure) -> MeasureFigures | None:
        """Return the figures of a measure; None where no read allows it."""
        return {found.measure: found for found in self.measures}.get(measure)


def build_report(
    table: StudyTable,
    *,
    settings: StudySettings,
    reads: Sequence[Read] = (),
    model: ModelScores | None = None,
    name: str = "",
) -> StudyReport:
    """Compute every figure of a study.

    Args:
        table: the study.
        settings: what decides the figures.
        reads: the rows behind the table, for the order in which the arms were read.
        model: the model's scores; its figures are left out without.
        name: of the study.

    Raises:
        DatasetError: the model has scored no case of the study, or no read has a score, a
            category or a call.
    """
    rng = np.random.default_rng([settings.seed, zlib.crc32(b"reader-study")])
    draws = draw(len(table.readers), table.positive, n_resamples=settings.resamples, rng=rng)
    measures = tuple(
        measure_figures(table, measure, draws=draws, covariance=settings.covariance)
        for measure in Measure
        if np.isfinite(table.score if measure is Measure.AUC else table.call).any()
    )
    if not measures:
        raise DatasetError(
            "no read has a score, a category or a call. Fill in score, birads or malignant_call."
        )
    model_prob = None if model is None else _model_prob(table, model)
    model_call = None
    if model_prob is not None:
        called = (model_prob >= settings.model_threshold_prob).astype(float)
        model_call = np.where(np.isfinite(model_prob), called, np.nan)
    gaps = find_gaps(table)
    return StudyReport(
        name=name,
        settings=settings,
        table=table,
        measures=measures,
        agreement=agreement_figures(table, cases=draws.cases, model_call=model_call),
        times=time_figures(table, draws),
        changes=count_changes(table),
        model=None if model is None or model_prob is None or model_call is None
        else _model_figures(table, model.name, model_prob, model_call, settings),
        gaps=gaps,
        warnings=warn_of(table, measures=measures, gaps=gaps, reads=reads, model_prob=model_prob),
    )  # fmt: skip


def _model_prob(table: StudyTable, model: ModelScores) -> np.ndarray:
    prob = np.array([model.malignant_prob.get(case, np.nan) for case in table.cases])
    if not np.isfinite(prob).any():
        raise DatasetError(
            f"{model.name}: has none of the {len(table.cases)} cases that were read, e.g. "
            f"{table.cases[0]!r}; it has {next(iter(model.malignant_prob), 'no case')!r}. "
            "Give the same names."
        )
    return prob


def _model_figures(
    table: StudyTable, name: str, prob: np.ndarray, call: np.ndarray, settings: StudySettings
) -> ModelFigures:
    positive = table.positive
    rows: list[tuple[Measure, StudyFigure]] = []
    for measure, values, chosen in (
        (Measure.AUC, prob, np.ones(len(prob), bool)),
        (Measure.SENSITIVITY, call, positive),
        (Measure.SPECIFICITY, 1.0 - call, ~positive),
    ):
        found: ReaderFigures = figures_of_reader(
            name, values[None, chosen], positive[chosen], arms=table.arms[:1],
            is_auc=measure is Measure.AUC, covariance=settings.covariance,
        )  # fmt: skip
        rows.append((measure, found.arms[0]))
    return ModelFigures(name, int(np.isfinite(prob).sum()), tuple(rows))
