"""Reader for BUSI and any folder of the same layout.

::

    DATASET/{benign,malignant,normal}/NAME.png        image
    DATASET/{benign,malignant,normal}/NAME_mask.png   its mask; more: NAME_mask_1.png, ...

Source: Al-Dhabyani et al., Dataset of breast ultrasound images, Data in Brief 28 (2020) 104863.
"""

from __future__ import annotations

import re
from pathlib import Path

from sonolesion.data.readers.listing import DatasetListing
from sonolesion.errors import DatasetError
from sonolesion.imaging.read import IMAGE_SUFFIXES
from sonolesion.types import Case, LesionClass

DATASET = "busi"
READ_ORDER = (LesionClass.BENIGN, LesionClass.MALIGNANT, LesionClass.NORMAL)
_MASK = re.compile(r"^(?P<stem>.+)_mask(?:_(?P<number>\d+))?$")


def is_busi(root: Path) -> bool:
    """Whether the folder holds one of the class folders, in any letter case."""
    names = {path.name.lower() for path in root.iterdir() if path.is_dir()}
    return not names.isdisjoint(label.value for label in LesionClass)


def list_busi(root: Path, *, allow_missing_classes: bool = False) -> DatasetListing:
    """List the cases of a folder in BUSI's layout, without decoding anything.

    Args:
        root: folder with `benign`, `malignant`, `normal` (any letter case).
        allow_missing_classes: list what is there instead of refusing an incomplete folder.

    Raises:
        DatasetError: not a folder, a class folder is missing, no image, or an id stands twice.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder. Give the folder that holds benign/, malignant/"
                           " and normal/.")  # fmt: skip
    folders = {p.name.lower(): p for p in sorted(root.iterdir()) if p.is_dir()}
    missing = tuple(c for c in LesionClass if c.value not in folders)
    if len(missing) == len(LesionClass) or (missing and not allow_missing_classes):
        found = ", ".join(sorted(p.name for p in folders.values())) or "none"
        raise DatasetError(
            f"{root}: expected the folders normal/, benign/ and malignant/; missing: "
            f"{', '.join(missing)} (found: {found}). Point to the folder that holds all three; for "
            "a set that lacks a class say `sonolesion prepare --allow-missing-classes`, or make an "
            "empty folder."
        )
    cases: list[Case] = []
    orphans: list[Path] = []
    odd: list[Path] = []
    for label in READ_ORDER:
        if label.value in folders:
            _list_class(folders[label.value], label, cases, orphans, odd)
    odd += [p for p in sorted(root.iterdir()) if p.is_file() and not p.name.startswith(".")]
    if not cases:
        raise DatasetError(f"{root}: no image found (looked for {', '.join(IMAGE_SUFFIXES)}).")
    _check_unique(root, cases)
    return DatasetListing(DATASET, root, tuple(cases), tuple(orphans), tuple(odd), missing)


def _list_class(
    folder: Path, label: LesionClass, cases: list[Case], orphans: list[Path], odd: list[Path]
) -> None:
    masks: dict[str, list[tuple[int, Path]]] = {}
    images: list[Path] = []
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.is_dir() or path.name.startswith("."):
            continue
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            odd.append(path)
        elif match := _MASK.match(path.stem):
            number = int(match["number"] or 0)
            masks.setdefault(match["stem"], []).append((number, path))
        else:
            images.append(path)
    for path in images:
        found = tuple(p for _, p in sorted(masks.pop(path.stem, [])))
        cases.append(Case(path.stem, DATASET, label, path, found))
    orphans += [p for group in masks.values() for _, p in group]


def _check_unique(root: Path, cases: list[Case]) -> None:
    seen: dict[str, Path] = {}
    for case in cases:
        if case.case_id in seen:
            raise DatasetError(
                f"{root}: the case id {case.case_id!r} stands twice ({seen[case.case_id].name} and "
                f"{case.image_path.parent.name}/{case.image_path.name}). Rename one of the files."
            )
        seen[case.case_id] = case.image_path
