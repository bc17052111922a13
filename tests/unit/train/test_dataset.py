from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from prepared_folder import make_prepared_folder  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from sonolesion.config import AugmentSettings, SamplingSettings  # noqa: E402
from sonolesion.errors import DatasetError  # noqa: E402
from sonolesion.train.dataset import (  # noqa: E402
    EpochBatches,
    LesionDataset,
    LoadedPart,
    load_part,
    sampling_weights,
)

pytestmark = pytest.mark.torch


def _keys(**changes):
    values = {"count": 10, "batch_size": 4, "epoch": 2, "seed": 7} | changes
    return list(EpochBatches(**values))


def test_an_epoch_takes_each_sample_once():
    keys = [key for batch in _keys() for key in batch]
    assert sorted(keys) == [(2, i) for i in range(10)]


def test_resuming_gives_the_rest_of_the_same_order():
    assert _keys(start=1) == _keys()[1:]


def test_the_order_changes_with_epoch_and_seed():
    drawn = [_keys(epoch=epoch, seed=seed) for epoch in (0, 1) for seed in (7, 8)]
    orders = {tuple(i for batch in batches for _, i in batch) for batches in drawn}
    assert len(orders) == 4


def test_processes_share_the_samples_without_overlap():
    shares = [{i for b in _keys(count=12, rank=r, world=2) for _, i in b} for r in (0, 1)]
    assert not shares[0] & shares[1]
    assert len(shares[0]) == len(shares[1]) == 6


def test_a_last_batch_of_one_is_dropped_in_training_only():
    assert [len(b) for b in _keys(count=9)] == [4, 4]
    assert [len(b) for b in _keys(count=9, seed=None)] == [4, 4, 1]


def test_samples_do_not_depend_on_workers(tmp_path):
    manifest = make_prepared_folder(tmp_path)
    dataset = LesionDataset(
        load_part(manifest, manifest.part("train"), "train"), AugmentSettings(enabled=True), seed=1
    )
    batches = EpochBatches(count=len(dataset), batch_size=4, epoch=0, seed=1)
    plain, parallel = (
        [images for images, _, _ in DataLoader(dataset, batch_sampler=batches, num_workers=n)]
        for n in (0, 2)
    )
    assert all(torch.equal(a, b) for a, b in zip(plain, parallel, strict=True))
    assert plain[0].dtype == torch.float32
    assert 0.0 <= plain[0].min() < plain[0].max() <= 1.0


def test_an_empty_part_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no case in part 'val'"):
        load_part(make_prepared_folder(tmp_path), (), "val")


def _part(datasets: list[int], labels: list[int], derived: list[bool]) -> LoadedPart:
    count = len(labels)
    empty = np.zeros((count, 2, 2), np.uint8)
    return LoadedPart(
        empty, empty > 0, np.array(labels), np.array(datasets), np.array(derived, np.bool_)
    )


def test_sampling_weights_even_out_data_sets_and_classes():
    part = _part([0] * 6 + [1] * 2, [1, 1, 1, 1, 2, 2, 1, 2], [False] * 8)
    assert sampling_weights(part, SamplingSettings()) is None
    even = sampling_weights(part, SamplingSettings(dataset_power=0.0))
    assert even == pytest.approx([4 / 6] * 6 + [2.0] * 2)
    classes = sampling_weights(part, SamplingSettings(class_power=0.0))
    # inside the first set both classes weigh 3 of its 6 draws
    assert classes == pytest.approx([3 / 4] * 4 + [3 / 2] * 2 + [1.0] * 2)


def test_derived_cases_weigh_what_they_should():
    part = _part([0] * 3, [0, 0, 0], [False, True, True])
    weights = sampling_weights(part, SamplingSettings(derived_weight=0.25))
    assert weights == pytest.approx([2.0, 0.5, 0.5])


def test_drawing_by_weight_is_even_and_repeatable():
    weights = np.array([2.0, 1.0, 0.5, 0.5])
    drawn = [
        [i for batch in EpochBatches(count=4, batch_size=4, epoch=e, seed=7, weights=weights)
         for _, i in batch]
        for e in range(200)
    ]  # fmt: skip
    assert all(d.count(0) == 2 and d.count(1) == 1 for d in drawn)
    assert sum(d.count(2) for d in drawn) == pytest.approx(100, abs=25)
    again = EpochBatches(count=4, batch_size=4, epoch=3, seed=7, weights=weights)
    assert [i for batch in again for _, i in batch] == drawn[3]
