"""Simulated studies after Roe and Metz: readers and cases drawn anew, with a known true AUC.

Decision score of a reader on a case in an arm = the arm's separation (malignant cases only)
+ reader + reader by arm + case + case by arm + reader by case + rest; all parts are normal and
independent, readers' parts are drawn for malignant and other cases apart.

Source: Roe and Metz, Acad Radiol 4 (1997) 298.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.evaluation.reader_study.read import ORDERED_CATEGORIES, Arm, Read
from sonolesion.types import LesionClass

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VarianceParts:
    """Variances of the decision score; those of cases and the rest add up to 1 as in the paper.

    Attributes:
        reader: of readers.
        reader_arm: of readers by arm.
        case: of cases.
        case_arm: of cases by arm.
        reader_case: of readers by cases.
        rest: of everything else.
    """

    reader: float
    reader_arm: float
    case: float
    case_arm: float
    reader_case: float
    rest: float

    @property
    def total(self) -> float:
        """Variance of a score of a reader and case drawn at random."""
        return (
            self.reader + self.reader_arm + self.case + self.case_arm + self.reader_case + self.rest
        )


STRUCTURES = {
    "HL": VarianceParts(0.006, 0.006, 0.3, 0.3, 0.2, 0.2),
    "LL": VarianceParts(0.006, 0.006, 0.1, 0.1, 0.2, 0.6),
    "HH": VarianceParts(0.030, 0.030, 0.3, 0.3, 0.2, 0.2),
    "LH": VarianceParts(0.030, 0.030, 0.1, 0.1, 0.2, 0.6),
    "aided": VarianceParts(0.030, 0.006, 0.45, 0.1, 0.25, 0.2),
}
"""Variance structures of the paper's kind: high or low correlation of the scores on one case, then
low or high variance of readers (the paper's own depends on the AUC; these do not). "aided" is an
assumption of ours: one image read twice, alone and with a hint, so that the arms are alike."""


@dataclass(frozen=True, slots=True)
class SimulatedStudy:
    """What is simulated.

    Attributes:
        n_readers: at least 1.
        n_malignant, n_other: at least 1 each.
        auc_alone, auc_with: true AUC of a reader drawn at random, between 0.5 and 1.
        parts: variances.
    """

    n_readers: int = 6
    n_malignant: int = 40
    n_other: int = 60
    auc_alone: float = 0.82
    auc_with: float = 0.88
    parts: VarianceParts = STRUCTURES["aided"]

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated.

        Raises:
            InvalidInputError: a number is out of range.
        """
        if min(self.n_readers, self.n_malignant, self.n_other) < 1:
            raise InvalidInputError(
                f"expected at least 1 reader and 1 case of each kind, got {self.n_readers}, "
                f"{self.n_malignant} malignant, {self.n_other} other."
            )
        for auc in (self.auc_alone, self.auc_with):
            if not 0.5 <= auc < 1.0:
                raise InvalidInputError(f"AUC: expected 0.5 or more and below 1, got {auc:g}.")

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Bool (N,): malignant cases first."""
        return np.arange(self.n_malignant + self.n_other) < self.n_malignant

    def separations(self) -> tuple[float, float]:
        """How far apart the two kinds of cases lie, alone and with: AUC = Phi(d / sqrt(2 var))."""
        spread = math.sqrt(2.0 * self.parts.total)
        alone, aided = (NormalDist().inv_cdf(a) * spread for a in (self.auc_alone, self.auc_with))
        return alone, aided


def simulate_scores(study: SimulatedStudy, rng: np.random.Generator) -> FloatArray:
    """Draw decision scores, float64 (2, R, N): alone and with, malignant cases first."""
    parts, readers, positive = study.parts, study.n_readers, study.positive
    n = len(positive)

    def draw(variance: float, *shape: int) -> FloatArray:
        return rng.normal(0.0, math.sqrt(variance), size=shape)

    own = draw(parts.reader, 1, readers, 2) + draw(parts.reader_arm, 2, readers, 2)  # (A, R, kind)
    scores = own[:, :, positive.astype(int)]
    scores += draw(parts.case, 1, 1, n) + draw(parts.case_arm, 2, 1, n)
    scores += draw(parts.reader_case, 1, readers, n) + draw(parts.rest, 2, readers, n)
    scores += np.array(study.separations())[:, None, None] * positive
    return scores


def simulate_reads(study: SimulatedStudy, *, seed: int) -> tuple[Read, ...]:
    """Draw a whole table of reads, to try things out; nobody has read anything.

    The score is the decision score turned into 0 to 100, the category follows from it by fixed
    steps, the time is log-normal. Half of the readers read alone first.
    """
    rng = np.random.default_rng(seed)
    scores = simulate_scores(study, rng)
    middle = float(np.mean(study.separations())) / 2.0
    spread = math.sqrt(study.parts.total)
    kinds = [
        LesionClass.MALIGNANT if p else LesionClass.BENIGN if i % 3 else LesionClass.NORMAL
        for i, p in enumerate(study.positive)
    ]
    order = rng.permutation(len(kinds))  # so that a case's name does not tell what it is
    reads: list[Read] = []
    for r in range(study.n_readers):
        pace = rng.normal(math.log(45.0), 0.25)
        for a, arm in enumerate(Arm):
            session = 1 + (a if r % 2 == 0 else 1 - a)
            queue = rng.permutation(len(kinds))
            for place, n in enumerate(queue.tolist(), start=1):
                percent = 100.0 * NormalDist().cdf((scores[a, r, n] - middle) / spread)
                seconds = math.exp(pace - (0.15 if arm is Arm.WITH else 0.0) + rng.normal(0.0, 0.4))
                reads.append(
                    Read(
                        line=0, study="example", reader=f"reader-{r + 1}",
                        case=f"case-{order[n] + 1:03d}", arm=arm, session=str(session),
                        order=str(place), birads=_category(percent), score=round(percent),
                        seconds=round(seconds, 1), truth=kinds[n],
                    )
                )  # fmt: skip
    return tuple(reads)


def _category(percent: float) -> str:
    """Put a score into a category; these steps are for the example only."""
    steps = (15.0, 30.0, 50.0, 65.0, 80.0, 92.0)
    return ORDERED_CATEGORIES[: len(steps) + 1][sum(percent >= step for step in steps)]
