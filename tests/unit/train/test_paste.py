from __future__ import annotations

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sonolesion.config import AugmentSettings  # noqa: E402
from sonolesion.train.dataset import LesionDataset, LoadedPart  # noqa: E402
from sonolesion.train.paste import paste_patch  # noqa: E402

pytestmark = pytest.mark.torch

SIZE = 96
NORMAL, BENIGN, MALIGNANT = 0, 1, 2


def _tissue(level, seed=0):
    noise = np.random.default_rng(seed).normal(0, 40, (SIZE, SIZE))
    noise = cv2.GaussianBlur(noise, (0, 0), 2.0)  # as coarse as speckle, so that scaling keeps it
    return np.clip(level + noise, 1, 255).astype(np.uint8)


def _disc(row=40, col=48, radius=10):
    rows, cols = np.mgrid[:SIZE, :SIZE]
    return (rows - row) ** 2 + (cols - col) ** 2 <= radius**2


def _lesion_image(level=120, lesion_level=40):
    pixels = _tissue(level, seed=1)
    pixels[_disc()] = lesion_level
    return pixels


def test_a_pasted_lesion_keeps_its_contrast_and_depth_but_takes_the_hosts_brightness():
    host = _tissue(180)
    pasted = paste_patch(host, _lesion_image(), _disc(), np.random.default_rng(3))
    assert pasted is not None
    inside = float(pasted.pixels[pasted.shape].mean())
    # 120 around the lesion became 180, so 40 becomes about 100 (contrast of the noise is the same)
    assert inside == pytest.approx(100, abs=15)
    rows = np.nonzero(pasted.shape)[0]
    assert rows.mean() == pytest.approx(40, abs=1.0)


def test_outside_of_the_patch_nothing_changes():
    host = _tissue(150)
    before = host.copy()
    pasted = paste_patch(host, _lesion_image(), _disc(), np.random.default_rng(4))
    assert pasted is not None
    np.testing.assert_array_equal(host, before)
    assert (pasted.pixels[70:] == host[70:]).all()
    assert (pasted.pixels[:20] == host[:20]).all()


@pytest.mark.parametrize("shape", [np.zeros((SIZE, SIZE), bool), np.ones((SIZE, SIZE), bool)])
def test_nothing_is_pasted_for_an_empty_or_a_huge_shape(shape):
    assert paste_patch(_tissue(100), _tissue(90), shape, np.random.default_rng(0)) is None


def test_nothing_is_pasted_where_the_depth_is_outside_of_the_scan():
    host = np.zeros((SIZE, SIZE), np.uint8)
    host[60:] = 120
    assert paste_patch(host, _lesion_image(), _disc(), np.random.default_rng(0)) is None


def _part():
    pixels = np.stack([_tissue(150), _tissue(140, 5), _lesion_image(), _lesion_image()])
    masks = np.stack([np.zeros((SIZE, SIZE), bool)] * 2 + [_disc()] * 2)
    labels = np.array([NORMAL, NORMAL, MALIGNANT, MALIGNANT])
    return LoadedPart(pixels, masks, labels, np.zeros(4, np.int64), np.zeros(4, np.bool_))


def test_normals_get_the_class_of_a_pasted_lesion_and_stay_normal_with_pasted_tissue():
    dataset = LesionDataset(_part(), AugmentSettings(enabled=True, paste_prob=1.0), seed=1)
    plain = LesionDataset(_part(), AugmentSettings(enabled=True), seed=1)
    seen = set()
    for epoch in range(12):
        image, mask, label = dataset[epoch, 0]
        assert bool(mask.any()) == (int(label) == MALIGNANT)
        assert not torch.equal(image, plain[epoch, 0][0])
        seen.add(int(label))
    assert seen == {NORMAL, MALIGNANT}


def test_images_with_a_lesion_are_left_as_they_are():
    dataset = LesionDataset(_part(), AugmentSettings(enabled=True, paste_prob=1.0), seed=1)
    plain = LesionDataset(_part(), AugmentSettings(enabled=True), seed=1)
    for mine, theirs in zip(dataset[3, 2], plain[3, 2], strict=True):
        assert torch.equal(mine, theirs)
