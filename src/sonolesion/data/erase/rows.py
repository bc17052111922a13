"""Derived rows: their pictures made, brought into the square and written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sonolesion.data.erase.derive import REASONS, Derived, erase_lesion, make_control, rng_for
from sonolesion.data.erase.record import SkippedCase
from sonolesion.data.manifest import ERASED, Manifest, ManifestRow, join_hashes
from sonolesion.data.processed import write_png
from sonolesion.data.scan import LoadedCase, load_case
from sonolesion.files import explain_write_errors, make_folder
from sonolesion.imaging.geometry import image_to_square, mask_to_square, plan_fit
from sonolesion.types import Case, LesionClass


def derive_rows(
    row: ManifestRow, source: Manifest, work: Path, *, kinds: Sequence[str], seed: int
) -> tuple[list[ManifestRow], list[SkippedCase]]:
    """Make the derived pictures of one row and write their squares.

    Args:
        row: of the source folder; not left out.
        source: manifest of the source folder.
        work: the `processed` folder to write into.
        kinds: "erased", "control"; a normal row gets no erased one.
        seed: of the random choices.

    Returns:
        The rows of those made, and the reasons of the others.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    kinds = [kind for kind in kinds if kind != ERASED or row.label is not LesionClass.NORMAL]
    root = Path(source.record.dataset_root)
    masks = tuple(root / name for name in row.masks)
    loaded = load_case(Case(row.case_id, row.dataset, row.label, root / row.image, masks))
    if (fault := _find_fault(loaded, row)) is not None:
        return [], [SkippedCase(row.case_id, kind, *fault) for kind in kinds]
    made, skipped = [], []
    for kind in kinds:
        picture = _derive(loaded, row, kind, seed)
        if picture.pixels is None:
            skipped.append(SkippedCase(row.case_id, kind, picture.reason, REASONS[picture.reason]))
        else:
            made.append(_write_row(row, picture, loaded, source, work))
    return made, skipped


def _derive(loaded: LoadedCase, row: ManifestRow, kind: str, seed: int) -> Derived:
    pixels, mask = loaded.pixels, loaded.mask
    assert pixels is not None  # `_find_fault` saw to it
    assert mask is not None
    if row.label is not LesionClass.NORMAL and not mask.any():
        return Derived(kind, None, mask, "no_lesion")
    make = erase_lesion if kind == ERASED else make_control
    return make(pixels, mask, rng_for(seed, row.case_id, kind))


def _find_fault(loaded: LoadedCase, row: ManifestRow) -> tuple[str, str] | None:
    """Reason and message if the raw files cannot be used or are not those that were prepared."""
    if loaded.problems:
        return "unusable", loaded.problems[0].message
    hashes = (loaded.image_sha256, join_hashes(loaded.masks_sha256))
    if hashes != (row.image_sha256, row.masks_sha256):
        return "changed", (
            f"{loaded.case.image_path}: it or its mask is not the file that was prepared. "
            "Run `sonolesion prepare` again."
        )
    return None


def _write_row(
    row: ManifestRow, picture: Derived, loaded: LoadedCase, source: Manifest, work: Path
) -> ManifestRow:
    assert picture.pixels is not None
    assert loaded.mask is not None
    erased = picture.kind == ERASED
    label = LesionClass.NORMAL if erased else row.label
    mask = loaded.mask & (not erased)
    height_px, width_px = mask.shape
    fit = plan_fit(height_px, width_px, source.record.image_size_px, source.record.resize)
    stem = f"{row.part}/{label.value}/{row.case_id} {picture.kind}"
    names = f"{stem}.png", f"{stem}_mask.png"
    make_folder((work / names[0]).parent)
    squares = image_to_square(picture.pixels, fit), mask_to_square(mask, fit).astype(np.uint8) * 255
    hashes = [write_png(work / n, square) for n, square in zip(names, squares, strict=True)]
    return replace(
        row,
        case_id=f"{row.case_id} {picture.kind}",
        label=label,
        lesion_px=int(mask.sum()),
        processed_image=names[0],
        processed_mask=names[1],
        processed_sha256=join_hashes(hashes),
        flags=(*row.flags, picture.kind),
    )


def link_files(folder: Path, work: Path, row: ManifestRow) -> None:
    """Give a kept row's files a second name; copy them where that cannot be.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    for name in (row.processed_image, row.processed_mask):
        new = make_folder((work / name).parent) / Path(name).name
        with explain_write_errors(new):
            try:
                os.link(folder / name, new)
            except OSError:
                shutil.copy2(folder / name, new)
