from __future__ import annotations

import struct

import numpy as np
import pytest
from mutations import lossless_jpeg, picture

from sonolesion.imaging.dicom.codestream import StreamSize, has_stream_end, read_stream_size

GREY = np.random.default_rng(1).integers(0, 256, (40, 50)).astype(np.uint8)
RGB = np.stack([GREY] * 3, axis=2)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"comment": b"x" * 300}])
def test_jpeg(options: dict[str, object]) -> None:
    assert read_stream_size(picture(GREY, "JPEG", **options)) == StreamSize(40, 50, 1, 8)
    assert read_stream_size(picture(RGB, "JPEG", **options)) == StreamSize(40, 50, 3, 8)


def test_jpeg_lossless_and_jpeg_ls() -> None:
    from dicom_files import make_dataset
    from pydicom.uid import JPEGLSLossless

    assert read_stream_size(lossless_jpeg(GREY)) == StreamSize(40, 50, 1, 8)
    dataset = make_dataset(GREY.astype(np.uint16), bits_stored=12)
    dataset.compress(JPEGLSLossless)
    start = dataset.PixelData.index(b"\xff\xd8")
    assert read_stream_size(dataset.PixelData[start:]) == StreamSize(40, 50, 1, 12)


@pytest.mark.parametrize("no_jp2", [True, False], ids=["codestream", "in boxes"])
def test_jpeg_2000(no_jp2: bool) -> None:
    data = picture(RGB, "JPEG2000", no_jp2=no_jp2)
    assert read_stream_size(data) == StreamSize(40, 50, 3, 8)


@pytest.mark.parametrize(
    "frame", [b"", b"\xff\xd8", b"hello", b"\xff\xd8\xff\xe0\0\2", b"\xff\x4f\xff\x51\0"]
)
def test_no_size(frame: bytes) -> None:
    with pytest.raises(ValueError, match="no JPEG"):
        read_stream_size(frame)


def test_a_segment_of_no_length_ends() -> None:
    with pytest.raises(ValueError, match="no JPEG"):
        read_stream_size(b"\xff\xd8" + struct.pack(">BBH", 0xFF, 0xE0, 0) * 1000)


def test_end() -> None:
    data = picture(GREY, "JPEG")
    assert has_stream_end(data)
    assert has_stream_end(data + b"\0")
    assert not has_stream_end(data[:-2])
    assert not has_stream_end(b"")
