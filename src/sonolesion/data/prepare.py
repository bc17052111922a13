"""From a raw data set to a prepared folder: processed squares, manifest, split, plots.

Everything is written to a temporary folder and moved into place at the end. A second run with
the same settings and the same input files does nothing. A case that cannot be used is left out,
listed, and never stops the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sonolesion.data.assignment import Assignment, assign_grouped, assign_mission
from sonolesion.data.duplicates import CORRELATION_MIN, KEEP_TOGETHER_MIN, compare_candidates
from sonolesion.data.manifest import (
    LEFT_OUT,
    MANIFEST_NAME,
    PROCESSED_FOLDER,
    SCHEMA_VERSION,
    Manifest,
    SplitRecord,
    hash_split,
    read_manifest,
    write_manifest,
)
from sonolesion.data.mission_split import MISSION_SEED
from sonolesion.data.plots import draw_prepared
from sonolesion.data.processed import StagedCase, move_into_parts, stage_cases
from sonolesion.data.readers import list_dataset
from sonolesion.data.readers.busi import DATASET as BUSI
from sonolesion.data.scan import CaseProblem, ProgressFactory, load_case
from sonolesion.data.summary import describe_manifest
from sonolesion.errors import DatasetError, InvalidInputError, OutputExistsError
from sonolesion.files import (
    atomic_folder,
    atomic_write_bytes,
    atomic_write_text,
    sha256_file,
    sha256_text,
)
from sonolesion.imaging.geometry import RESAMPLE, ResizeMode
from sonolesion.types import Case

RESULT_NAME = "data_result.txt"
PLOTS_FOLDER = "plots"
PROTOCOLS = ("grouped", "mission")
_REVISION = 1  # raise it when the same input gives other output


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """How to prepare.

    Attributes:
        protocol: "grouped" (nothing straddles parts) or "mission" (the published split, leaky).
        seed: of the split.
        folds: number of folds (grouped only), or 0 for train/val/test 80/10/10.
        image_size_px: side of the processed square.
        resize: None takes FIT for grouped and SQUEEZE for mission.
        group_patients: keep a patient's cases together, where the data set names patients.
        allow_missing_classes: go on when a class folder is not there.
        workers: threads; None for one per processor. Does not change the result.
    """

    protocol: str = "grouped"
    seed: int = MISSION_SEED
    folds: int = 0
    image_size_px: int = 256
    resize: ResizeMode | None = None
    group_patients: bool = True
    allow_missing_classes: bool = False
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise InvalidInputError(
                f"protocol: expected {' or '.join(PROTOCOLS)}, got {self.protocol!r}."
            )
        if self.folds and self.protocol == "mission":
            raise InvalidInputError("folds go with --protocol grouped, not with mission.")
        if self.folds < 0 or self.folds == 1:
            raise InvalidInputError(f"folds: expected 0 or at least 2, got {self.folds}.")
        if not 32 <= self.image_size_px <= 2048:
            raise InvalidInputError(f"image size: expected 32 to 2048, got {self.image_size_px}.")

    @property
    def resize_mode(self) -> ResizeMode:
        """`resize`, or the protocol's own."""
        if self.resize is not None:
            return self.resize
        return ResizeMode.SQUEEZE if self.protocol == "mission" else ResizeMode.FIT


@dataclass(frozen=True, slots=True)
class PrepareResult:
    """What `prepare` did.

    Attributes:
        manifest: of the prepared folder.
        out: the folder given.
        skipped: cases that could not be used, with the reason (also in the manifest).
        unchanged: the folder was up to date and nothing was written.
    """

    manifest: Manifest
    out: Path
    skipped: tuple[CaseProblem, ...]
    unchanged: bool


def prepare(
    dataset: Path,
    out: Path,
    *,
    settings: PrepareSettings,
    overwrite: bool = False,
    progress: ProgressFactory | None = None,
) -> PrepareResult:
    """Prepare a data set in any known layout (the mission protocol: in BUSI's).

    Args:
        dataset: raw folder; only read.
        out: gets `processed/`, `data_result.txt` and `plots/`; replaced as a whole.
        settings: protocol, seed, size.
        overwrite: replace an older prepared folder that came from other settings or files.
        progress: makes a progress bar.

    Raises:
        DatasetError: the raw folder is not usable, or no case is.
        InvalidInputError: `out` lies in the data set, or protocol mission and not BUSI's layout.
        MissingExtraError: the data set's table needs a package that is not installed.
        OutputExistsError: an older result is there and `overwrite` is False.
        OutputWriteError: `out` cannot be written; an older result stays intact.
    """
    listing = list_dataset(dataset, allow_missing_classes=settings.allow_missing_classes)
    if out.resolve().is_relative_to(dataset.resolve()):
        raise InvalidInputError(f"{out}: lies in the data set. Choose an output folder outside it.")
    if settings.protocol == "mission" and listing.dataset != BUSI:
        raise InvalidInputError(
            f"protocol mission is the published split of BUSI; {dataset} has the layout of "
            f"{listing.dataset}. Use --protocol grouped."
        )
    fingerprint = _fingerprint(dataset, listing.cases, settings)
    target = out / PROCESSED_FOLDER
    if (older := read_older(target, overwrite=overwrite)) is not None:
        if older.record.fingerprint == fingerprint and _is_complete(older, out):
            return PrepareResult(older, out, _problems_of(older, dataset), unchanged=True)
        if not overwrite:
            raise OutputExistsError(
                f"{target}: holds a data set prepared with other settings or from other files. "
                "Choose another output folder or add --overwrite."
            )
    with atomic_folder(target) as work:
        staged = stage_cases(
            listing.cases, work, size_px=settings.image_size_px, mode=settings.resize_mode,
            workers=settings.workers, progress=progress,
        )  # fmt: skip
        assigned = _assign(staged, settings, progress)
        rows = move_into_parts(staged, assigned, dataset=dataset, folder=work)
        record = SplitRecord(
            settings.protocol, settings.seed, settings.folds, settings.image_size_px,
            settings.resize_mode, RESAMPLE, str(dataset.resolve()), hash_split(rows), fingerprint,
        )  # fmt: skip
        manifest = Manifest(rows, record, work)
        write_manifest(manifest)
        plots = draw_prepared(manifest)
    for name, data in plots.items():
        atomic_write_bytes(out / PLOTS_FOLDER / name, data)
    manifest = read_manifest(target)
    atomic_write_text(out / RESULT_NAME, describe_manifest(manifest))
    problems = tuple(p for item in staged for p in item.scan.problems)
    return PrepareResult(manifest, out, problems, unchanged=False)


def _fingerprint(dataset: Path, cases: Sequence[Case], settings: PrepareSettings) -> str:
    how = asdict(settings) | {"workers": None, "resize": settings.resize_mode}
    files = [
        [path.relative_to(dataset).as_posix(), _hash_or_empty(path)]
        for case in cases
        for path in (case.image_path, *case.mask_paths)
    ]
    patients = [[case.case_id, case.patient_id] for case in cases if case.patient_id]
    rules = [_REVISION, SCHEMA_VERSION, RESAMPLE, CORRELATION_MIN, KEEP_TOGETHER_MIN]
    return sha256_text(json.dumps([rules, how, sorted(files), sorted(patients)]))


def _hash_or_empty(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError:
        return ""  # the case is reported as unreadable when it is loaded


def read_older(target: Path, *, overwrite: bool) -> Manifest | None:
    """Read the prepared data set at `target` (a `processed` folder); None if nothing is there.

    Raises:
        OutputExistsError: something else is there; it is never replaced.
        DatasetError: it does not parse and `overwrite` is False.
    """
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return None
    if not (target / MANIFEST_NAME).is_file():
        raise OutputExistsError(
            f"{target}: is there and is no prepared data set (no {MANIFEST_NAME}). "
            "Choose another output folder; this one is never replaced."
        )
    try:
        return read_manifest(target)
    except DatasetError:
        if overwrite:
            return None
        raise


def _is_complete(manifest: Manifest, out: Path) -> bool:
    wanted = [out / RESULT_NAME]
    wanted += [out / PLOTS_FOLDER / f"{n}.png"
               for n in ("class_distribution", "split_distribution", "sample_images")]  # fmt: skip
    for row in manifest.rows:
        if row.part != LEFT_OUT:
            wanted += [manifest.folder / row.processed_image, manifest.folder / row.processed_mask]
    return all(path.is_file() for path in wanted)


def _problems_of(manifest: Manifest, dataset: Path) -> tuple[CaseProblem, ...]:
    """The skipped cases of a folder that is up to date, looked at again."""
    cases = {case.case_id: case for case in list_dataset(dataset, allow_missing_classes=True).cases}
    again = [row.case_id for row in manifest.part(LEFT_OUT) if "unusable" in row.flags]
    return tuple(p for i in again if i in cases for p in load_case(cases[i]).problems)


def _assign(
    staged: Sequence[StagedCase], settings: PrepareSettings, progress: ProgressFactory | None
) -> dict[str, Assignment]:
    scans = [item.scan for item in staged]
    usable = [scan for scan in scans if not scan.problems]
    if not usable:
        raise DatasetError(
            f"none of {len(scans)} cases can be used; the first: {scans[0].problems[0].message}"
        )
    pairs = compare_candidates(usable, workers=settings.workers, progress=progress)
    if settings.protocol == "mission":
        return assign_mission(scans, pairs, seed=settings.seed)
    return assign_grouped(
        scans, pairs, seed=settings.seed, folds=settings.folds,
        group_patients=settings.group_patients,
    )  # fmt: skip
