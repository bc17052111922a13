"""The single checks of a prepared folder; `sonolesion.data.verify` runs them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonolesion.data.duplicates import compare_candidates, is_confirmed
from sonolesion.data.manifest import (
    ERASED,
    LEFT_OUT,
    Manifest,
    ManifestRow,
    hash_split,
    join_hashes,
)
from sonolesion.data.scan import CaseScan, ProgressFactory
from sonolesion.data.summary import straddling_groups
from sonolesion.errors import ImageError
from sonolesion.files import sha256_file
from sonolesion.imaging.geometry import plan_fit
from sonolesion.imaging.read import read_image
from sonolesion.types import Case, LesionClass

PREPARE_AGAIN = "Run `sonolesion prepare` again with --overwrite."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        check: name of the check, e.g. "hash".
        file: the file (or case, or group) at fault.
        message: what was expected, what came, and the cure.
    """

    check: str
    file: str
    message: str


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What the processed files of one row hold.

    Attributes:
        row: the row.
        findings: what is wrong with them.
        pixels: the image, uint8 (size, size); None if it cannot be read.
    """

    row: ManifestRow
    findings: tuple[Finding, ...]
    pixels: NDArray[np.uint8] | None


def check_files(manifest: Manifest, row: ManifestRow) -> RowCheck:
    """Read both processed files of a row once: there, unchanged, of the size, a clean mask."""
    size_px = manifest.record.image_size_px
    findings: list[Finding] = []
    hashes: list[str] = []
    decoded: list[NDArray[np.uint8] | None] = []
    for name in (row.processed_image, row.processed_mask):
        try:
            data = (manifest.folder / name).read_bytes()
            pixels = read_image(data, name=name).pixels
        except OSError as error:
            findings.append(Finding("files", name, f"{error.strerror}. {PREPARE_AGAIN}"))
            decoded.append(None)
            continue
        except ImageError as error:
            findings.append(Finding("files", name, f"{error.message} {PREPARE_AGAIN}"))
            pixels = None
        hashes.append(sha256(data).hexdigest())
        decoded.append(pixels)
        if pixels is not None and pixels.shape != (size_px, size_px):
            came = f"{pixels.shape[1]}x{pixels.shape[0]}"
            findings.append(Finding("size", name, f"expected {size_px}x{size_px} px, got {came}. "
                                    f"{PREPARE_AGAIN}"))  # fmt: skip
    if len(hashes) == 2 and join_hashes(hashes) != row.processed_sha256:
        findings.append(
            Finding("hash", row.processed_image,
                    f"it or its mask is not the file that was written. {PREPARE_AGAIN}")
        )  # fmt: skip
    mask = decoded[1]
    if mask is not None:
        findings += _check_mask(row, mask)
    return RowCheck(row, tuple(findings), decoded[0])


def _check_mask(row: ManifestRow, mask: NDArray[np.uint8]) -> list[Finding]:
    name = row.processed_mask
    grey = int(((mask != 0) & (mask != 255)).sum())
    if grey:
        return [Finding("mask", name, f"{grey} pixels are neither 0 nor 255. {PREPARE_AGAIN}")]
    flagged = "empty_mask" in row.flags or "lesion_lost" in row.flags
    if bool(mask.any()) != (row.lesion_px > 0) and not flagged:
        stated = "a lesion" if row.lesion_px else "no lesion"
        return [Finding("mask", name, f"the manifest states {stated}, the mask does not. "
                        f"{PREPARE_AGAIN}")]  # fmt: skip
    return []


def check_extra(manifest: Manifest, used: list[ManifestRow]) -> list[Finding]:
    """Files in the part folders that no row names."""
    named = {name for row in used for name in (row.processed_image, row.processed_mask)}
    found = (p.relative_to(manifest.folder).as_posix() for p in manifest.folder.glob("*/*/*"))
    cure = "Delete it: training never reads it, but it is not part of the data set."
    return [Finding("extra", name, cure) for name in sorted(found) if name not in named]


def check_counts(manifest: Manifest) -> list[Finding]:
    """Ids stand once, parts are known and not empty, paths go with them, the split hash holds."""
    findings = []
    for case_id, count in Counter(row.case_id for row in manifest.rows).items():
        if count > 1:
            findings.append(
                Finding("counts", "manifest.csv",
                        f"the case {case_id!r} stands {count} times. {PREPARE_AGAIN}")
            )  # fmt: skip
    folds = manifest.record.folds
    allowed = {f"fold_{i}" for i in range(folds)} if folds else {"train", "val", "test"}
    for row in manifest.rows:
        if row.part not in allowed | {LEFT_OUT}:
            findings.append(
                Finding("counts", "manifest.csv",
                        f"{row.case_id}: part {row.part!r}, expected one of "
                        f"{', '.join(sorted(allowed))} or {LEFT_OUT}. {PREPARE_AGAIN}")
            )  # fmt: skip
        wanted = "" if row.part == LEFT_OUT else f"{row.part}/{row.label.value}/"
        if row.processed_image.rpartition("/")[0] + "/" != (wanted or "/"):
            findings.append(
                Finding("counts", "manifest.csv",
                        f"{row.case_id}: part {row.part} and class {row.label} do not go with "
                        f"{row.processed_image!r}. {PREPARE_AGAIN}")
            )  # fmt: skip
    findings += [
        Finding("counts", "manifest.csv", f"part {part} holds no case. {PREPARE_AGAIN}")
        for part in sorted(allowed - {row.part for row in manifest.rows if not row.is_derived})
    ]
    if (came := hash_split(manifest.rows)) != manifest.record.split_hash:
        findings.append(
            Finding("counts", "split.json",
                    f"split hash {manifest.record.split_hash} recorded, {came} found: cases were "
                    f"moved after preparing. {PREPARE_AGAIN}")
        )  # fmt: skip
    return findings


def check_groups(manifest: Manifest) -> list[Finding]:
    """Groups of the manifest lie in one part each."""
    return [
        Finding("groups", group, _describe_leak(rows))
        for group, rows in straddling_groups(manifest.rows).items()
    ]


def check_derived(manifest: Manifest) -> list[Finding]:
    """A derived row has a source, lies where that lies and says of it what it may say."""
    sources = {row.case_id: row for row in manifest.rows if not row.is_derived}
    cure = "Run `sonolesion erase` again with --overwrite."
    findings = []
    for row in manifest.rows:
        if row.is_derived:
            source = sources.get(row.source_id)
            fault = "has no source in the manifest" if source is None else _misfit(row, source)
            if fault:
                findings.append(Finding("derived", row.case_id, f"{fault}. {cure}"))
    return findings


def _misfit(row: ManifestRow, source: ManifestRow) -> str:
    """How a derived row contradicts its source, or ""."""
    if source.part == LEFT_OUT:
        return f"its source {source.case_id} is left out"
    if (row.part, row.group) != (source.part, source.group):
        return (
            f"in {row.part}, group {row.group}; its source {source.case_id} in {source.part}, "
            f"group {source.group}. Results on this split would be too good"
        )
    for name in ("image", "masks", "image_sha256", "masks_sha256"):
        if getattr(row, name) != getattr(source, name):
            return f"its column {name} is not that of its source {source.case_id}"
    wanted = (source.label, source.lesion_px)
    if ERASED in row.flags:
        if source.label is LesionClass.NORMAL:
            return f"its source {source.case_id} is a normal: nothing was there to erase"
        wanted = (LesionClass.NORMAL, 0)
    if (row.label, row.lesion_px) != wanted:
        return f"{row.label} with {row.lesion_px} lesion pixels, expected {wanted[0]}, {wanted[1]}"
    return ""


def check_twins(
    manifest: Manifest,
    looked_at: Sequence[RowCheck],
    *,
    workers: int | None = None,
    progress: ProgressFactory | None = None,
) -> list[Finding]:
    """Look for near-duplicates in the processed images again, whatever groups the manifest states.

    Args:
        manifest: of the folder.
        looked_at: results of `check_files`.
        workers: threads; None for one per processor.
        progress: makes a progress bar.

    Returns:
        One finding per confirmed pair in different parts. Derived rows are passed over: they lie
        where their sources lie (`check_derived`).
    """
    looked_at = [item for item in looked_at if not item.row.is_derived]
    row_of = {item.row.case_id: item.row for item in looked_at}
    scans = [_scan_again(manifest, item) for item in looked_at if item.pixels is not None]
    pairs = compare_candidates(scans, workers=workers, progress=progress)
    leaks = [
        (row_of[pair.first], row_of[pair.second])
        for pair in pairs
        if is_confirmed(pair) and row_of[pair.first].part != row_of[pair.second].part
    ]
    return [Finding("twins", rows[0].processed_image, _describe_leak(rows)) for rows in leaks]


def _describe_leak(rows: Sequence[ManifestRow]) -> str:
    where = ", ".join(f"{row.case_id} in {row.part}" for row in rows)
    return f"{where}. Results on this split would be too good. {PREPARE_AGAIN}"


def _scan_again(manifest: Manifest, item: RowCheck) -> CaseScan:
    row, pixels = item.row, item.pixels
    content = None
    if pixels is not None:
        size = pixels.shape[0]
        # the padding's edge would correlate in any two images of one shape
        fit = plan_fit(row.height_px, row.width_px, size, manifest.record.resize)
        rows = slice(fit.top_px, fit.top_px + fit.content_height_px)
        cols = slice(fit.left_px, fit.left_px + fit.content_width_px)
        content = np.ascontiguousarray(pixels[rows, cols])
    return CaseScan(
        case=Case(row.case_id, row.dataset, row.label, manifest.folder / row.processed_image),
        height_px=row.height_px,
        width_px=row.width_px,
        lesion_px=row.lesion_px,
        masks_px=(),
        image_sha256=row.image_sha256,
        masks_sha256=(),
        colour_fraction=0.0,
        notes=(),
        problems=(),
        preview=content,
        preview_mask=None,
    )


def check_raw(dataset: Path, row: ManifestRow) -> list[Finding]:
    """The raw files of a row have the recorded hashes."""
    cure = "The raw data changed after preparing. " + PREPARE_AGAIN
    pairs = [(row.image, row.image_sha256, [dataset / row.image])]
    if row.masks:
        pairs.append((row.masks[0], row.masks_sha256, [dataset / name for name in row.masks]))
    findings = []
    for name, recorded, paths in pairs:
        try:
            hashes = [sha256_file(path) for path in paths]
        except OSError as error:
            if recorded:
                findings.append(Finding("raw", name, f"{error.strerror}. {cure}"))
            continue
        if (hashes[0] if name == row.image else join_hashes(hashes)) != recorded:
            findings.append(Finding("raw", name, f"its hash is not the one recorded. {cure}"))
    return findings
