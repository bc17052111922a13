"""What a network gave on cases that it was not trained on: all that calibration may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import InvalidInputError
from sonolesion.types import CLASS_INDEX, LesionClass

MIN_OF_CLASS = 19
"""Fewer cases have no twentieth part: they cannot say what 95 % of a class reach."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Outputs and truth of N held-out cases.

    Attributes:
        class_logits: float64 (N, 3), before the temperature, finite.
        lesion_peak: float64 (N,) in [0, 1], from `sonolesion.bundle.decision.measure_peak`.
        labels: integer (N,), class indices.
        groups: text (N,), what may not straddle a fold.
        datasets: text (N,), the data set of each case; None where all are of one.

    Raises:
        InvalidInputError: no case, unlike lengths, nan, or a value out of range.
    """

    class_logits: NDArray[np.float64]
    lesion_peak: NDArray[np.float64]
    labels: NDArray[np.int64]
    groups: NDArray[np.str_]
    datasets: NDArray[np.str_] | None = None

    def __post_init__(self) -> None:
        n = len(self.labels)
        shapes = (self.class_logits.shape, self.lesion_peak.shape, self.groups.shape)
        if n == 0 or shapes != ((n, len(LesionClass)), (n,), (n,)):
            raise InvalidInputError(
                "held-out outputs: expected logits (N, 3), peaks (N,), labels (N,) and groups "
                f"(N,) with N >= 1, got {', '.join(map(str, shapes))} and {self.labels.shape}."
            )
        if self.datasets is not None and self.datasets.shape != (n,):
            raise InvalidInputError(f"datasets: expected ({n},), got {self.datasets.shape}.")
        if not np.isfinite(self.class_logits).all():
            raise InvalidInputError("class_logits: expected finite values, got nan or infinity.")
        if not ((self.lesion_peak >= 0) & (self.lesion_peak <= 1)).all():
            raise InvalidInputError("lesion_peak: expected values in [0, 1].")
        is_index = self.labels.dtype.kind in "iu"
        if not is_index or self.labels.min() < 0 or self.labels.max() >= len(LesionClass):
            raise InvalidInputError("labels: expected integers from 0 to 2.")

    def count(self, label: LesionClass) -> int:
        """Number of cases of a class."""
        return int(np.count_nonzero(self.labels == CLASS_INDEX[label]))

    def select(self, chosen: NDArray[np.bool_]) -> HeldOut:
        """Return the cases that bool (N,) marks."""
        return HeldOut(
            self.class_logits[chosen],
            self.lesion_peak[chosen],
            self.labels[chosen],
            self.groups[chosen],
            None if self.datasets is None else self.datasets[chosen],
        )

    def with_normals(self) -> HeldOut:
        """Return the cases of the data sets that hold a normal one; all, where none does.

        How often there is a lesion can only be learned where both occur: a set of lesions alone
        would say "nearly always", which is how it was collected and nothing that is seen.
        """
        normal = self.labels == CLASS_INDEX[LesionClass.NORMAL]
        if self.datasets is None or not normal.any():
            return self
        return self.select(np.isin(self.datasets, self.datasets[normal]))

    def require(self, *labels: LesionClass) -> None:
        """Refuse held-out outputs that lack a class.

        Raises:
            InvalidInputError: a class has no case; all counts are named.
        """
        counts = ", ".join(f"{self.count(c)} {c.value}" for c in LesionClass)
        for label in labels:
            if self.count(label) == 0:
                raise InvalidInputError(
                    f"the held-out outputs have no {label.value} case ({counts}). Calibrate on a "
                    "part with benign and malignant cases."
                )


def populations(
    labels: NDArray[np.integer], datasets: NDArray[np.str_] | None, *, of: int
) -> list[NDArray[np.bool_]]:
    """All cases, and the cases of each data set that has `MIN_OF_CLASS` of a class.

    What holds for a mixture of data sets need not hold for any one of them; what is asked of each
    of these populations holds for the largest and the smallest alike.

    Args:
        labels: integer (N,), class indices.
        datasets: text (N,), the data set of each case; None for one.
        of: index of the class that must not be rare.

    Returns:
        bool (N,) each; the first one is True throughout.
    """
    found = [np.ones(len(labels), np.bool_)]
    for name in [] if datasets is None else np.unique(datasets):
        inside = np.asarray(datasets == name)
        if np.count_nonzero(labels[inside] == of) >= MIN_OF_CLASS:
            found.append(inside)
    return found


def join_held_out(parts: Sequence[HeldOut]) -> HeldOut:
    """Put the outputs of several models on several parts one after the other.

    Raises:
        InvalidInputError: no part.
    """
    if not parts:
        raise InvalidInputError("held-out outputs: expected at least one part, got none.")
    datasets = [part.datasets for part in parts if part.datasets is not None]
    return HeldOut(
        np.concatenate([part.class_logits for part in parts]),
        np.concatenate([part.lesion_peak for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.groups for part in parts]),
        np.concatenate(datasets) if len(datasets) == len(parts) else None,
    )
