"""Which case is to be read first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNSURE_URGENCY = 0.5
"""What an answer that is not sure, or an image that was refused, counts at least."""

ALERT_URGENCY = 0.75
"""What an answer with a malignant alert counts at least."""


def urgency_of(row: Mapping[str, Any], *, n_warnings: int = 0) -> float:
    """Return 0 to 1: the probability of malignant; at least .5 where the answer is not sure.

    Not sure is: `unsure`, outline and class in disagreement, or a warning of the gate. At least
    .75 with a malignant alert, so that an alert stands before what is only not sure.

    >>> urgency_of({"class_prob": {"malignant": 0.1}, "unsure": True})
    0.5
    """
    urgency = float(row["class_prob"]["malignant"])
    if row.get("unsure") or row.get("disagreement") or n_warnings:
        urgency = max(urgency, UNSURE_URGENCY)
    if row.get("malignant_alert"):
        urgency = max(urgency, ALERT_URGENCY)
    return urgency
