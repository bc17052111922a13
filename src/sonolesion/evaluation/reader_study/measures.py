"""AUC, sensitivity and specificity: each reader, each arm, and the difference.

Where every reader has read every case in every arm, interval and p-value come from the
Obuchowski-Rockette analysis, with the bootstrap beside it as a check; else from the bootstrap only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sonolesion.evaluation.reader_study.obuchowski_rockette import (
    Components,
    analyse,
    analyse_fixed_readers,
)
from sonolesion.evaluation.reader_study.read import Arm
from sonolesion.evaluation.reader_study.reader_values import (
    CovarianceMethod,
    ReaderValues,
    auc_values,
    share_values,
)
from sonolesion.evaluation.reader_study.single_reader import ReaderFigures, figures_of_reader
from sonolesion.evaluation.reader_study.study_figure import (
    Labelled,
    Method,
    StudyFigure,
    from_bootstrap,
    from_estimate,
)
from sonolesion.evaluation.reader_study.study_table import StudyTable, is_crossed, pairs_only
from sonolesion.evaluation.reader_study.two_way_bootstrap import (
    BootstrapEstimate,
    Draws,
    everything_once,
    over_readers,
    resampled_auc,
    resampled_mean,
    summarise,
)

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
ARM_LABELS = {Arm.ALONE: "readers alone", Arm.WITH: "with the model"}


class Measure(StrEnum):
    """A figure of accuracy."""

    AUC = "auc"
    SENSITIVITY = "sensitivity"
    SPECIFICITY = "specificity"


MEASURE_LABELS = {
    Measure.AUC: "AUC", Measure.SENSITIVITY: "Sensitivity", Measure.SPECIFICITY: "Specificity"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasureFigures:
    """All figures of one measure.

    Attributes:
        measure: which one.
        is_crossed: whether every reader has all cases in all arms.
        n_left_out: reads with a value whose partner in the other arm has none.
        arms: mean over readers in each arm.
        difference: with the model minus alone; None with one arm.
        fixed_readers: the same for these very readers; None without a full design.
        components: of the analysis of variance; None without a full design.
        readers: each reader's own figures.
    """

    measure: Measure
    is_crossed: bool
    n_left_out: int
    arms: tuple[StudyFigure, ...]
    difference: StudyFigure | None
    fixed_readers: StudyFigure | None
    components: Components | None
    readers: tuple[ReaderFigures, ...]


@dataclass(frozen=True, slots=True)
class MeasureReads:
    """The reads that a measure is of.

    Attributes:
        measure: which one.
        values: float64 (A, R, N): scores, or 1 for a right call and 0 for a wrong one.
        positive: bool (N,).
        draws: resamples over the same readers and cases.
    """

    measure: Measure
    values: FloatArray
    positive: BoolArray
    draws: Draws

    def reader_values(self, values: FloatArray, method: CovarianceMethod) -> ReaderValues:
        """Figures of each reader in a full design, with covariances."""
        if self.measure is Measure.AUC:
            return auc_values(values, self.positive, method=method)
        return share_values(values)

    def resampled(self, draws: Draws) -> FloatArray:
        """Figures of each reader in each arm and resample, (B, A, R)."""
        if self.measure is Measure.AUC:
            return resampled_auc(self.values, self.positive, draws)
        return resampled_mean(self.values, draws)


def choose_reads(table: StudyTable, measure: Measure, draws: Draws) -> tuple[MeasureReads, int]:
    """Take the reads that a measure is of: pairs where there are any.

    Returns:
        The reads, on the readers and cases that have any; and how many were left out as unpaired.
    """
    positive = table.positive
    if measure is Measure.AUC:
        raw, chosen = table.score, np.ones(len(positive), bool)
    elif measure is Measure.SENSITIVITY:
        raw, chosen = table.call, positive
    else:
        raw, chosen = 1.0 - table.call, ~positive
    raw = raw[:, :, chosen]
    values = pairs_only(raw)
    left_out = int(np.isfinite(raw).sum() - np.isfinite(values).sum())
    cases = np.isfinite(values).any(axis=(0, 1))
    reads = MeasureReads(
        measure,
        values[:, :, cases],
        positive[chosen][cases],
        Draws(draws.readers, draws.cases[:, chosen][:, cases]),
    )
    return reads, left_out


def measure_figures(
    table: StudyTable, measure: Measure, *, draws: Draws, covariance: CovarianceMethod
) -> MeasureFigures:
    """Compute all figures of one measure.

    Args:
        table: the study.
        measure: which one.
        draws: resamples of all readers and cases of the table.
        covariance: how covariances of AUCs are estimated.
    """
    reads, left_out = choose_reads(table, measure, draws)
    known = np.isfinite(reads.values)
    has_any: BoolArray = np.any(known, axis=(0, 2))
    own = figures_of_readers(table, reads, covariance)
    resampled = reads.resampled(reads.draws)
    point = reads.resampled(everything_once(*reads.values.shape[1:]))
    boot_arms, boot_difference = _bootstrap(point, resampled, reads.draws)
    labels = _labels(measure, table.arms, known)
    defined = np.isfinite(point[0]).all(axis=0)
    crossed = is_crossed(reads.values) and bool(defined[has_any].all())
    if not crossed:
        return MeasureFigures(
            measure, False, left_out,
            tuple(map(_bootstrap_only, labels, boot_arms)),
            _bootstrap_only(labels[-1], boot_difference) if boot_difference else None,
            None, None, own,
        )  # fmt: skip
    found = reads.reader_values(reads.values[:, has_any], covariance)
    analysis = analyse(found)
    method = Method.OR if analysis.readers_are_random else Method.ONE_READER
    arms = tuple(
        from_estimate(label, arm, method=method, limits=(0.0, 1.0), test=False, check=check)
        for label, arm, check in zip(labels, analysis.arms, boot_arms, strict=False)
    )
    difference = fixed = None
    if analysis.difference is not None:
        difference = from_estimate(
            labels[-1], analysis.difference, method=method, limits=(-1.0, 1.0), test=True,
            check=boot_difference,
        )  # fmt: skip
        fixed = from_estimate(
            labels[-1], analyse_fixed_readers(found), method=Method.FIXED_READERS,
            limits=(-1.0, 1.0), test=True,
        )  # fmt: skip
    return MeasureFigures(
        measure, True, left_out, arms, difference, fixed, analysis.components, own
    )


def figures_of_readers(
    table: StudyTable, reads: MeasureReads, covariance: CovarianceMethod
) -> tuple[ReaderFigures, ...]:
    """Compute each reader's own figures."""
    return tuple(
        figures_of_reader(
            name, reads.values[:, r], reads.positive, arms=table.arms,
            is_auc=reads.measure is Measure.AUC, covariance=covariance,
        )
        for r, name in enumerate(table.readers)
    )  # fmt: skip


def _bootstrap(
    point: FloatArray, resampled: FloatArray, draws: Draws
) -> tuple[tuple[BootstrapEstimate, ...], BootstrapEstimate | None]:
    """Summarise (1, A, R) and (B, A, R) figures: each arm's mean, and the difference."""
    _, arms, readers = point.shape
    once = everything_once(readers, 1)
    means = tuple(
        summarise(float(over_readers(point[:, a], once)[0]), over_readers(resampled[:, a], draws))
        for a in range(arms)
    )
    if arms < 2:
        return means, None
    value = float(_difference(point, once)[0])
    return means, summarise(value, _difference(resampled, draws), test=True)


def _difference(found: FloatArray, draws: Draws) -> FloatArray:
    """Mean over readers of second arm minus first; of the arms' means if no reader has both."""
    both = found[:, 1] - found[:, 0]
    if np.isfinite(both).any():
        return over_readers(both, draws)
    return over_readers(found[:, 1], draws) - over_readers(found[:, 0], draws)


def _labels(measure: Measure, arms: Sequence[Arm], known: BoolArray) -> list[Labelled]:
    name = MEASURE_LABELS[measure]
    labels = [
        Labelled(f"{measure}_{arm}", f"{name}, {ARM_LABELS[arm]}",
                 int(known[a].any(axis=1).sum()), int(known[a].any(axis=0).sum()))
        for a, arm in enumerate(arms)
    ]  # fmt: skip
    if len(arms) == 2:
        counts = int(known.any(axis=(0, 2)).sum()), int(known.any(axis=(0, 1)).sum())
        labels.append(Labelled(f"{measure}_difference", f"{name}, difference", *counts))
    return labels


def _bootstrap_only(label: Labelled, found: BootstrapEstimate) -> StudyFigure:
    method = Method.BOOTSTRAP if label.n_readers > 1 else Method.BOOTSTRAP_CASES
    return from_bootstrap(label, found, method=method, empty="no reader has such reads")
