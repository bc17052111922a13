"""What every reader returns: the cases of a raw data set, as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sonolesion.types import Case, LesionClass


@dataclass(frozen=True, slots=True)
class DatasetListing:
    """What a raw data set holds; nothing is decoded for it.

    Attributes:
        dataset: name of the data set, as in `Case.dataset`.
        root: the data set's folder; every path below starts with it.
        cases: BUSI: benign, malignant, normal, by file name inside a class (the order that the
            published split rests on). Others: by case id.
        orphan_masks: mask files that belong to no case.
        odd_files: files that are neither image nor mask nor part of the layout.
        missing_classes: classes whose folder should be there and is not (BUSI only).
    """

    dataset: str
    root: Path
    cases: tuple[Case, ...]
    orphan_masks: tuple[Path, ...] = ()
    odd_files: tuple[Path, ...] = ()
    missing_classes: tuple[LesionClass, ...] = ()
