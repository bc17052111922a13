from __future__ import annotations

import numpy as np
import pytest
from tiny_bundle import disc, speckle_image

from sonolesion.errors import UnsupportedImageError
from sonolesion.imaging.quality import check_content
from sonolesion.imaging.read import read_image
from sonolesion.types import UltrasoundImage

NOISE = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
EMPTY = {
    "black": np.zeros((64, 64), np.uint8),
    "white": np.full((64, 64), 255, np.uint8),
    "grey": np.full((64, 64), 90, np.uint8),
    "mask": disc(64, 64, 20).astype(np.uint8) * np.uint8(255),
    "rows": np.tile(np.arange(256, dtype=np.uint8)[:, None], (1, 256)),
    "columns": np.tile(np.arange(256, dtype=np.uint8), (256, 1)),
    "faint": (100 + NOISE // 16).astype(np.uint8) // np.uint8(2) * np.uint8(1),
    "noise": NOISE,
}


@pytest.mark.parametrize("name", EMPTY)
def test_no_content_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(UnsupportedImageError, match=r"f\.png: no ultrasound content \(.+\)\. Give"):
        check_content(UltrasoundImage(EMPTY[name]), name="f.png")


def test_speckle_passes_without_remark() -> None:
    assert check_content(UltrasoundImage(speckle_image()), name="f") == ()


def test_colour_is_remarked() -> None:
    remarks = check_content(UltrasoundImage(speckle_image(), colour_fraction=0.05), name="f")
    assert remarks == ("5.0% of the pixels are coloured (Doppler or marks)",)


@pytest.mark.realdata
def test_no_busi_image_is_refused(busi_root) -> None:  # type: ignore[no-untyped-def]
    paths = [p for p in sorted(busi_root.glob("*/*.png")) if "_mask" not in p.name][::13]
    assert len(paths) == 60
    for path in paths:
        check_content(read_image(path), name=str(path))
