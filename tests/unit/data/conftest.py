"""Small data sets in BUSI's layout, with pictures that look like scans to the code under test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

SHAPE = (96, 120)


def draw_texture(seed: int, shape: tuple[int, int] = SHAPE) -> NDArray[np.uint8]:
    """Speckle-like noise of several scales, uint8 (H, W); another seed shares nothing with it."""
    rng = np.random.default_rng(seed)
    total = np.zeros(shape, np.float64)
    for sigma in (1.0, 2.5, 6.0):
        layer = cv2.GaussianBlur(rng.normal(size=shape), (0, 0), sigma)
        total += layer / layer.std()
    return np.clip(120 + 30 * total, 0, 255).astype(np.uint8)


def disc_mask(shape: tuple[int, int] = SHAPE, *, row: float = 0.5, col: float = 0.5,
              radius: float = 0.2) -> NDArray[np.bool_]:  # fmt: skip
    """A disc, centre and radius as shares of the height and width (radius: of the height)."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return np.asarray(
        (rows - row * shape[0]) ** 2 + (cols - col * shape[1]) ** 2 < (radius * shape[0]) ** 2
    )


def write_png(path: Path, pixels: NDArray[np.generic]) -> Path:
    """Write an array (bool becomes 0 and 255) as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels.astype(np.uint8) * 255 if pixels.dtype == np.bool_ else pixels
    Image.fromarray(image).save(path)
    return path


@dataclass(frozen=True)
class Tree:
    """A data set on the disk, grown case by case."""

    root: Path

    def add(
        self,
        label: str,
        number: int,
        pixels: NDArray[np.generic] | None = None,
        *,
        masks: int = 1,
        mask: NDArray[np.bool_] | None = None,
    ) -> str:
        """Write one case and return its id; its texture is unique unless `pixels` is given."""
        case_id = f"{label} ({number})"
        seed = 1000 * ("normal", "benign", "malignant").index(label) + number
        shown = draw_texture(seed) if pixels is None else pixels
        if mask is None:
            mask = disc_mask(shown.shape[:2], radius=0.0 if label == "normal" else 0.2)
        write_png(self.root / label / f"{case_id}.png", shown)
        for i in range(masks):
            end = f"_mask_{i}" if i else "_mask"
            write_png(self.root / label / f"{case_id}{end}.png", mask)
        return case_id


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """An empty data set; the three class folders are there."""
    root = tmp_path / "raw"
    for label in ("benign", "malignant", "normal"):
        (root / label).mkdir(parents=True)
    return Tree(root)


@pytest.fixture
def thirty(tree: Tree) -> Tree:
    """30 cases that have no twins: 15 benign, 9 malignant, 6 normal."""
    for label, count in (("benign", 15), ("malignant", 9), ("normal", 6)):
        for number in range(1, count + 1):
            tree.add(label, number)
    return tree


@pytest.fixture
def texture() -> Callable[[int], NDArray[np.uint8]]:
    """`draw_texture` as a fixture."""
    return draw_texture
