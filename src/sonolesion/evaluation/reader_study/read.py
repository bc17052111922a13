"""One read: what a reader said of a case, in one arm."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sonolesion.types import LesionClass


class Arm(StrEnum):
    """Whether the reader saw the model's answer."""

    ALONE = "alone"
    WITH = "with"


BIRADS_CATEGORIES = ("0", "1", "2", "3", "4A", "4B", "4C", "5", "6")
"""Categories as they are written in a table. 0 (incomplete) has no place in the order."""

ORDERED_CATEGORIES = BIRADS_CATEGORIES[1:]
"""From the least to the most suspicious; the index is the rank."""


@dataclass(frozen=True, slots=True)
class CallRule:
    """How a category becomes a call where the reader made none.

    Attributes:
        positive_from: the least category that counts as "malignant", one of `ORDERED_CATEGORIES`.
        zero_is_positive: whether category 0 does: it sends a patient to further imaging, as a
            positive finding does.
    """

    positive_from: str = "4A"
    zero_is_positive: bool = True

    def call(self, read: Read) -> bool | None:
        """Return the reader's own call, else the category's, else None."""
        if read.malignant_call is not None or not read.birads:
            return read.malignant_call
        if read.birads == "0":
            return self.zero_is_positive
        rank = ORDERED_CATEGORIES.index
        return rank(read.birads) >= rank(self.positive_from)

    def text(self) -> str:
        """Say the rule in a sentence."""
        zero = "counts" if self.zero_is_positive else "does not count"
        return (
            f"Without a malignant_call, BI-RADS {self.positive_from} or higher counts as a call of "
            f"malignant; category 0 {zero} as one."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One row of the table of reads.

    Attributes:
        line: where it stands in the file.
        study, reader, case: names; `study` may be empty.
        arm: alone or with the model.
        session, order: as written; may be empty.
        birads: one of `BIRADS_CATEGORIES`, or empty.
        score: probability of malignancy in percent, 0 to 100; None where empty.
        malignant_call: the reader's own call; None where empty.
        seconds: time of the read, above 0; None where empty.
        truth: what the case is; None where empty.
    """

    line: int
    study: str
    reader: str
    case: str
    arm: Arm
    session: str = ""
    order: str = ""
    birads: str = ""
    score: float | None = None
    malignant_call: bool | None = None
    seconds: float | None = None
    truth: LesionClass | None = None

    @property
    def key(self) -> tuple[str, str, Arm]:
        """What may stand once in a table."""
        return (self.reader, self.case, self.arm)
