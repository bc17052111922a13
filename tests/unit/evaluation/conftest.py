"""Seven generated cases whose scores are worked out by hand, and a predictor that says them.

Images are 48 x 64 px, lesions 10 x 10 px at row and column 10:

==============  ==========================  =========================  =================
case            predicted mask              class read as              Dice, IoU
==============  ==========================  =========================  =================
normal (1)      empty                       normal                     not defined
normal (2)      4 x 4 px                    benign                     0, 0 (a mark)
benign (1)      the truth                   benign                     1, 1
benign (2)      the truth, 5 px to the right  malignant                1/2, 1/3
malignant (1)   empty                       malignant                  0, 0 (a miss)
malignant (2)   none: the file is no image  none                       0, 0 (a miss)
malignant (3)   the truth                   malignant                  1, 1
==============  ==========================  =========================  =================
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sonolesion.data.manifest import Manifest, ManifestRow, SplitRecord, hash_split
from sonolesion.errors import UnreadableImageError
from sonolesion.imaging.geometry import RESAMPLE, ResizeMode, SquareFit, plan_fit
from sonolesion.imaging.read import read_image
from sonolesion.types import LesionClass, Prediction, UltrasoundImage

HEIGHT, WIDTH, SQUARE = 48, 64, 64
BROKEN = "malignant (2)"
PROBS = {
    "normal (1)": (0.8, 0.1, 0.1),
    "normal (2)": (0.3, 0.6, 0.1),
    "benign (1)": (0.1, 0.7, 0.2),
    "benign (2)": (0.1, 0.3, 0.6),
    "malignant (1)": (0.1, 0.2, 0.7),
    "malignant (3)": (0.0, 0.1, 0.9),
}


def block(row: int, col: int, side: int) -> NDArray[np.bool_]:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[row : row + side, col : col + side] = True
    return mask


def predicted_mask(case_id: str) -> NDArray[np.bool_]:
    if case_id in {"normal (1)", "malignant (1)"}:
        return np.zeros((HEIGHT, WIDTH), np.bool_)
    if case_id == "normal (2)":
        return block(30, 40, 4)
    return block(10, 15 if case_id == "benign (2)" else 10, 10)


@dataclass(frozen=True)
class FakeSquare:
    lesion_prob: NDArray[np.float32]
    class_logits: NDArray[np.float64]
    class_prob: NDArray[np.float64]
    fit: SquareFit
    features: NDArray[np.float32] | None = None


class FakePredictor:
    """Knows each image by its pixels, so that it has the two methods of a real one and no more."""

    def __init__(self, root: Path) -> None:
        paths = [p for p in sorted(root.rglob("*.png")) if "_mask" not in p.name]
        self._names = {read_image(p).pixels.tobytes(): p.stem for p in paths if p.stem != BROKEN}

    def predict(self, source: Path) -> Prediction:
        name = self._names[read_image(source).pixels.tobytes()]
        mask, prob = predicted_mask(name), np.array(PROBS[name])
        label = list(LesionClass)[int(prob.argmax())]
        return Prediction(
            str(source), label, prob, mask.astype(np.float32), mask, float(mask.mean()), "fake 1",
            0, class_logits=np.log(prob + 1e-9), lesion_peak=float(mask.any()),
        )  # fmt: skip

    def predict_square(self, image: UltrasoundImage) -> FakeSquare:
        name = self._names[image.pixels.tobytes()]
        fit = plan_fit(HEIGHT, WIDTH, SQUARE, ResizeMode.FIT)
        square = np.zeros((SQUARE, SQUARE), np.float32)
        square[fit.top_px : fit.top_px + HEIGHT] = predicted_mask(name)
        prob = np.array(PROBS[name])
        return FakeSquare(square, np.log(prob + 1e-9), prob, fit)


class RefusingPredictor(FakePredictor):
    """Has no prediction for any case."""

    def predict(self, source: Path) -> Prediction:
        raise UnreadableImageError(f"{source}: refused.")

    def predict_square(self, image: UltrasoundImage) -> FakeSquare:
        raise UnreadableImageError("refused.")


def make_manifest(folder: Path) -> Manifest:
    root = folder / "raw"
    rows = []
    for index, case_id in enumerate([*PROBS, BROKEN]):
        label = LesionClass(case_id.split()[0])
        folder = root / label
        folder.mkdir(parents=True, exist_ok=True)
        truth = block(10, 10, 10) if label is not LesionClass.NORMAL else block(0, 0, 0)
        pixels = np.random.default_rng(index).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
        Image.fromarray(pixels).save(folder / f"{case_id}.png")
        Image.fromarray(truth.astype(np.uint8) * 255).save(folder / f"{case_id}_mask.png")
        rows.append(
            ManifestRow(
                case_id=case_id, dataset="phantom", label=label, part="test",
                group="benign" if label is LesionClass.BENIGN else case_id,
                image=f"{label}/{case_id}.png", masks=(f"{label}/{case_id}_mask.png",),
                width_px=WIDTH, height_px=HEIGHT, lesion_px=int(truth.sum()), image_sha256="",
                masks_sha256="", processed_image="", processed_mask="", processed_sha256="",
            )
        )  # fmt: skip
    (root / "malignant" / f"{BROKEN}.png").write_bytes(b"not an image")
    record = SplitRecord(
        "grouped", 42, 0, SQUARE, ResizeMode.FIT, RESAMPLE, str(root), hash_split(tuple(rows)), "f"
    )
    return Manifest(tuple(sorted(rows, key=lambda r: r.case_id)), record, folder / "processed")


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return make_manifest(tmp_path)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[FakePredictor, Manifest]:
    """Predictor and manifest for tests that change nothing in the raw folder."""
    manifest = make_manifest(tmp_path_factory.mktemp("shared"))
    return FakePredictor(Path(manifest.record.dataset_root)), manifest


@pytest.fixture
def predictor(manifest: Manifest) -> FakePredictor:
    return FakePredictor(Path(manifest.record.dataset_root))


@pytest.fixture
def refusing(manifest: Manifest) -> RefusingPredictor:
    return RefusingPredictor(Path(manifest.record.dataset_root))


@pytest.fixture
def keep_rows(manifest: Manifest) -> Callable[..., Manifest]:
    """Keep only the named cases of the manifest."""

    def keep(*names: str) -> Manifest:
        rows = tuple(row for row in manifest.rows if row.case_id in names)
        return dataclasses.replace(manifest, rows=rows)

    return keep
