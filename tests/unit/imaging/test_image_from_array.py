from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sonolesion.errors import ImageSizeError, UnsupportedImageError
from sonolesion.imaging.read import image_from_array, read_image


def test_colour_is_read_as_from_a_file() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "PNG")
    from_array, from_file = image_from_array(rgb), read_image(buffer.getvalue())
    np.testing.assert_array_equal(from_array.pixels, from_file.pixels)
    assert from_array.colour_fraction == from_file.colour_fraction > 0


def test_result_does_not_share_memory_with_the_caller() -> None:
    grey = np.zeros((40, 40), np.uint8)
    image = image_from_array(grey)
    grey[:] = 9
    assert image.pixels.max() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((40, 40), np.float32),
        np.zeros((40, 40, 4), np.uint8),
        np.zeros((1, 40, 40, 3), np.uint8),
        np.zeros(40, np.uint8),
        [[1, 2]],
        None,
    ],
)
def test_other_arrays_are_refused(wrong: object) -> None:
    with pytest.raises(UnsupportedImageError, match="array: expected"):
        image_from_array(wrong)


@pytest.mark.parametrize("shape", [(0, 40), (1, 1), (31, 400), (40, 0, 3)])
def test_size_limits_hold(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageSizeError):
        image_from_array(np.zeros(shape, np.uint8))
