"""Samples from a prepared data set, and the order in which an epoch takes them.

Everything random is a function of (seed, epoch, index), never of a global generator, so the
samples do not depend on the number of workers and a resumed run sees the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from sonolesion.config import AugmentSettings
from sonolesion.data.manifest import Manifest, ManifestRow
from sonolesion.errors import DatasetError
from sonolesion.imaging.intensity import to_unit_range
from sonolesion.imaging.read import read_image, read_mask
from sonolesion.train.augment import apply_augmentation, sample_augmentation
from sonolesion.types import CLASS_INDEX

Batch = tuple[Tensor, Tensor, Tensor]
"""image float32 (B, 1, H, W) in [0, 1]; mask uint8 (B, 1, H, W); label int64 (B,)."""


@dataclass(frozen=True, slots=True)
class LoadedPart:
    """One part in memory: pixels uint8 (N, S, S), masks bool (N, S, S), labels int64 (N,)."""

    pixels: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    labels: NDArray[np.int64]


def load_part(manifest: Manifest, rows: tuple[ManifestRow, ...], name: str) -> LoadedPart:
    """Read the processed files of `rows` into memory.

    Raises:
        DatasetError: no rows, or a processed file has another size than the manifest says.
        UnreadableImageError: a processed file is missing or damaged.
    """
    if not rows:
        raise DatasetError(f"{manifest.folder}: no case in part {name!r}. Prepare with more cases.")
    size = manifest.record.image_size_px
    pixels = np.empty((len(rows), size, size), np.uint8)
    masks = np.empty((len(rows), size, size), np.bool_)
    for i, row in enumerate(rows):
        image = read_image(manifest.folder / row.processed_image).pixels
        if image.shape != (size, size):
            raise DatasetError(
                f"{manifest.folder / row.processed_image}: is {image.shape}, expected "
                f"{size}x{size}. Run `sonolesion prepare` again."
            )
        pixels[i] = image
        masks[i] = read_mask(manifest.folder / row.processed_mask, shape=(size, size))
    labels = np.array([CLASS_INDEX[row.label] for row in rows], np.int64)
    return LoadedPart(pixels, masks, labels)


class LesionDataset(Dataset[Batch]):
    """Samples of one part; a key is (epoch, index), so augmentation needs no hidden state.

    Args:
        part: the loaded part.
        augment: ranges, or None for plain samples.
        seed: of the run.
    """

    def __init__(self, part: LoadedPart, augment: AugmentSettings | None, seed: int) -> None:
        self.part = part
        self.augment = augment if augment is not None and augment.enabled else None
        self.seed = seed

    def __len__(self) -> int:
        return len(self.part.labels)

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """Return image float32 (1, H, W), mask uint8 (1, H, W), label int64 () of a key."""
        epoch, index = key
        pixels, mask = self.part.pixels[index], self.part.masks[index]
        if self.augment is not None:
            rng = np.random.default_rng((self.seed, epoch, index))
            pixels, mask = apply_augmentation(sample_augmentation(rng, self.augment), pixels, mask)
        return (
            torch.from_numpy(to_unit_range(pixels))[None],
            torch.from_numpy(mask.astype(np.uint8))[None],
            torch.tensor(int(self.part.labels[index])),
        )


class EpochBatches(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index) keys of one epoch, from batch `start` on.

    Args:
        count: samples in the part.
        batch_size: per process; the last batch may be smaller.
        epoch: counted from 0.
        start: batches already done (for resuming in mid-epoch).
        seed: shuffles by (seed, epoch); None keeps the order.
        rank: of this process.
        world: number of processes; process r takes every world-th sample.
    """

    def __init__(
        self,
        *,
        count: int,
        batch_size: int,
        epoch: int,
        start: int = 0,
        seed: int | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        order = np.arange(count)
        if seed is not None:
            np.random.default_rng((seed, epoch)).shuffle(order)
        # all processes take equally many batches, or a collective call would wait for ever
        order = order[: count - count % world] if seed is not None and world > 1 else order
        mine = order[rank::world]
        self._batches = [
            [(epoch, int(i)) for i in mine[at : at + batch_size]]
            for at in range(0, len(mine), batch_size)
        ]
        # batch normalisation cannot train on a single value per channel
        if seed is not None and len(self._batches) > 1 and len(self._batches[-1]) == 1:
            self._batches.pop()
        self.total = len(self._batches)
        self._batches = self._batches[start:]

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        return iter(self._batches)
