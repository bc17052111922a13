"""From a prepared folder to one with derived rows: lesions erased, and controls.

All rows of the source folder are kept, their files linked. A derived row stays in the part and the
group of its source and names the source's raw files. Everything is written to a temporary folder
and moved into place at the end; a second run with the same input does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sonolesion.data.erase.record import RECORD_NAME, SkippedCase, read_skipped, write_skipped
from sonolesion.data.erase.rows import derive_rows, link_files
from sonolesion.data.manifest import (
    CONTROL,
    ERASED,
    LEFT_OUT,
    PROCESSED_FOLDER,
    SCHEMA_VERSION,
    Manifest,
    ManifestRow,
    read_manifest,
    write_manifest,
)
from sonolesion.data.prepare import RESULT_NAME, read_older
from sonolesion.data.scan import ProgressFactory, map_cases
from sonolesion.data.summary import describe_manifest
from sonolesion.errors import DatasetError, InvalidInputError, OutputExistsError
from sonolesion.files import (
    atomic_folder,
    atomic_write_text,
    sha256_file,
    sha256_text,
)
from sonolesion.imaging.geometry import RESAMPLE

_REVISION = 1  # raise it when the same input gives other output


@dataclass(frozen=True, slots=True)
class EraseSettings:
    """What to derive.

    Attributes:
        controls: make controls too.
        seed: 0 or more; of the random choices.
        limit: derive from the first so many usable cases only; 0 for all.
        workers: threads; None for one per processor. Does not change the result.
    """

    controls: bool = True
    seed: int = 42
    limit: int = 0
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.seed < 0 or self.limit < 0:
            raise InvalidInputError(
                f"seed and limit: expected 0 or more, got {self.seed} and {self.limit}."
            )


@dataclass(frozen=True, slots=True)
class EraseResult:
    """What `erase` did.

    Attributes:
        manifest: of the folder written.
        out: the folder given.
        skipped: pictures that could not be made, with the reason.
        unchanged: the folder was up to date and nothing was written.
    """

    manifest: Manifest
    out: Path
    skipped: tuple[SkippedCase, ...]
    unchanged: bool


def erase(
    prepared: Path,
    out: Path,
    *,
    settings: EraseSettings,
    overwrite: bool = False,
    progress: ProgressFactory | None = None,
) -> EraseResult:
    """Add derived rows to a prepared folder, in a new one.

    Args:
        prepared: folder that `prepare` wrote; only read. Its raw data set must still be there.
        out: gets `processed/` and `data_result.txt`; replaced as a whole.
        settings: what to derive.
        overwrite: replace an older prepared folder that came from other settings or files.
        progress: makes a progress bar.

    Raises:
        DatasetError: `prepared` holds no prepared data set, or its raw data set is not there.
        InvalidInputError: it holds derived rows already, or `out` is it or lies in the raw data.
        OutputExistsError: an older result is there and `overwrite` is False.
        OutputWriteError: `out` cannot be written; an older result stays intact.
    """
    source = read_manifest(prepared)
    root, target = Path(source.record.dataset_root), out / PROCESSED_FOLDER
    _check_places(source, prepared, out, root)
    rows = [row for row in source.rows if row.part != LEFT_OUT]
    chosen = rows[: settings.limit] if settings.limit else rows
    fingerprint = _fingerprint(source, chosen, root, settings)
    if (older := read_older(target, overwrite=overwrite)) is not None:
        if older.record.fingerprint == fingerprint and _is_complete(older, out):
            return EraseResult(older, out, read_skipped(target), unchanged=True)
        if not overwrite:
            raise OutputExistsError(
                f"{target}: holds a data set made with other settings or from other files. "
                "Choose another output folder or add --overwrite."
            )
    kinds = (ERASED, CONTROL) if settings.controls else (ERASED,)
    with atomic_folder(target) as work:
        for row in rows:
            link_files(source.folder, work, row)
        done = map_cases(
            lambda row: derive_rows(row, source, work, kinds=kinds, seed=settings.seed), chosen,
            description="Erasing lesions", workers=settings.workers, progress=progress,
        )  # fmt: skip
        derived = [row for made, _ in done for row in made]
        skipped = tuple(item for _, items in done for item in items)
        record = replace(source.record, fingerprint=fingerprint)
        every = tuple(sorted([*source.rows, *derived], key=lambda row: row.case_id))
        write_skipped(work, skipped, asdict(settings) | {"workers": None})
        write_manifest(Manifest(every, record, work))
    manifest = read_manifest(target)
    atomic_write_text(out / RESULT_NAME, describe_manifest(manifest))
    return EraseResult(manifest, out, skipped, unchanged=False)


def _check_places(source: Manifest, prepared: Path, out: Path, root: Path) -> None:
    if any(row.is_derived for row in source.rows):
        raise InvalidInputError(
            f"{prepared}: holds derived rows already. Give the folder that `sonolesion prepare` "
            "wrote."
        )
    if not root.is_dir():
        raise DatasetError(
            f"{root}: the raw data set of {prepared} is not there. Put it back, or run "
            "`sonolesion prepare` on it where it is now."
        )
    if (out / PROCESSED_FOLDER).resolve() == source.folder.resolve():
        raise InvalidInputError(f"{out}: is the folder to read. Choose another output folder.")
    if out.resolve().is_relative_to(root.resolve()):
        raise InvalidInputError(f"{out}: lies in the data set. Choose an output folder outside it.")


def _fingerprint(
    source: Manifest, chosen: Sequence[ManifestRow], root: Path, settings: EraseSettings
) -> str:
    how = asdict(settings) | {"workers": None}
    rows = [[row.case_id, row.part, row.group, row.processed_sha256] for row in source.rows]
    names = [name for row in chosen for name in (row.image, *row.masks)]
    raw = [[name, _hash_or_empty(root / name)] for name in names]
    rules = [_REVISION, SCHEMA_VERSION, RESAMPLE, source.record.fingerprint]
    return sha256_text(json.dumps([rules, how, rows, raw]))


def _hash_or_empty(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError:
        return ""  # the row is reported when it is loaded


def _is_complete(manifest: Manifest, out: Path) -> bool:
    used = [row for row in manifest.rows if row.part != LEFT_OUT]
    wanted = [manifest.folder / n for r in used for n in (r.processed_image, r.processed_mask)]
    wanted += [out / RESULT_NAME, manifest.folder / RECORD_NAME]
    return all(path.is_file() for path in wanted)
