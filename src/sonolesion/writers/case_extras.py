"""What a case can have beyond mask, text and pictures, for who asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sonolesion.errors import InvalidInputError


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


def parse_extras(*, explain: bool, reports: Iterable[str]) -> CaseExtras:
    """Read what a command line asks for; a form named twice counts once.

    Raises:
        InvalidInputError: no such form of a report.

    >>> parse_extras(explain=False, reports=["PDF", "html", "pdf"]).reports
    (<ReportKind.PDF: 'pdf'>, <ReportKind.HTML: 'html'>)
    """
    known = {kind.value: kind for kind in ReportKind}
    kinds: dict[ReportKind, None] = {}
    for text in reports:
        kind = known.get(text.lower())
        if kind is None:
            raise InvalidInputError(f"--report: expected {' or '.join(known)}, got {text!r}.")
        kinds[kind] = None
    return CaseExtras(explain, tuple(kinds))
