"""What a case can have beyond mask, text and pictures, for who asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReportKind(StrEnum):
    """A page about one case; the value is the ending of its file."""

    HTML = "html"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class CaseExtras:
    """What is made of each image, beyond what always is.

    Attributes:
        explain: a map of what the answer rests on, with its picture; 49 network runs an image.
        reports: one page about each image, in these forms.
    """

    explain: bool = False
    reports: tuple[ReportKind, ...] = ()

    def identity(self) -> dict[str, object]:
        """What of this changes results, as JSON values; a run goes on only with the same."""
        return {"explain": self.explain, "reports": sorted(kind.value for kind in self.reports)}


NO_EXTRAS = CaseExtras()
