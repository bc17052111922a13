"""Damaged files end in an image or in a typed refusal; `benchmarks/fuzz_inputs.py` runs 20,000."""

from __future__ import annotations

import pytest

pytest.importorskip("pydicom", reason="needs the extra [dicom]")
pytest.importorskip("gdcm", reason="needs the extra [dicom]")

import numpy as np
from mutations import mutate, seed_files

from sonolesion.errors import ImageError
from sonolesion.imaging.read import read_image

FILES = 700


@pytest.mark.parametrize("name", sorted(seed_files()))
def test_every_seed_is_read(name: str) -> None:
    image = read_image(seed_files()[name], frame=1)
    assert image.pixels.shape == (96, 128)


def test_damaged_files_are_read_or_refused_with_a_reason() -> None:
    read = refused = 0
    for number in range(FILES):
        what, data = mutate(7, number)
        try:
            image = read_image(data, name="damaged", frame=1)
        except ImageError as error:
            refused += 1
            is_right = error.message.startswith("damaged: ")
        else:
            read += 1
            is_right = image.pixels.dtype == np.uint8 and min(image.pixels.shape) >= 32
        assert is_right, (number, what)
    assert read > FILES // 10
    assert refused > FILES // 10


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.97, 0.995])
@pytest.mark.parametrize("name", sorted(seed_files()))
def test_a_file_cut_off_is_never_a_part_of_an_image(name: str, share: float) -> None:
    data = seed_files()[name]
    with pytest.raises(ImageError):
        read_image(data[: int(len(data) * share)], frame=1)
