"""One reader's own figures: cases are random, the reader is this one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.evaluation.reader_study.obuchowski_rockette import RandomEstimate, estimate
from sonolesion.evaluation.reader_study.read import Arm
from sonolesion.evaluation.reader_study.reader_values import (
    CovarianceMethod,
    ReaderValues,
    auc_values,
    share_values,
)
from sonolesion.evaluation.reader_study.study_figure import (
    Labelled,
    Method,
    StudyFigure,
    from_estimate,
    none_if_nan,
)
from sonolesion.metrics import wilson_interval

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
_EMPTY = "no such reads"


@dataclass(frozen=True, slots=True)
class ReaderFigures:
    """One reader's figures of one measure.

    Attributes:
        reader: name.
        arms: one figure per arm of the study.
        difference: with the model minus alone; None with one arm.
    """

    reader: str
    arms: tuple[StudyFigure, ...]
    difference: StudyFigure | None


def figures_of_reader(
    reader: str,
    values: FloatArray,
    positive: BoolArray,
    *,
    arms: Sequence[Arm],
    is_auc: bool,
    covariance: CovarianceMethod,
) -> ReaderFigures:
    """Compute one reader's figure in each arm and the difference.

    Args:
        reader: name.
        values: float64 (A, N): scores, or 1 for right and 0 for wrong; nan where there is none.
        positive: bool (N,).
        arms: A arms.
        is_auc: an AUC of scores, else a share.
        covariance: for the AUC.
    """
    known = np.isfinite(values)
    single = tuple(
        _one_arm(arm, values[a, known[a]], positive[known[a]], is_auc, covariance)
        for a, arm in enumerate(arms)
    )
    difference = None
    if len(arms) == 2:
        both = known.all(axis=0)
        label = Labelled("difference", "difference", 1, int(both.sum()))
        found = _difference(values[:, both], positive[both], is_auc, covariance)
        difference = from_estimate(
            label, found, method=Method.ONE_READER, limits=(-1.0, 1.0), test=True
        )
    return ReaderFigures(reader, single, difference)


def _one_arm(
    arm: Arm, values: FloatArray, positive: BoolArray, is_auc: bool, covariance: CovarianceMethod
) -> StudyFigure:
    label = Labelled(arm.value, arm.value, 1, len(values))
    if is_auc:
        if positive.all() or not positive.any():
            return _undefined(label)
        found = auc_values(values[None, None], positive, method=covariance)
        variance = float(found.covariance[0, 0, 0, 0])
        error = math.sqrt(max(variance, 0.0)) if math.isfinite(variance) else math.nan
        return from_estimate(
            label, estimate(float(found.values[0, 0]), error, math.inf),
            method=Method.ONE_READER, limits=(0.0, 1.0), test=False,
        )  # fmt: skip
    if not len(values):
        return _undefined(label)
    wilson = wilson_interval(int(values.sum()), len(values))
    return StudyFigure(
        label.key, label.label, wilson.value, wilson.low, wilson.high, None, None, None,
        Method.WILSON, 1, len(values),
    )  # fmt: skip


def _difference(
    values: FloatArray, positive: BoolArray, is_auc: bool, covariance: CovarianceMethod
) -> RandomEstimate:
    one_kind = not len(positive) or positive.all() or not positive.any()
    if not len(positive) or (is_auc and one_kind):
        return RandomEstimate(math.nan, math.nan, math.inf, math.nan, math.nan, math.nan)
    stacked = values[:, None, :]
    found: ReaderValues = (
        auc_values(stacked, positive, method=covariance) if is_auc else share_values(stacked)
    )
    cov = found.covariance[:, 0, :, 0]
    variance = float(cov[0, 0] + cov[1, 1] - 2.0 * cov[0, 1])
    error = math.sqrt(max(variance, 0.0)) if math.isfinite(variance) else math.nan
    return estimate(float(found.values[1, 0] - found.values[0, 0]), error, math.inf)


def _undefined(label: Labelled) -> StudyFigure:
    return StudyFigure(
        label.key, label.label, none_if_nan(math.nan), None, None, None, None, None,
        Method.NONE, 1, label.n_cases, reason=_EMPTY,
    )  # fmt: skip
