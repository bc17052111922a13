"""The checks of the field "decision" of `bundle.json`, one table per part of a `Decision`."""

from __future__ import annotations

from sonolesion.bundle.decision import (
    ClassSets,
    Decision,
    MalignantPoint,
    Presence,
    RiskPoint,
    UnsureRule,
)
from sonolesion.bundle.fields import integer, number, record, rows
from sonolesion.types import CLASS_NAMES

MAX_CURVE_POINTS = 100

_MAX_WEIGHT = 1e6
_SHARE = number(0.0, 1.0)
_COUNT = integer(0, 10**9)
_N_CLASSES = len(CLASS_NAMES)

_PRESENCE = record(
    Presence,
    {
        "intercept": number(-_MAX_WEIGHT, _MAX_WEIGHT),
        "class_weight": number(0.0, _MAX_WEIGHT),
        "peak_weight": number(0.0, _MAX_WEIGHT),
        "threshold": number(0.0, 1.0, ends="()"),
        "n_lesion": _COUNT,
        "n_normal": _COUNT,
    },
)
_MALIGNANT = record(
    MalignantPoint,
    {
        "threshold": _SHARE,
        "sensitivity": _SHARE,
        "specificity": _SHARE,
        "n_malignant": _COUNT,
        "n_other": _COUNT,
    },
)
_SETS = record(
    ClassSets,
    {
        "coverage": number(0.0, 1.0, ends="()"),
        "min_prob": rows(_SHARE, least=_N_CLASSES, most=_N_CLASSES),
        "n": rows(_COUNT, least=_N_CLASSES, most=_N_CLASSES),
    },
)
_RISK_POINT = record(RiskPoint, {"min_confidence": _SHARE, "coverage": _SHARE, "risk": _SHARE})
_UNSURE = record(
    UnsureRule,
    {
        "min_confidence": number(0.5, 1.0),
        "max_risk": _SHARE,
        "sure_share": _SHARE,
        "sure_risk": _SHARE,
        "curve": rows(_RISK_POINT, least=1, most=MAX_CURVE_POINTS),
    },
)

check_decision = record(
    Decision, {"presence": _PRESENCE, "malignant": _MALIGNANT, "sets": _SETS, "unsure": _UNSURE}
)
"""Takes the JSON object of a decision and returns it as a `Decision`."""
