"""Classification figures: decisions, ranking, operating points and calibration.

A case without a prediction counts as the worst answer (see `case_table`), so that every figure
here is over all cases of the part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonolesion.evaluation.case_table import CaseResult
from sonolesion.evaluation.estimate import Estimate, Estimator, figure_named
from sonolesion.metrics import (
    Average,
    ReliabilityBins,
    average_precision,
    average_scores,
    brier_score,
    class_scores,
    confusion_matrix,
    expected_calibration_error,
    malignant_vs_benign_auc,
    reliability_bins,
    roc_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from sonolesion.types import CLASS_INDEX, LesionClass

HELD_SPECIFICITY = 0.90
HELD_SENSITIVITY = 0.95
CALIBRATION_BINS = 10

_MALIGNANT = CLASS_INDEX[LesionClass.MALIGNANT]
Statistic = Callable[[NDArray[np.int64]], float]


@dataclass(frozen=True, slots=True)
class ClassTable:
    """Truth and answers of N cases as arrays.

    Attributes:
        truth, predicted: int64 (N,), class indices.
        class_prob: float64 (N, 3), rows sum to 1.
        groups: (N,) group names.
    """

    truth: NDArray[np.int64]
    predicted: NDArray[np.int64]
    class_prob: NDArray[np.float64]
    groups: tuple[str, ...]

    def is_class(self, label: LesionClass) -> NDArray[np.bool_]:
        """Flag the cases whose truth is `label`, bool (N,)."""
        return np.equal(self.truth, CLASS_INDEX[label])


@dataclass(frozen=True, slots=True)
class ClassificationFigures:
    """All classification figures of a part.

    Attributes:
        overall: accuracy, weighted precision, recall, F1, macro F1.
        per_class: for each class its precision, recall, F1, AUC and average precision.
        ranking: malignant against benign, and the operating points of malignant against the rest.
        calibration: expected calibration error and Brier score.
        confusion: int64 (3, 3), rows true, columns counted.
        bins: reliability bins of equal width.
    """

    overall: tuple[Estimate, ...]
    per_class: dict[LesionClass, tuple[Estimate, ...]]
    ranking: tuple[Estimate, ...]
    calibration: tuple[Estimate, ...]
    confusion: NDArray[np.int64]
    bins: ReliabilityBins


def class_table(results: Sequence[CaseResult]) -> ClassTable:
    """Collect the classes and probabilities that figures count."""
    return ClassTable(
        truth=np.array([CLASS_INDEX[r.label] for r in results], np.int64),
        predicted=np.array([CLASS_INDEX[r.counted_class] for r in results], np.int64),
        class_prob=np.array([r.counted_prob for r in results], np.float64).reshape(-1, 3),
        groups=tuple(r.group for r in results),
    )


def classification_figures(table: ClassTable, estimator: Estimator) -> ClassificationFigures:
    """Estimate every classification figure of a part with at least one case."""
    per_class = {label: _of_class(table, label, estimator) for label in LesionClass}
    malignant_auc = figure_named(per_class[LesionClass.MALIGNANT], "auc_malignant")
    return ClassificationFigures(
        overall=_overall(table, estimator),
        per_class=per_class,
        ranking=_ranking(table, malignant_auc, estimator),
        calibration=_calibration(table, estimator),
        confusion=confusion_matrix(table.truth, table.predicted),
        bins=reliability_bins(table.truth, table.class_prob, n_bins=CALIBRATION_BINS),
    )


def _overall(table: ClassTable, estimator: Estimator) -> tuple[Estimate, ...]:
    def averaged(average: Average, name: str) -> Statistic:
        def of(cases: NDArray[np.int64]) -> float:
            counts = confusion_matrix(table.truth[cases], table.predicted[cases])
            return float(getattr(average_scores(class_scores(counts), average), name))

        return of

    right = (table.truth == table.predicted).tolist()
    accuracy = estimator.rate(
        "accuracy", f"Accuracy ({sum(right)} of {len(right)})", flags=right, groups=table.groups
    )
    rows: list[tuple[str, str, Statistic]] = [
        ("precision_weighted", "Precision, weighted", averaged(Average.WEIGHTED, "precision")),
        ("f1_weighted", "F1, weighted", averaged(Average.WEIGHTED, "f1")),
        ("f1_macro", "F1, mean of classes", averaged(Average.MACRO, "f1")),
    ]
    precision, f1, f1_macro = (
        estimator.statistic(k, text, of=of, groups=table.groups, empty="no case")
        for k, text, of in rows
    )
    # Recall weighted by support is accuracy, case for case.
    recall = replace(accuracy, key="recall_weighted", label="Recall, weighted")
    return accuracy, precision, recall, f1, f1_macro


def _of_class(table: ClassTable, label: LesionClass, estimator: Estimator) -> tuple[Estimate, ...]:
    index, positive = CLASS_INDEX[label], table.is_class(label)
    given, scores = np.equal(table.predicted, index), table.class_prob[:, index]

    def f1(cases: NDArray[np.int64]) -> float:
        counts = confusion_matrix(table.truth[cases], table.predicted[cases])
        return float(class_scores(counts, zero_division=float("nan")).f1[index])

    def share(name: str, *, of: NDArray[np.bool_], empty: str) -> Estimate:
        chosen = np.flatnonzero(of).tolist()
        return estimator.rate(
            f"{name}_{label}", name.capitalize(), empty=empty,
            flags=[bool(positive[i] and given[i]) for i in chosen],
            groups=[table.groups[i] for i in chosen],
        )  # fmt: skip

    rows: list[tuple[str, str, Statistic, str]] = [
        ("f1", "F1", f1, f"no {label} case, true or predicted"),
        ("auc", "AUC against the rest", lambda c: roc_auc(positive[c], scores[c]),
         f"needs {label} cases and others"),
        ("average_precision", "Average precision",
         lambda c: average_precision(positive[c], scores[c]), f"no {label} case"),
    ]  # fmt: skip
    return (
        share("precision", of=given, empty=f"no case was read as {label}"),
        share("recall", of=positive, empty=f"no {label} case"),
        *(
            estimator.statistic(f"{k}_{label}", text, of=of, groups=table.groups, empty=empty)
            for k, text, of, empty in rows
        ),
    )


def _ranking(
    table: ClassTable, malignant_auc: Estimate, estimator: Estimator
) -> tuple[Estimate, ...]:
    malignant, scores = table.is_class(LesionClass.MALIGNANT), table.class_prob[:, _MALIGNANT]
    lesions = np.flatnonzero(~table.is_class(LesionClass.NORMAL))

    def versus_benign(cases: NDArray[np.int64]) -> float:
        chosen = lesions[cases]
        return malignant_vs_benign_auc(table.truth[chosen], table.class_prob[chosen])

    def sensitivity(cases: NDArray[np.int64]) -> float:
        return sensitivity_at_specificity(
            malignant[cases], scores[cases], specificity=HELD_SPECIFICITY
        ).sensitivity

    def specificity(cases: NDArray[np.int64]) -> float:
        return specificity_at_sensitivity(
            malignant[cases], scores[cases], sensitivity=HELD_SENSITIVITY
        ).specificity

    both = "needs malignant cases and others"
    return (
        estimator.statistic(
            "auc_malignant_vs_benign", "AUC, malignant against benign", of=versus_benign,
            groups=[table.groups[i] for i in lesions.tolist()],
            empty="needs malignant and benign cases",
        ),
        replace(
            malignant_auc, key="auc_malignant_vs_rest", label="AUC, malignant against the rest"
        ),
        estimator.statistic(
            "sensitivity_at_specificity_90", "Sensitivity at specificity 0.90, malignant",
            of=sensitivity, groups=table.groups, empty=both,
        ),
        estimator.statistic(
            "specificity_at_sensitivity_95", "Specificity at sensitivity 0.95, malignant",
            of=specificity, groups=table.groups, empty=both,
        ),
    )  # fmt: skip


def _calibration(table: ClassTable, estimator: Estimator) -> tuple[Estimate, ...]:
    def ece(cases: NDArray[np.int64]) -> float:
        return expected_calibration_error(
            table.truth[cases], table.class_prob[cases], n_bins=CALIBRATION_BINS
        )

    def brier(cases: NDArray[np.int64]) -> float:
        return brier_score(table.truth[cases], table.class_prob[cases])

    return (
        estimator.statistic(
            "ece", f"Calibration error ({CALIBRATION_BINS} bins of equal width)", of=ece,
            groups=table.groups, empty="no case",
        ),
        estimator.statistic(
            "brier", "Brier score (0 best, 2 worst)", of=brier, groups=table.groups, empty="no case"
        ),
    )  # fmt: skip
