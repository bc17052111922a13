"""Why an object gets no answer: a word for programs, a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why an object was refused, or given up."""

    OWN_RESULT = "own_result"
    """It is a result of this program that came back."""
    DERIVED = "derived"
    """It was derived from an image that is in the queue already."""
    NOT_ULTRASOUND = "not_ultrasound"
    """A picture of another modality."""
    NO_PIXELS = "no_pixels"
    """A report, a document, or another object without a picture."""
    DOPPLER = "doppler"
    """No 2D image of tissue, or one that is covered with colour."""
    NOT_DECODABLE = "not_decodable"
    """Pixels of a kind or compression that is not read."""
    DAMAGED = "damaged"
    """Truncated, or contradicting itself."""
    SIZE = "size"
    """Too small or too large."""
    NOT_B_MODE = "not_b_mode"
    """Its content is no B-mode ultrasound."""
    NO_IDENTIFIER = "no_identifier"
    """It lacks an identifier that results must refer to."""
    CRASHED = "crashed"
    """The reader ended over it, twice."""
    TOO_SLOW = "too_slow"
    """The reading took too long, twice."""
    LOST = "lost"
    """Its file is gone from the node's folder."""
    NOT_SENT = "not_sent"
    """The PACS did not take the results in time."""
    DROPPED = "dropped"
    """Given up, and dropped by hand."""


QUIET = (Reason.OWN_RESULT, Reason.DERIVED)
"""Not worth a line: a PACS that sends whole studies brings them with each."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal.

    Attributes:
        reason: the word.
        message: a sentence that names no patient and no UID.
    """

    reason: Reason
    message: str
