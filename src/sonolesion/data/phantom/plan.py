"""Which case is what: labels, names and twins of a phantom data set, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonolesion.data.phantom.settings import PhantomSettings
from sonolesion.errors import InvalidInputError
from sonolesion.types import LesionClass


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One case to draw.

    Attributes:
        index: position in the data set, from 0.
        label: the class under which the case is saved.
        number: position within its class, from 1.
        twin_of: index of the original that this case repeats, None for an original.
        contradicts: whether a twin carries another label than its original.
    """

    index: int
    label: LesionClass
    number: int
    twin_of: int | None = None
    contradicts: bool = False

    @property
    def name(self) -> str:
        """File name without ending, as in BUSI.

        >>> PlannedCase(7, LesionClass.BENIGN, 4).name
        'benign (4)'
        """
        return f"{self.label.value} ({self.number})"


def plan_cases(count: int, *, seed: int, settings: PhantomSettings) -> tuple[PlannedCase, ...]:
    """Plan `count` cases.

    A longer plan begins with the shorter one: case k depends on `seed`, `settings` and k only.
    Labels follow the class fractions as evenly as they can at every length (each original takes
    the class that is furthest behind), so that even a dozen cases show all classes.

    Args:
        count: number of cases, 1 or more.
        seed: 0 or more.
        settings: class and twin fractions.

    Raises:
        InvalidInputError: `count` below 1 or `seed` below 0.

    >>> [c.name for c in plan_cases(4, seed=0, settings=PhantomSettings())]
    ['benign (1)', 'malignant (1)', 'benign (2)', 'normal (1)']
    """
    if count < 1 or seed < 0:
        raise InvalidInputError(f"need count >= 1 and seed >= 0, got {count=} and {seed=}.")
    shares = settings.class_shares()
    whole = sum(shares.values())
    drawn = dict.fromkeys(LesionClass, 0)
    saved = dict.fromkeys(LesionClass, 0)
    originals: list[PlannedCase] = []
    cases: list[PlannedCase] = []
    for index in range(count):
        rng = np.random.default_rng([seed, index, 1])
        twin_draw, source_draw, contradiction_draw = rng.random(3)
        if originals and twin_draw < settings.twin_fraction:
            source = originals[int(source_draw * len(originals))]
            lesion = source.label is not LesionClass.NORMAL
            contradicts = lesion and contradiction_draw < settings.contradiction_fraction
            label = _other(source.label) if contradicts else source.label
            case = PlannedCase(index, label, saved[label] + 1, source.index, bool(contradicts))
        else:
            total = sum(drawn.values()) + 1
            label = max(LesionClass, key=lambda c: shares[c] / whole * total - drawn[c])
            drawn[label] += 1
            case = PlannedCase(index, label, saved[label] + 1)
            originals.append(case)
        saved[case.label] += 1
        cases.append(case)
    return tuple(cases)


def _other(label: LesionClass) -> LesionClass:
    return LesionClass.BENIGN if label is LesionClass.MALIGNANT else LesionClass.MALIGNANT
