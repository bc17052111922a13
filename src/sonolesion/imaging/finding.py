"""What the input gate says of a picture: a reason, and how much it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """WARN is written beside the result; REFUSE means that there is no result."""

    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is odd about a picture.

    Attributes:
        subject: what was looked at, one word: "size", "content", "colour", "grain", "evenness",
            "brightness", "flatness", "paper", "dual view", "orientation" or "features".
        severity: a remark, or a refusal.
        reason: for people, with the number that was measured.
    """

    subject: str
    severity: Severity
    reason: str
