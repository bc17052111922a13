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

from sonolesion.config import AugmentSettings, SamplingSettings
from sonolesion.data.manifest import Manifest, ManifestRow
from sonolesion.errors import DatasetError
from sonolesion.imaging.intensity import to_unit_range
from sonolesion.imaging.read import read_image, read_mask
from sonolesion.train.augment import apply_augmentation, sample_augmentation
from sonolesion.train.paste import paste_patch
from sonolesion.types import CLASS_INDEX, LesionClass

Batch = tuple[Tensor, Tensor, Tensor]
"""image float32 (B, 1, H, W) in [0, 1]; mask uint8 (B, 1, H, W); label int64 (B,)."""


@dataclass(frozen=True, slots=True)
class LoadedPart:
    """One part in memory.

    Attributes:
        pixels: uint8 (N, S, S).
        masks: bool (N, S, S).
        labels: int64 (N,), class indices.
        datasets: int64 (N,), an index for each data set.
        derived: bool (N,), made from another case (an erased lesion).
    """

    pixels: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    labels: NDArray[np.int64]
    datasets: NDArray[np.int64]
    derived: NDArray[np.bool_]


def load_part(manifest: Manifest, rows: tuple[ManifestRow, ...], name: str) -> LoadedPart:
    """Read the processed files of `rows` into memory.

    Raises:
        DatasetError: no rows, or a processed file has another size than the manifest says.
        UnreadableImageError: a processed file is missing or damaged.
    """
    if not rows:
        raise DatasetError(
            f"{manifest.folder}: no case in part {name!r}. Prepare with more cases; folds are for "
            "`sonolesion crossval`."
        )
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
    names = sorted({row.dataset for row in rows})
    datasets = np.array([names.index(row.dataset) for row in rows], np.int64)
    derived = np.array([row.is_derived for row in rows], np.bool_)
    return LoadedPart(pixels, masks, labels, datasets, derived)


def sampling_weights(part: LoadedPart, settings: SamplingSettings) -> NDArray[np.float64] | None:
    """How often each case is drawn, float64 (N,) with sum N; None where each comes once.

    The weights of the real cases sum to what the settings ask of each data set and class; a
    derived case weighs `derived_weight` real ones of its data set and class.
    """
    if settings == SamplingSettings():
        return None
    weights = np.where(part.derived, settings.derived_weight, 1.0)
    for keys, power in (
        (part.datasets * len(LesionClass) + part.labels, settings.class_power),
        (part.datasets, settings.dataset_power),
    ):
        for key in np.unique(keys):
            chosen = keys == key
            count = chosen.sum()
            weights[chosen] *= count**power / max(float(weights[chosen].sum()), 1e-12)
    return weights * (len(weights) / weights.sum())


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
        has_lesion = part.masks.any(axis=(1, 2))
        self._with_lesion = np.flatnonzero(has_lesion & ~part.derived)
        self._without = np.flatnonzero(~has_lesion)

    def __len__(self) -> int:
        return len(self.part.labels)

    def __getitem__(self, key: tuple[int, int]) -> Batch:
        """Return image float32 (1, H, W), mask uint8 (1, H, W), label int64 () of a key."""
        epoch, index = key
        pixels, mask = self.part.pixels[index], self.part.masks[index]
        label = int(self.part.labels[index])
        if self.augment is not None:
            rng = np.random.default_rng((self.seed, epoch, index))
            drawn = sample_augmentation(rng, self.augment)
            if drawn.paste_seed is not None and not mask.any():
                pixels, mask, label = self._paste(index, drawn.paste_seed)
            donor = self._donor(index, drawn.donor_seed) if drawn.needs_donor else None
            pixels, mask = apply_augmentation(drawn, pixels, mask, donor)
        return (
            torch.from_numpy(to_unit_range(pixels))[None],
            torch.from_numpy(mask.astype(np.uint8))[None],
            torch.tensor(label),
        )

    def _donor(self, index: int, seed: int) -> NDArray[np.uint8]:
        """Choose an image of another data set, or any where there is only one."""
        others = np.flatnonzero(self.part.datasets != self.part.datasets[index])
        count = len(others) or len(self.part.labels)
        chosen = int(np.random.default_rng(seed).integers(count))
        return np.asarray(self.part.pixels[others[chosen] if len(others) else chosen])

    def _paste(self, index: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_], int]:
        """Give an image without a lesion one of another case, or plain tissue of its form."""
        rng = np.random.default_rng(seed)
        part, pixels = self.part, self.part.pixels[index]
        own = part.masks[index], int(part.labels[index])
        with_tissue = bool(rng.random() < 0.5)
        lesion, other = (_choose(rng, cases) for cases in (self._with_lesion, self._without))
        if lesion is None or other is None:
            return pixels, *own
        donor = part.pixels[other if with_tissue else lesion]
        pasted = paste_patch(pixels, donor, part.masks[lesion], rng)
        if pasted is None:
            return pixels, *own
        if with_tissue:
            return pasted.pixels, *own
        return pasted.pixels, pasted.shape, int(part.labels[lesion])


def _choose(rng: np.random.Generator, cases: NDArray[np.int64]) -> int | None:
    return int(cases[rng.integers(len(cases))]) if len(cases) else None


class EpochBatches(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, index) keys of one epoch, from batch `start` on.

    Args:
        count: samples in the part.
        batch_size: per process; the last batch may be smaller.
        epoch: counted from 0.
        start: batches already done (for resuming in mid-epoch).
        seed: shuffles by (seed, epoch); None keeps the order.
        weights: float64 (count,) with sum `count`, how often each sample is drawn (rounded up or
            down, by chance); None takes each once.
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
        weights: NDArray[np.float64] | None = None,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        order = np.arange(count)
        if seed is not None:
            rng = np.random.default_rng((seed, epoch))
            if weights is not None:
                order = _draw(rng, weights)
            rng.shuffle(order)
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


def _draw(rng: np.random.Generator, weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Draw as many indices as there are weights, each about as often as its weight says."""
    steps = np.arange(len(weights)) + rng.random()
    drawn = np.searchsorted(np.cumsum(weights), steps, side="right")
    return np.minimum(drawn, len(weights) - 1).astype(np.int64)
