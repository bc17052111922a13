"""The one way into a raw data set: recognise its layout, then list its cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sonolesion.data.readers.breast import is_breast, list_breast
from sonolesion.data.readers.bus_bra import is_bus_bra, list_bus_bra
from sonolesion.data.readers.bus_uclm import is_bus_uclm, list_bus_uclm
from sonolesion.data.readers.busi import is_busi, list_busi
from sonolesion.data.readers.listing import DatasetListing
from sonolesion.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout that is recognised.

    Attributes:
        title: name of the data set that has it.
        contents: what its folder holds, for messages.
        fits: whether a folder has it, judged by names alone.
    """

    title: str
    contents: str
    fits: Callable[[Path], bool]


_BUSI = Layout("BUSI", "benign/, malignant/, normal/ with NAME.png and NAME_mask.png", is_busi)
_OTHERS: dict[Layout, Callable[[Path], DatasetListing]] = {
    Layout("BUS-BRA", "Images/, Masks/ and bus_data.csv", is_bus_bra): list_bus_bra,
    Layout("BrEaST", "case001.png, case001_tumor.png and the clinical table", is_breast):
        list_breast,
    Layout("BUS-UCLM", "images/, masks/ and INFO.csv", is_bus_uclm): list_bus_uclm,
}  # fmt: skip
LAYOUTS: tuple[Layout, ...] = (_BUSI, *_OTHERS)
"""All layouts that are read."""


def list_dataset(root: Path, *, allow_missing_classes: bool = False) -> DatasetListing:
    """List the cases of a raw data set in any known layout, without decoding anything.

    Args:
        root: the data set's folder; only read.
        allow_missing_classes: for BUSI's layout, go on without a class folder. The others need
            none: which classes there are is for their tables to say.

    Raises:
        DatasetError: not a folder, no known layout or several, or the folder is not complete.
        MissingExtraError: a table needs a package that is not installed.
    """
    if not root.is_dir():
        raise DatasetError(f"{root}: no such folder. Give the folder of a raw data set.")
    try:
        layout = _recognise(root)
        if layout is _BUSI:
            return list_busi(root, allow_missing_classes=allow_missing_classes)
        return _OTHERS[layout](root)
    except OSError as error:
        raise DatasetError(
            f"{error.filename or root}: {error.strerror or error}. Check the folder's permissions."
        ) from error


def _recognise(root: Path) -> Layout:
    fitting = [layout for layout in LAYOUTS if layout.fits(root)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DatasetError(
            f"{root}: has the layouts of {' and '.join(layout.title for layout in fitting)}. "
            "Put each data set into a folder of its own."
        )
    folders = [p for p in sorted(root.iterdir()) if p.is_dir() and not p.name.startswith(".")]
    inner = [p.name for p in folders if any(layout.fits(p) for layout in LAYOUTS)]
    found = ", ".join(p.name for p in folders[:6]) or "none"
    known = "; ".join(f"{layout.title}: {layout.contents}" for layout in LAYOUTS)
    advice = f"Perhaps you mean {root.name}/{inner[0]}." if inner else "Give such a folder."
    raise DatasetError(f"{root}: no known layout (folders found: {found}). Known are {known}. "
                       f"{advice}")  # fmt: skip
