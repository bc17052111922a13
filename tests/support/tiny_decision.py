"""A decision whose numbers are easy to work with by hand."""

from __future__ import annotations

import dataclasses

from sonolesion.bundle.decision import (
    ClassSets,
    Decision,
    MalignantPoint,
    Presence,
    RiskPoint,
    UnsureRule,
)


def make_decision(**changes: object) -> Decision:
    """Presence is sigmoid(a + b): the class head's log-odds plus the logit of the peak."""
    decision = Decision(
        presence=Presence(
            intercept=0.0, class_weight=1.0, peak_weight=1.0, n_lesion=60, n_normal=20
        ),
        malignant=MalignantPoint(
            threshold=0.3, sensitivity=0.95, specificity=0.85, n_malignant=20, n_other=60
        ),
        sets=ClassSets(coverage=0.95, min_prob=(0.4, 0.35, 0.25), n=(20, 40, 20)),
        unsure=UnsureRule(
            min_confidence=0.6,
            max_risk=0.05,
            sure_share=0.8,
            sure_risk=0.04,
            curve=(
                RiskPoint(min_confidence=0.9, coverage=0.5, risk=0.0),
                RiskPoint(min_confidence=0.4, coverage=1.0, risk=0.1),
            ),
        ),
    )
    return dataclasses.replace(decision, **changes)  # type: ignore[arg-type]
