"""Why an object gets no answer: a word for programs, a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sonolesion.errors import DeliveryError, ImageCrashError, ImageTimeError, UnsupportedImageError


class Reason(StrEnum):
    """Why an object was refused, or given up."""

    OWN_RESULT = "own_result"
    """It is a result of this program that came back."""
    DERIVED = "derived"
    """It was derived from an image that was read already."""
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
    LOST = "lost"
    """Its file is gone from the node's folder."""
    CRASHED = "crashed"
    """The reader ended over it, twice; given up."""
    TOO_SLOW = "too_slow"
    """The reading took too long, twice; given up."""
    NOT_SENT = "not_sent"
    """The PACS did not take a result; given up."""
    NOT_WRITTEN = "not_written"
    """Its results cannot be written (disk full?); it is tried again."""
    NOT_STARTED = "not_started"
    """The process that reads cannot be started; it is tried again."""
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
        code: of the error, as in `sonolesion.errors`.
    """

    reason: Reason
    message: str
    code: str = UnsupportedImageError.code


CRASHED = Refusal(
    Reason.CRASHED, "the reader ended over this object; others go on", ImageCrashError.code
)
TOO_SLOW = Refusal(Reason.TOO_SLOW, "reading took longer than read.timeout_s", ImageTimeError.code)
LOST = Refusal(Reason.LOST, "its file is gone from the node's folder; send it again")
DROPPED = Refusal(Reason.DROPPED, "given up, and dropped by hand", DeliveryError.code)
