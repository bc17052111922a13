"""A small prepared data set, written through the manifest's own writer."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from sonolesion.data.manifest import Manifest, ManifestRow, SplitRecord, hash_split, write_manifest
from sonolesion.imaging.geometry import RESAMPLE, ResizeMode
from sonolesion.types import LesionClass

PARTS = ("train", "train", "train", "val", "test")


def make_prepared_folder(out: Path, *, count: int = 15, size: int = 32, seed: int = 0) -> Manifest:
    """Write OUT/processed with dark squares (benign), bright ones (malignant) and none (normal)."""
    rng = np.random.default_rng(seed)
    folder = out / "processed"
    rows = [_write_case(folder, rng, index, size) for index in range(count)]
    ordered = tuple(sorted(rows, key=lambda row: row.case_id))
    record = SplitRecord(
        "grouped", seed, 0, size, ResizeMode.FIT, RESAMPLE, str(out), hash_split(ordered), "test"
    )
    manifest = Manifest(ordered, record, folder)
    write_manifest(manifest)
    return manifest


def _write_case(folder: Path, rng: np.random.Generator, index: int, size: int) -> ManifestRow:
    label = list(LesionClass)[index % 3]
    part = PARTS[(index // 3) % len(PARTS)]
    pixels = rng.integers(90, 140, (size, size)).astype(np.uint8)
    mask = np.zeros((size, size), np.uint8)
    if label is not LesionClass.NORMAL:
        row, col = rng.integers(2, size // 2, 2)
        area = (slice(row, row + size // 3), slice(col, col + size // 3))
        pixels[area] = 20 if label is LesionClass.BENIGN else 230
        mask[area] = 255
    case_id = f"{label.value} ({index})"
    names = [f"{part}/{label.value}/{case_id}{suffix}.png" for suffix in ("", "_mask")]
    (folder / names[0]).parent.mkdir(parents=True, exist_ok=True)
    for name, image in zip(names, (pixels, mask), strict=True):
        Image.fromarray(image).save(folder / name)
    digest = hashlib.sha256(pixels.tobytes() + mask.tobytes()).hexdigest()
    return ManifestRow(
        case_id, "test", label, part, case_id, names[0], (names[1],), size, size,
        int((mask > 0).sum()), "", "", names[0], names[1], digest,
    )  # fmt: skip
