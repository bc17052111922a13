"""Write a folder of phantoms in BUSI's layout."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from sonolesion.data.phantom.phantom import Mask, Phantom, annotate_phantom, draw_scan
from sonolesion.data.phantom.plan import PlannedCase, plan_cases
from sonolesion.data.phantom.settings import PhantomSettings
from sonolesion.data.phantom.twin import make_twin
from sonolesion.errors import OutputExistsError
from sonolesion.files import atomic_write_bytes, explain_write_errors
from sonolesion.types import LesionClass

_OURS = re.compile(r"(normal|benign|malignant) \(\d+\)(_mask(_\d+)?)?\.png")


@dataclass(frozen=True, slots=True)
class PhantomSummary:
    """What was written.

    Attributes:
        out: the folder.
        class_counts: images per class, in the order of `LesionClass`.
        mask_files: number of mask files.
        twins: (original, twin) names, e.g. ("benign (2)", "malignant (1)").
        with_calipers: names of images with calipers.
        with_two_masks: names of images whose truth comes in two files.
    """

    out: Path
    class_counts: dict[LesionClass, int]
    mask_files: int
    twins: tuple[tuple[str, str], ...]
    with_calipers: tuple[str, ...]
    with_two_masks: tuple[str, ...]


def write_phantoms(
    out: Path,
    *,
    count: int,
    seed: int = 0,
    settings: PhantomSettings | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PhantomSummary:
    """Write `count` phantoms to ``OUT/{normal,benign,malignant}`` as BUSI names its files.

    Images are 8-bit grey PNG; masks are 1-bit PNG of the image's size, ``_mask.png`` and, for a
    second one, ``_mask_1.png``. A normal image has an empty mask. Case k depends on `seed`,
    `settings` and k, never on `count`, and is repeatable bit for bit.

    Args:
        out: the folder; created with its parents.
        count: number of images, 1 or more.
        seed: 0 or more.
        settings: sizes and options; the defaults resemble BUSI.
        overwrite: allow a folder that holds something already; phantoms or BUSI files of an
            earlier run in the three class folders are removed, other files stay.
        progress: called with (done, count) after each image.

    Raises:
        OutputExistsError: `out` is a file, or a folder that is not empty without `overwrite`.
        InvalidInputError: `count` below 1 or `seed` below 0.
        OutputWriteError: the disk is full or not writable.
    """
    chosen = settings or PhantomSettings()
    cases = plan_cases(count, seed=seed, settings=chosen)
    _prepare(out, overwrite=overwrite)
    mask_files = 0
    calipers: list[str] = []
    two_masks: list[str] = []
    for case in cases:
        phantom = render_case(case, cases, seed=seed, settings=chosen)
        mask_files += _save(out / case.label.value, case.name, phantom)
        if phantom.marks.calipers:
            calipers.append(case.name)
        if len(phantom.masks) > 1:
            two_masks.append(case.name)
        if progress is not None:
            progress(case.index + 1, count)
    labels = [case.label for case in cases]
    return PhantomSummary(
        out=out,
        class_counts={label: labels.count(label) for label in LesionClass},
        mask_files=mask_files,
        twins=tuple((cases[c.twin_of].name, c.name) for c in cases if c.twin_of is not None),
        with_calipers=tuple(calipers),
        with_two_masks=tuple(two_masks),
    )


def render_case(
    case: PlannedCase, plan: tuple[PlannedCase, ...], *, seed: int, settings: PhantomSettings
) -> Phantom:
    """Draw one planned case; a twin draws its original again, so cases need no order."""
    rng = np.random.default_rng([seed, case.index])
    if case.twin_of is None:
        plain = draw_scan(rng, case.label, settings)
    else:
        source_rng = np.random.default_rng([seed, case.twin_of])
        original = draw_scan(source_rng, plan[case.twin_of].label, settings)
        plain = make_twin(rng, original, contradict=case.contradicts)
    return annotate_phantom(rng, plain, settings)


def _prepare(out: Path, *, overwrite: bool) -> None:
    if out.exists() and not out.is_dir():
        raise OutputExistsError(f"{out} is a file; name a folder for the phantoms.")
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not overwrite:
        raise OutputExistsError(
            f"{out} is not empty; choose an empty folder or allow overwriting it."
        )
    with explain_write_errors(out):
        for label in LesionClass:
            for path in (out / label.value).glob("*.png"):
                if _OURS.fullmatch(path.name):
                    path.unlink()


def _save(folder: Path, name: str, phantom: Phantom) -> int:
    """Write one image and its masks; return the number of masks."""
    masks: tuple[Mask, ...] = phantom.masks or (np.zeros(phantom.pixels.shape, dtype=np.bool_),)
    atomic_write_bytes(folder / f"{name}.png", _png(Image.fromarray(phantom.pixels)))
    for number, mask in enumerate(masks):
        ending = f"_{number}" if number else ""
        atomic_write_bytes(folder / f"{name}_mask{ending}.png", _png(Image.fromarray(mask)))
    return len(masks)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
