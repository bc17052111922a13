"""When to say "unsure, have it read": a threshold from the held-out coverage-risk curve.

Source: Geifman and El-Yaniv, Selective Classification for Deep Neural Networks, NeurIPS 2017.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sonolesion.bundle.decision import ClassSets, RiskPoint, UnsureRule, find_sets, is_only_label
from sonolesion.errors import InvalidInputError

MAX_RISK = 0.05
CURVE_POINTS = 20

_LEAST_CONFIDENCE = 0.5
"""An answer that is more likely wrong than right is never sure."""


def fit_unsure(
    class_prob: NDArray[np.float64],
    labels: NDArray[np.integer],
    *,
    sets: ClassSets,
    max_risk: float = MAX_RISK,
) -> UnsureRule:
    """Find the lowest confidence at which the sure answers are wrong in at most `max_risk`.

    Sure are the answers whose set holds their label and nothing else, with at least that
    confidence. The lowest threshold, so that as few images as possible are given to a reader;
    0.5 at least; 1 where even the most confident answers are wrong too often.

    Args:
        class_prob: joint probabilities float64 (N, 3) of held-out cases, N >= 1.
        labels: integer (N,), class indices.
        sets: the sets fitted on the same cases.
        max_risk: share of wrong answers allowed among the sure ones, [0, 1].

    Raises:
        InvalidInputError: no case, another shape, or a risk out of range.
    """
    if len(labels) == 0 or class_prob.shape[:1] != labels.shape:
        raise InvalidInputError(
            f"expected class_prob (N, 3) and labels (N,) with N >= 1, got {class_prob.shape} and "
            f"{labels.shape}."
        )
    if not 0.0 <= max_risk <= 1.0:
        raise InvalidInputError(f"max_risk: expected a number in [0, 1], got {max_risk}.")
    predicted = class_prob.argmax(axis=1)
    confidence, is_wrong = class_prob.max(axis=1), predicted != labels
    may_be_sure = is_only_label(find_sets(sets, class_prob), predicted)

    def risk_from(least: float) -> float:
        kept = may_be_sure & (confidence >= least)
        return float(is_wrong[kept].mean()) if kept.any() else math.inf

    steps = np.unique(confidence[may_be_sure & (confidence > _LEAST_CONFIDENCE)]).tolist()
    steps = [_LEAST_CONFIDENCE, *steps]
    min_confidence = next((least for least in steps if risk_from(least) <= max_risk), 1.0)
    sure = may_be_sure & (confidence >= min_confidence)
    return UnsureRule(
        min_confidence=min_confidence,
        max_risk=max_risk,
        sure_share=float(sure.mean()),
        sure_risk=float(is_wrong[sure].mean()) if sure.any() else 0.0,
        curve=trace_risk(confidence, is_wrong),
    )


def trace_risk(
    confidence: NDArray[np.float64], is_wrong: NDArray[np.bool_]
) -> tuple[RiskPoint, ...]:
    """Coverage and risk at 20 even steps of coverage; fewer where confidences are tied.

    Args:
        confidence: float64 (N,) in [0, 1], N >= 1.
        is_wrong: bool (N,).

    >>> [p.risk for p in trace_risk(np.array([0.9, 0.6]), np.array([False, True]))]
    [0.0, 0.5]
    """
    falling = np.sort(confidence)[::-1]
    ranks = [math.ceil(k * len(falling) / CURVE_POINTS) - 1 for k in range(1, CURVE_POINTS + 1)]
    points = []
    for least in dict.fromkeys(falling[ranks].tolist()):
        kept = confidence >= least
        points.append(
            RiskPoint(
                min_confidence=least,
                coverage=float(kept.mean()),
                risk=float(is_wrong[kept].mean()),
            )
        )
    return tuple(points)
