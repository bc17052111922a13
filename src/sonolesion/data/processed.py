"""The processed squares: written once under a number, then moved to where their part is."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonolesion.data.assignment import Assignment
from sonolesion.data.manifest import LEFT_OUT, ManifestRow, join_hashes
from sonolesion.data.scan import CaseScan, ProgressFactory, load_case, map_cases, sum_up
from sonolesion.files import explain_write_errors, make_folder
from sonolesion.imaging.geometry import ResizeMode, image_to_square, mask_to_square, plan_fit
from sonolesion.types import Case, LesionClass

_STAGE = ".stage"


@dataclass(frozen=True, slots=True)
class StagedCase:
    """A scanned case and, if usable, its two processed files.

    Attributes:
        scan: what the raw files hold.
        image, mask: processed PNGs in the staging folder; None if the case cannot be used.
        processed_sha256: of both files, joined; "" if the case cannot be used.
        lesion_lost: the mask had a lesion and the square has none left.
    """

    scan: CaseScan
    image: Path | None = None
    mask: Path | None = None
    processed_sha256: str = ""
    lesion_lost: bool = False


def stage_cases(
    cases: Sequence[Case],
    folder: Path,
    *,
    size_px: int,
    mode: ResizeMode,
    workers: int | None = None,
    progress: ProgressFactory | None = None,
) -> list[StagedCase]:
    """Read every case and write its processed square into a staging folder.

    Args:
        cases: what to read; a case with a problem gets no files.
        folder: where the staging folder is made.
        size_px: side of the square.
        mode: how the aspect ratio is treated.
        workers: threads; None for one per processor.
        progress: makes a progress bar.

    Returns:
        One per case, in the order given.

    Raises:
        OutputWriteError: a file cannot be written.
    """
    stage = make_folder(folder / _STAGE)

    def stage_one(numbered: tuple[int, Case]) -> StagedCase:
        number, case = numbered
        loaded = load_case(case)
        scan = sum_up(loaded)
        if loaded.problems or loaded.pixels is None or loaded.mask is None:
            return StagedCase(scan)
        height_px, width_px = loaded.pixels.shape
        fit = plan_fit(height_px, width_px, size_px, mode)
        mask = mask_to_square(loaded.mask, fit)
        image_path, mask_path = stage / f"{number}.png", stage / f"{number}_mask.png"
        hashes = (
            write_png(image_path, image_to_square(loaded.pixels, fit)),
            write_png(mask_path, mask.astype(np.uint8) * 255),
        )
        lost = scan.lesion_px > 0 and not mask.any()
        return StagedCase(scan, image_path, mask_path, join_hashes(hashes), lost)

    return map_cases(stage_one, list(enumerate(cases)), description="Preparing images",
                     workers=workers, progress=progress)  # fmt: skip


def move_into_parts(
    staged: Sequence[StagedCase],
    assigned: Mapping[str, Assignment],
    *,
    dataset: Path,
    folder: Path,
) -> tuple[ManifestRow, ...]:
    """Move the staged files to `PART/CLASS/ID.png` and remove the staging folder.

    Args:
        staged: result of `stage_cases`.
        assigned: case id -> part, group and flags; a case left out loses its files.
        dataset: raw folder, to which the rows' paths are relative.
        folder: the folder given to `stage_cases`.

    Returns:
        The manifest's rows, sorted by case id.
    """
    rows = []
    for item in sorted(staged, key=lambda item: item.scan.case.case_id):
        scan, case = item.scan, item.scan.case
        where = assigned[case.case_id]
        image, mask, processed_sha256 = "", "", ""
        if item.image is not None and item.mask is not None:
            if where.part == LEFT_OUT:
                item.image.unlink()
                item.mask.unlink()
            else:
                image = f"{where.part}/{case.label.value}/{case.case_id}.png"
                mask = f"{where.part}/{case.label.value}/{case.case_id}_mask.png"
                processed_sha256 = item.processed_sha256
                make_folder((folder / image).parent)
                with explain_write_errors(folder / image):
                    item.image.replace(folder / image)
                    item.mask.replace(folder / mask)
        rows.append(
            ManifestRow(
                case_id=case.case_id,
                dataset=case.dataset,
                label=case.label,
                part=where.part,
                group=where.group,
                image=case.image_path.relative_to(dataset).as_posix(),
                masks=tuple(path.relative_to(dataset).as_posix() for path in case.mask_paths),
                width_px=scan.width_px,
                height_px=scan.height_px,
                lesion_px=scan.lesion_px,
                image_sha256=scan.image_sha256,
                masks_sha256=join_hashes(scan.masks_sha256),
                processed_image=image,
                processed_mask=mask,
                processed_sha256=processed_sha256,
                flags=describe_case(item) + where.flags,
            )
        )
    with explain_write_errors(folder):
        (folder / _STAGE).rmdir()
    return tuple(rows)


def describe_case(item: StagedCase) -> tuple[str, ...]:
    """Flags of a case by itself: "unusable" with its kinds, "several_masks", "colour", ..."""
    scan = item.scan
    lesion_case = scan.case.label is not LesionClass.NORMAL
    flags = {
        "unusable": bool(scan.problems),
        **{problem.kind: True for problem in scan.problems},
        "several_masks": len(scan.case.mask_paths) > 1,
        "empty_mask": lesion_case and not scan.problems and scan.lesion_px == 0,
        "mask_on_normal": not lesion_case and scan.lesion_px > 0,
        "lesion_lost": item.lesion_lost,
        "colour": scan.colour_fraction > 0,
    }
    return tuple(name for name, holds in flags.items() if holds)


def write_png(path: Path, pixels: NDArray[np.uint8]) -> str:
    """Write grey levels uint8 (H, W) as a PNG and return the SHA-256 of its bytes."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    with explain_write_errors(path):
        path.write_bytes(buffer.getvalue())
    return sha256(buffer.getvalue()).hexdigest()
