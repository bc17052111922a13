"""One look at each case: every file is read once, hashed, decoded and summed up.

What cannot be used becomes a `CaseProblem` in the result, so that one bad file never stops the
others. `audit` and `prepare` both start here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sonolesion.errors import (
    ImageError,
    ImageSizeError,
    MaskMismatchError,
    UnreadableImageError,
    UnsupportedImageError,
)
from sonolesion.imaging.geometry import resize
from sonolesion.imaging.read import read_image, read_mask
from sonolesion.types import Case, LesionClass

PREVIEW_SIDE_PX = 256
_T = TypeVar("_T")
_R = TypeVar("_R")


class Step(Protocol):
    """Something that is told when one more item is done (a progress bar)."""

    def advance(self, steps: int = 1) -> None:
        """Count `steps` more items as done."""

    def close(self) -> None:
        """Take the bar away."""


ProgressFactory = Callable[[str, int], Step]
"""Makes a `Step` from a description and the number of items."""


@dataclass(frozen=True, slots=True)
class CaseProblem:
    """Why a case, or one of its files, cannot be used.

    Attributes:
        case_id: the case.
        kind: "unreadable_image", "unsupported_image", "image_size", "unreadable_mask",
            "mask_mismatch" or "mask_missing".
        file: the file at fault.
        message: what was expected, what came, what to do; with the error code.
    """

    case_id: str
    kind: str
    file: Path
    message: str


@dataclass(frozen=True, slots=True)
class LoadedCase:
    """A case at full size.

    Attributes:
        case: the case.
        image_sha256: of the image file's bytes; "" if they could not be read.
        masks_sha256: of each mask file's bytes, likewise.
        pixels: uint8 (H, W); None if the image cannot be used.
        mask: bool (H, W), the readable masks united; None if the image cannot be used.
        masks_px: lesion pixels of each readable mask.
        colour_fraction: share of coloured pixels, [0, 1].
        notes: what the reader remarked.
        problems: what cannot be used; a case with any is not fit for training.
    """

    case: Case
    image_sha256: str
    masks_sha256: tuple[str, ...]
    pixels: NDArray[np.uint8] | None
    mask: NDArray[np.bool_] | None
    masks_px: tuple[int, ...]
    colour_fraction: float
    notes: tuple[str, ...]
    problems: tuple[CaseProblem, ...]


@dataclass(frozen=True, slots=True)
class CaseScan:
    """A case summed up: small enough to keep all of them in memory.

    Attributes:
        case: the case.
        height_px, width_px: size of the image; 0 if it cannot be used.
        lesion_px: pixels of the united mask.
        masks_px: lesion pixels of each readable mask.
        image_sha256, masks_sha256: of the files' bytes.
        colour_fraction: share of coloured pixels, [0, 1].
        notes: what the reader remarked.
        problems: what cannot be used.
        preview: uint8, aspect kept, longest side at most 256; None if the image cannot be used.
        preview_mask: bool, same shape as `preview`.
    """

    case: Case
    height_px: int
    width_px: int
    lesion_px: int
    masks_px: tuple[int, ...]
    image_sha256: str
    masks_sha256: tuple[str, ...]
    colour_fraction: float
    notes: tuple[str, ...]
    problems: tuple[CaseProblem, ...]
    preview: NDArray[np.uint8] | None
    preview_mask: NDArray[np.bool_] | None


def load_case(case: Case) -> LoadedCase:
    """Read, hash and decode all files of a case, each once; faults become `problems`.

    A lesion case without any mask file is a problem ("mask_missing"); a normal case without one
    has an empty mask.
    """
    problems: list[CaseProblem] = []
    image_hash, pixels, colour = "", None, 0.0
    notes: tuple[str, ...] = ()
    try:
        data = _read_bytes(case.image_path)
        image_hash = sha256(data).hexdigest()
        image = read_image(data, name=str(case.image_path))
        pixels, colour, notes = image.pixels, image.colour_fraction, image.notes
    except ImageError as error:
        problems.append(_image_problem(case, error))
    united = None if pixels is None else np.zeros(pixels.shape, np.bool_)
    mask_hashes: list[str] = []
    masks_px: list[int] = []
    for path in case.mask_paths:
        mask_hashes.append("")
        try:
            data = _read_bytes(path)
            mask_hashes[-1] = sha256(data).hexdigest()
            mask = read_mask(data, shape=pixels.shape if pixels is not None else None,
                             name=str(path))  # fmt: skip
        except ImageError as error:
            kind = "mask_mismatch" if isinstance(error, MaskMismatchError) else "unreadable_mask"
            problems.append(CaseProblem(case.case_id, kind, path, str(error)))
            continue
        masks_px.append(int(mask.sum()))
        if united is not None:
            united |= mask
    if not case.mask_paths and case.label is not LesionClass.NORMAL:
        problems.append(_missing_mask(case))
    return LoadedCase(case, image_hash, tuple(mask_hashes), pixels, united, tuple(masks_px),
                      colour, notes, tuple(problems))  # fmt: skip


def sum_up(loaded: LoadedCase) -> CaseScan:
    """Reduce a loaded case to its scan (previews of at most 256 px a side)."""
    pixels, mask = loaded.pixels, loaded.mask
    height, width, preview, preview_mask = 0, 0, None, None
    if pixels is not None and mask is not None:
        height, width = pixels.shape
        scale = min(1.0, PREVIEW_SIDE_PX / max(height, width))
        rows, cols = max(1, round(height * scale)), max(1, round(width * scale))
        preview = resize(pixels, height_px=rows, width_px=cols)
        soft = resize(mask.astype(np.float32), height_px=rows, width_px=cols)
        preview_mask = np.asarray(soft >= 0.5)
    return CaseScan(
        case=loaded.case,
        height_px=height,
        width_px=width,
        lesion_px=0 if mask is None else int(mask.sum()),
        masks_px=loaded.masks_px,
        image_sha256=loaded.image_sha256,
        masks_sha256=loaded.masks_sha256,
        colour_fraction=loaded.colour_fraction,
        notes=loaded.notes,
        problems=loaded.problems,
        preview=preview,
        preview_mask=preview_mask,
    )


def scan_case(case: Case) -> CaseScan:
    """Load one case and keep only its summary."""
    return sum_up(load_case(case))


def map_cases(
    work: Callable[[_T], _R],
    items: Sequence[_T],
    *,
    description: str,
    workers: int | None = None,
    progress: ProgressFactory | None = None,
) -> list[_R]:
    """Do `work` on each item in threads; results in the order of `items`.

    Decoding and resizing release Python's lock, so threads use all processors.

    Args:
        work: called once per item; what it raises ends the whole.
        items: what to work on.
        description: for the progress bar.
        workers: threads; default the number of processors, at most 8.
        progress: makes the progress bar; None for none.
    """
    step = progress(description, len(items)) if progress else None
    results: list[_R] = []
    with ThreadPoolExecutor(workers or min(8, os.cpu_count() or 1)) as pool:
        try:
            for result in pool.map(work, items):
                results.append(result)
                if step is not None:
                    step.advance()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        finally:
            if step is not None:
                step.close()
    return results


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableImageError(
            f"{path}: {error.strerror or error}. Check the file and its permissions."
        ) from error


def _image_problem(case: Case, error: ImageError) -> CaseProblem:
    kinds = {ImageSizeError: "image_size", UnsupportedImageError: "unsupported_image"}
    kind = kinds.get(type(error), "unreadable_image")
    return CaseProblem(case.case_id, kind, case.image_path, str(error))


def _missing_mask(case: Case) -> CaseProblem:
    return CaseProblem(
        case.case_id, "mask_missing", case.image_path,
        f"{case.image_path}: a {case.label} case has no mask file. "
        f"Add it (in BUSI's layout {case.image_path.stem}_mask{case.image_path.suffix} beside it).",
    )  # fmt: skip
