"""Clips: a frame is chosen, and only that one is decoded."""

from __future__ import annotations

import io

import numpy as np
import pytest
from dicom_files import make_dataset, make_file, to_bytes
from mutations import picture, with_frames
from PIL import Image
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from sonolesion.errors import UnsupportedImageError
from sonolesion.imaging.dicom.read import read_dicom
from sonolesion.imaging.read import read_image

CLIP = np.random.default_rng(1).integers(0, 256, (3, 40, 50)).astype(np.uint8)


def test_a_clip_without_a_choice_is_refused_with_its_frame_count() -> None:
    with pytest.raises(UnsupportedImageError, match=r"holds 3 frames.*--frame N, or --frame all"):
        read_image(make_file(CLIP, frames=3))


@pytest.mark.parametrize("frame", [0, 4, -1])
def test_a_frame_that_is_not_there(frame: int) -> None:
    with pytest.raises(UnsupportedImageError, match=f"has no frame {frame}, it holds 3"):
        read_image(make_file(CLIP, frames=3), frame=frame)


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEG2000Lossless])
def test_each_frame_by_its_number(syntax: str | None) -> None:
    dataset = make_dataset(CLIP, frames=3)
    if syntax:
        dataset.compress(syntax)
    data = to_bytes(dataset)
    for frame in (1, 2, 3):
        image = read_image(data, frame=frame)
        assert np.array_equal(image.pixels, CLIP[frame - 1])
        assert f"frame {frame} of 3" in image.notes


@pytest.mark.parametrize("table", ["basic", "extended", "none", "fragments"])
def test_frames_are_found_with_every_kind_of_offset_table(table: str) -> None:
    frames = [picture(pixels, "JPEG") for pixels in CLIP]
    dataset = make_dataset(CLIP, frames=3)
    data = with_frames(dataset, frames, JPEGBaseline8Bit)
    if table == "extended":
        dataset.PixelData, offsets, lengths = encapsulate_extended(frames)
        dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = offsets, lengths
    elif table != "basic":
        dataset.PixelData = encapsulate(
            frames, has_bot=False, fragments_per_frame=3 if table == "fragments" else 1
        )
    if table != "basic":
        dataset["PixelData"].is_undefined_length = True
        data = to_bytes(dataset)
    for index, jpeg in enumerate(frames):
        assert np.array_equal(read_image(data, frame=index + 1).pixels, read_image(jpeg).pixels)


def test_a_clip_of_one_frame_needs_no_choice() -> None:
    data = make_file(CLIP[:1], frames=1)
    assert np.array_equal(read_image(data).pixels, CLIP[0])
    assert np.array_equal(read_image(data, frame=1).pixels, CLIP[0])


def test_only_the_chosen_frame_of_a_file_is_read() -> None:
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            Counting.taken += len(data)
            return data

    file = Counting(make_file(np.zeros((200, 100, 100), np.uint8), frames=200))
    assert read_dicom(file, name="clip", frame=150).pixels.shape == (100, 100)
    assert Counting.taken < 100 * 100 + 10_000


def test_pages_of_a_tiff_are_chosen_the_same_way(tmp_path) -> None:
    path = tmp_path / "pages.tif"
    pages = [Image.fromarray(pixels) for pixels in CLIP]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    with pytest.raises(UnsupportedImageError, match="holds 3 frames"):
        read_image(path)
    image = read_image(path, frame=2)
    assert np.array_equal(image.pixels, CLIP[1])
    assert image.notes == ("frame 2 of 3",)
    with pytest.raises(UnsupportedImageError, match="has no frame 4"):
        read_image(path, frame=4)


def test_a_picture_has_one_frame_and_one_view() -> None:
    png = picture(CLIP[0], "PNG")
    assert np.array_equal(read_image(png, frame=1, view=1).pixels, CLIP[0])
    for choice in ({"frame": 2}, {"view": 2}):
        with pytest.raises(UnsupportedImageError, match="it holds 1"):
            read_image(png, **choice)
