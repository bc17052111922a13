"""Why an answer was given: which parts of an image it rests on. How, is in `inference.explain`.

What it shows and what it does not: docs/explanation/why-maps.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXPLANATION_NOTICE = (
    "The map shows on which parts of the image this network's answer rests: how far the answer "
    "moves when a part is covered with plain tissue. It does not show where disease is, nor that "
    "the answer is right."
)
"""The sentence that stands beside every map."""


@dataclass(frozen=True, slots=True)
class EvidenceShare:
    """How much of the evidence for an answer lies in one region, against the region's size.

    Attributes:
        evidence: share of the evidence for the answer that lies in the region, [0, 1].
        area: share of the image (of its scan area) that the region takes, [0, 1]: what evidence
            spread evenly would give.
        ratio: evidence over area; 1 is chance.
    """

    evidence: float
    area: float
    ratio: float


@dataclass(frozen=True, slots=True)
class EvidenceFigures:
    """The numbers of a map.

    Attributes:
        method: how the map was made, e.g. "occlusion, 7 x 7 patches of 64 x 64 px".
        target: name of the class whose log-odds were watched, as a rule the label.
        scale: log-odds (natural logarithm) that 1 on the map stands for: how far the map's
            strongest place moves the answer. 0 where no cover moves it.
        n_runs: network runs that the map took.
        lesion: the region inside the outline; None where nothing is outlined or nothing speaks
            for the answer.
        ring: the region around it, as wide as the map can tell apart; None likewise.
    """

    method: str
    target: str
    scale: float
    n_runs: int
    lesion: EvidenceShare | None = None
    ring: EvidenceShare | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A map of what speaks for and against an answer.

    Attributes:
        evidence: float32 (H, W) of the image in [-1, 1], in units of `figures.scale`: above 0
            the covered place had spoken for the target class, below 0 against it. 0 outside of
            the scan area.
        figures: its numbers.
        notice: what the map shows and does not show.
    """

    evidence: NDArray[np.float32]
    figures: EvidenceFigures
    notice: str = EXPLANATION_NOTICE
