"""The manifest: one row per case of a prepared data set, and the only list that is iterated.

A prepared folder OUT looks like this::

    OUT/processed/manifest.csv                       one `ManifestRow` per case, sorted by case id
    OUT/processed/split.json                         `SplitRecord`: protocol, seed, hashes
    OUT/processed/{train,val,test}/{class}/ID.png          grey image, square
    OUT/processed/{train,val,test}/{class}/ID_mask.png     its mask, 0 or 255
    OUT/data_result.txt, OUT/plots/*.png             summary for people

With folds instead of parts the folders are `fold_0`, `fold_1`, ... Cases left out are in the
manifest too, with `part` "left_out" and a flag that says why; they have no processed files.
"""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import DatasetError
from sonolesion.files import atomic_write_csv, atomic_write_json, sha256_text
from sonolesion.imaging.geometry import ResizeMode
from sonolesion.types import LesionClass

MANIFEST_NAME = "manifest.csv"
SPLIT_NAME = "split.json"
PROCESSED_FOLDER = "processed"
LEFT_OUT = "left_out"
SCHEMA_VERSION = 1
ERASED, CONTROL = "erased", "control"
DERIVED_FLAGS = (ERASED, CONTROL)
"""Flags of rows that `sonolesion erase` made from other rows: for training only."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One case.

    Attributes:
        case_id: unique id, e.g. "benign (433)".
        dataset: data set name, e.g. "busi".
        label: class stated by the data set.
        part: "train", "val", "test", "fold_0", ... or "left_out".
        group: id of the group that may not straddle parts (near-duplicates, or a patient).
        image: image file, relative to `SplitRecord.dataset_root`, with forward slashes.
        masks: mask files, likewise.
        width_px, height_px: size of the image.
        lesion_px: pixels of the united mask at that size.
        image_sha256: of the image file's bytes.
        masks_sha256: of the mask files' hashes, joined in order.
        processed_image, processed_mask: relative to the folder of the manifest; empty if left out.
        processed_sha256: of both processed files' hashes, joined.
        flags: e.g. "several_masks", "contradictory_label", "colour", "hash_duplicate"; a row with
            one of `DERIVED_FLAGS` was made from the row `source_id`, whose raw files it names.
    """

    case_id: str
    dataset: str
    label: LesionClass
    part: str
    group: str
    image: str
    masks: tuple[str, ...]
    width_px: int
    height_px: int
    lesion_px: int
    image_sha256: str
    masks_sha256: str
    processed_image: str
    processed_mask: str
    processed_sha256: str
    flags: tuple[str, ...] = ()

    @property
    def is_derived(self) -> bool:
        """Whether the picture was made from another case, for training only."""
        return any(flag in DERIVED_FLAGS for flag in self.flags)

    @property
    def source_id(self) -> str:
        """Case id of the row that this one was made from; its own if it is not derived."""
        for flag in DERIVED_FLAGS:
            if flag in self.flags:
                return self.case_id.removesuffix(f" {flag}")
        return self.case_id


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """How a manifest came about; `split_hash` names the split in every result.

    Attributes:
        protocol: "grouped" or "mission".
        seed: of the split.
        folds: number of folds, or 0 for train/val/test.
        image_size_px: side of the processed square.
        resize: how the aspect ratio was treated.
        resample: name of the resize call (`sonolesion.imaging.geometry.RESAMPLE`).
        dataset_root: absolute path of the raw data set.
        split_hash: `hash_split` of the rows.
        fingerprint: of the settings and all input hashes; equal means nothing to do.
        schema_version: of this layout.
    """

    protocol: str
    seed: int
    folds: int
    image_size_px: int
    resize: ResizeMode
    resample: str
    dataset_root: str
    split_hash: str
    fingerprint: str
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Manifest:
    """A prepared data set: its rows, how they came about, and where its processed files are."""

    rows: tuple[ManifestRow, ...]
    record: SplitRecord
    folder: Path

    def part(self, *names: str, derived: bool = False) -> tuple[ManifestRow, ...]:
        """Rows of the named parts, in manifest order; derived ones only where asked for."""
        return tuple(
            row for row in self.rows if row.part in names and (derived or not row.is_derived)
        )


def hash_split(rows: tuple[ManifestRow, ...]) -> str:
    """Hash who is in which part: SHA-256 over sorted "case_id,part" lines, first 12 hex digits.

    Cases left out and derived ones do not count: the hash names what is trained and tested on.
    """
    kept = (row for row in rows if row.part != LEFT_OUT and not row.is_derived)
    return sha256_text("\n".join(sorted(f"{row.case_id},{row.part}" for row in kept)))[:12]


def join_hashes(hashes: Iterable[str]) -> str:
    """Hash several files' hashes into one, in the order given; "" for no file.

    >>> join_hashes([])
    ''
    """
    joined = "\n".join(hashes)
    return sha256_text(joined) if joined else ""


def write_manifest(manifest: Manifest) -> None:
    """Write `manifest.csv` and `split.json` into `manifest.folder`, the manifest last.

    Raises:
        OutputWriteError: the folder cannot be written.
    """
    atomic_write_json(manifest.folder / SPLIT_NAME, dataclasses.asdict(manifest.record))
    columns = [field.name for field in dataclasses.fields(ManifestRow)]
    cells = (dataclasses.asdict(row) for row in manifest.rows)
    joined = (r | {"masks": ";".join(r["masks"]), "flags": ";".join(r["flags"])} for r in cells)
    atomic_write_csv(manifest.folder / MANIFEST_NAME, columns, joined)


def find_processed(folder: Path) -> Path:
    """Return the folder that holds the manifest: `folder` itself or `folder/processed`.

    Raises:
        DatasetError: neither holds one.
    """
    for candidate in (folder / PROCESSED_FOLDER, folder):
        if (candidate / MANIFEST_NAME).is_file():
            return candidate
    raise DatasetError(
        f"{folder}: no prepared data set (no {PROCESSED_FOLDER}/{MANIFEST_NAME}). "
        "Run `sonolesion prepare DATASET -o OUT` first and give that OUT."
    )


def read_manifest(folder: Path) -> Manifest:
    """Read a prepared data set.

    Args:
        folder: OUT of `prepare`, or its `processed` folder.

    Raises:
        DatasetError: no manifest there, a newer schema, or a row that does not parse (with its
            line number).
    """
    folder = find_processed(folder)
    record = _read_record(folder / SPLIT_NAME)
    path = folder / MANIFEST_NAME
    rows: list[ManifestRow] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for cells in (reader := csv.DictReader(file)):
            try:
                rows.append(_parse_row(cells))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise DatasetError(
                    f"{path} line {reader.line_num}: not a manifest row ({error}). "
                    "Run `sonolesion prepare` again."
                ) from error
    return Manifest(tuple(rows), record, folder)


def _parse_row(cells: dict[str, str]) -> ManifestRow:
    integers = {k: int(cells[k]) for k in ("width_px", "height_px", "lesion_px")}
    lists = {k: tuple(v for v in cells[k].split(";") if v) for k in ("masks", "flags")}
    others = {f.name: cells[f.name] for f in dataclasses.fields(ManifestRow)}
    return ManifestRow(**(others | integers | lists | {"label": LesionClass(cells["label"])}))  # type: ignore[arg-type]


def _read_record(path: Path) -> SplitRecord:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        record = SplitRecord(**(values | {"resize": ResizeMode(values["resize"])}))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DatasetError(
            f"{path}: not readable ({error}). Run `sonolesion prepare` again."
        ) from error
    if record.schema_version > SCHEMA_VERSION:
        raise DatasetError(
            f"{path}: schema {record.schema_version} is newer than this program's "
            f"({SCHEMA_VERSION}). Update sonolesion."
        )
    return record
