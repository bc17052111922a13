"""Figures of a bundle's joint decision: is its "unsure" worth something, do its promises hold?

All thresholds are the bundle's own, frozen before these cases were seen. A case without a
prediction counts as a sure and wrong answer, as everywhere (see `case_table`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sonolesion.bundle import Decision
from sonolesion.evaluation.case_table import CaseResult
from sonolesion.evaluation.estimate import Estimate, Estimator
from sonolesion.types import LesionClass

UNFITTED_PRESENCE = (
    "The bundle's decision was fitted without normals: whether there is a lesion is the class "
    "head's own, uncalibrated answer."
)


def decision_figures(
    results: Sequence[CaseResult], decision: Decision, estimator: Estimator
) -> tuple[Estimate, ...]:
    """Estimate the decision's figures on cases that the bundle's predictor has answered.

    The labels state what the held-out cases promised.
    """
    unsure, point = decision.unsure, decision.malignant
    sure = [r for r in results if not r.unsure]
    answered = [r for r in results if r.predicted is not None]
    malignant = [r for r in results if r.label is LesionClass.MALIGNANT]
    others = [r for r in results if r.label is not LesionClass.MALIGNANT]
    return (
        estimator.rate(
            "unsure_share",
            f"Unsure, have it read (held out {1 - unsure.sure_share:.3f})",
            flags=[r.unsure for r in results],
            groups=[r.group for r in results],
        ),
        estimator.rate(
            "accuracy_sure",
            f"Accuracy of the sure ones (held out {1 - unsure.sure_risk:.3f})",
            flags=[r.counted_class is r.label for r in sure],
            groups=[r.group for r in sure],
            empty="no answer is sure",
        ),
        *(_coverage(results, label, decision, estimator) for label in LesionClass),
        estimator.mean(
            "mean_set_size",
            "Mean size of the prediction set",
            values=[float(len(r.prediction_set)) for r in answered],
            groups=[r.group for r in answered],
            unit="classes",
            empty="no case has a prediction",
        ),
        estimator.rate(
            "sensitivity_frozen",
            f"Sensitivity, malignant at or above the frozen {point.threshold:.3f} (held out "
            f"{point.sensitivity:.3f}, n = {point.n_malignant})",
            flags=[r.malignant_alert for r in malignant],
            groups=[r.group for r in malignant],
            empty="no malignant case",
        ),
        estimator.rate(
            "specificity_frozen",
            f"Specificity, malignant at or above the frozen {point.threshold:.3f} (held out "
            f"{point.specificity:.3f}, n = {point.n_other})",
            flags=[r.predicted is not None and not r.malignant_alert for r in others],
            groups=[r.group for r in others],
            empty="malignant cases only",
        ),
    )


def _coverage(
    results: Sequence[CaseResult], label: LesionClass, decision: Decision, estimator: Estimator
) -> Estimate:
    chosen = [r for r in results if r.label is label]
    return estimator.rate(
        f"set_coverage_{label}",
        f"{label.capitalize()} cases whose set holds {label} (promised "
        f"{decision.sets.guaranteed(label):.3f})",
        flags=[label in r.prediction_set for r in chosen],
        groups=[r.group for r in chosen],
        empty=f"no {label} case",
    )
