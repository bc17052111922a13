"""Objects that are none, lie or are damaged: each has its typed reason, before decoding."""

from __future__ import annotations

import importlib.util
import struct
import sys
import zlib

import numpy as np
import pytest
from dicom_files import make_dataset, make_file, region, to_bytes
from mutations import picture, with_frames
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    MPEG4HP41,
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    RLELossless,
)

from sonolesion.errors import (
    ImageSizeError,
    MissingExtraError,
    UnreadableImageError,
    UnsupportedImageError,
)
from sonolesion.imaging.dicom import object as dicom_object
from sonolesion.imaging.read import read_image

GREY = np.random.default_rng(1).integers(0, 256, (40, 50)).astype(np.uint8)


def change(**elements: object) -> bytes:
    return make_file(GREY, **elements)


@pytest.mark.parametrize(
    ("elements", "kind", "reason"),
    [
        ({"Modality": "CT"}, UnsupportedImageError, "of CT modality, expected ultrasound"),
        ({"Modality": "DOE JANE"}, UnsupportedImageError, "of another modality"),
        ({"Rows": 0}, ImageSizeError, "50x0 px"),
        ({"Columns": 31}, ImageSizeError, "at least 32 px"),
        ({"Rows": 65535, "Columns": 65535}, ImageSizeError, "at most 10 million"),
        ({"BitsStored": 12}, UnreadableImageError, "12 bits stored"),
        ({"BitsStored": 0}, UnreadableImageError, "0 bits stored"),
        ({"HighBit": 15}, UnreadableImageError, "highest 15"),
        ({"BitsAllocated": 32}, UnsupportedImageError, "32 bits"),
        ({"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}, UnsupportedImageError, "1 bits"),
        ({"SamplesPerPixel": 3}, UnreadableImageError, "3 samples per pixel, expected 1"),
        ({"PhotometricInterpretation": "HSV"}, UnsupportedImageError, "colour model"),
        ({"NumberOfFrames": 0}, UnreadableImageError, "0 frames"),
        ({"NumberOfFrames": 2**31 - 1}, UnreadableImageError, "fewer pixels"),
        ({"PlanarConfiguration": 7}, UnreadableImageError, "planar configuration 7"),
        ({"Rows": 80}, UnreadableImageError, "fewer pixels than its header says"),
    ],
)  # fmt: skip
def test_header_is_checked_before_anything_is_decoded(elements, kind, reason, monkeypatch) -> None:
    monkeypatch.setattr("sonolesion.imaging.dicom.read.decode_frame", None)
    with pytest.raises(kind, match=reason):
        read_image(change(**elements))


@pytest.mark.parametrize("keyword", ["Rows", "BitsAllocated", "PhotometricInterpretation"])
def test_missing_description_of_the_pixels(keyword: str) -> None:
    dataset = make_dataset(GREY)
    delattr(dataset, keyword)
    with pytest.raises((UnreadableImageError, UnsupportedImageError)):
        read_image(to_bytes(dataset))


def test_no_pixel_data() -> None:
    dataset = make_dataset(GREY, Modality="SR")
    del dataset.PixelData
    with pytest.raises(UnsupportedImageError, match=r"without a picture \(modality SR\)"):
        read_image(to_bytes(dataset))
    dataset.Modality = "US"
    with pytest.raises(UnreadableImageError, match="ends before its pixel data"):
        read_image(to_bytes(dataset))


def test_the_first_bytes_alone_are_a_truncated_file() -> None:
    with pytest.raises(UnreadableImageError, match="truncated DICOM file"):
        read_image(bytes(128) + b"DICM")


def test_float_pixels_are_no_picture() -> None:
    dataset = make_dataset(GREY, Modality="OT")
    del dataset.PixelData
    dataset.FloatPixelData = np.zeros((40, 50), np.float32).tobytes()
    with pytest.raises(UnsupportedImageError, match="without a picture"):
        read_image(to_bytes(dataset))


def test_an_object_that_does_not_say_what_it_is_is_read_with_a_remark() -> None:
    image = read_image(change(Modality="OT"))
    assert image.notes[0] == "the DICOM file does not say that it is ultrasound"


def test_video_and_unknown_syntaxes() -> None:
    for syntax, reason in ((MPEG4HP41, "video"), ("1.2.840.10008.1.2.4.94", "compressed in a way")):
        with pytest.raises(UnsupportedImageError, match=reason):
            read_image(with_frames(make_dataset(GREY), [b"\0\0"], syntax))


def test_12_bit_jpeg_has_no_free_decoder() -> None:
    dataset = make_dataset(GREY.astype(np.uint16), bits_stored=12)
    with pytest.raises(UnsupportedImageError, match="dcmdjpeg"):
        read_image(with_frames(dataset, [picture(GREY, "JPEG")], JPEGExtended12Bit))


def test_missing_decoder_names_the_extra(monkeypatch) -> None:
    dataset = make_dataset(GREY)
    dataset.compress(JPEG2000Lossless)
    data, find = to_bytes(dataset), importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "openjpeg" else find(name)
    )
    with pytest.raises(MissingExtraError, match=r"pip install 'sonolesion\[dicom\]'"):
        read_image(data)


def test_missing_pydicom_names_the_extra(monkeypatch) -> None:
    data = change()
    monkeypatch.setitem(sys.modules, "pydicom.filereader", None)
    with pytest.raises(MissingExtraError, match=r"needs pydicom.*'sonolesion\[dicom\]'"):
        read_image(data)


def test_deflate_bomb_stops_early(monkeypatch) -> None:
    dataset = make_dataset(GREY)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = to_bytes(dataset)
    grown = 0
    decompressobj = zlib.decompressobj

    class Counting:
        def __init__(self, bits: int) -> None:
            self.inner = decompressobj(bits)

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def decompress(self, piece: bytes, limit: int) -> bytes:
            nonlocal grown
            out = self.inner.decompress(piece, limit)
            grown += len(out)
            return out

    meta = data[: data.index(b"1.2.1.99") + 9]
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = data[:start] + packer.compress(bytes(400_000_000)) + packer.flush()
    assert len(meta) < start
    assert len(bomb) < 500_000
    monkeypatch.setattr(dicom_object.zlib, "decompressobj", Counting)
    with pytest.raises(ImageSizeError, match="grow beyond 160 MB"):
        read_image(bomb)
    assert grown < dicom_object.MAX_INFLATED_BYTES + 2_000_000


def test_deep_nesting_is_refused() -> None:
    data = change()
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    sequence = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff"
    with pytest.raises(UnreadableImageError, match="RecursionError"):
        read_image(data[:start] + (sequence + item) * 3000 + data[start:])


def test_truncated_pixels_are_an_error_at_every_length() -> None:
    data = change()
    for missing in (1, 2, 500, 1999):
        with pytest.raises(UnreadableImageError, match="truncated"):
            read_image(data[:-missing])


def test_truncated_compressed_frames() -> None:
    dataset = make_dataset(GREY)
    jpeg = picture(GREY, "JPEG")
    whole = with_frames(dataset, [jpeg], JPEGBaseline8Bit)
    assert read_image(whole).pixels.shape == GREY.shape
    with pytest.raises(UnreadableImageError, match="has no end"):
        read_image(with_frames(dataset, [jpeg[: len(jpeg) // 2]], JPEGBaseline8Bit))
    with pytest.raises(UnreadableImageError, match="truncated"):
        read_image(whole[: -len(jpeg) // 2])
    dataset.NumberOfFrames = 3
    with pytest.raises(UnreadableImageError, match="1 compressed pieces for 3 frames"):
        read_image(with_frames(dataset, [jpeg], JPEGBaseline8Bit), frame=1)


def test_a_frame_that_says_another_size_than_the_header_is_not_decoded(monkeypatch) -> None:
    monkeypatch.setattr("pydicom.pixels.decoders.base.get_decoder", None)
    jpeg = picture(np.zeros((400, 500), np.uint8), "JPEG")
    with pytest.raises(UnreadableImageError, match="a frame is 500x400 px"):
        read_image(with_frames(make_dataset(GREY), [jpeg], JPEGBaseline8Bit))


def test_a_frame_that_is_too_short_for_its_size_is_not_filled_up_with_grey() -> None:
    small, large = np.zeros((64, 64), np.uint8), np.zeros((2000, 2000), np.uint8)
    jpeg = bytearray(picture(small, "JPEG"))
    at = jpeg.index(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 2000, 2000)
    with pytest.raises(UnreadableImageError, match="too short for its size"):
        read_image(with_frames(make_dataset(large), [bytes(jpeg)], JPEGBaseline8Bit))
    whole = with_frames(make_dataset(large), [picture(large, "JPEG")], JPEGBaseline8Bit)
    assert not read_image(whole).pixels.any()


def test_values_of_odd_length_are_damaged() -> None:
    dataset = make_dataset(GREY, regions=(region(0, 0, 40, 35),))
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    data = to_bytes(dataset)
    at = data.index(b"\x18\0\x24\x60\2\0\0\0")
    short = data[: at + 4] + b"\1\0\0\0\3" + data[at + 10 :]
    with pytest.raises(UnreadableImageError):
        read_image(short)


def test_pixels_not_stored_as_the_syntax_says() -> None:
    dataset = make_dataset(GREY)
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.PixelData = encapsulate([b"\0" * 64])
    dataset["PixelData"].is_undefined_length = True
    data = to_bytes(dataset)
    with pytest.raises(UnreadableImageError):
        read_image(data)
    native = data.replace(b"1.2.840.10008.1.2.5\0", b"1.2.840.10008.1.2.1\0")
    with pytest.raises(UnreadableImageError, match="not stored as its transfer syntax"):
        read_image(native)


def test_wrong_value_types_are_refused_without_quoting_them() -> None:
    dataset = make_dataset(GREY)
    dataset.add_new(0x00280010, "LO", "DOE^JANE")
    with pytest.raises(UnreadableImageError) as caught:
        read_image(to_bytes(dataset))
    assert "DOE" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_private_and_huge_elements_are_skipped(caplog) -> None:
    dataset = make_dataset(GREY)
    block = dataset.private_block(0x0009, "SOMEONE", create=True)
    block.add_new(1, "OB", bytes(3_000_000))
    block.add_new(2, "SQ", Sequence([Dataset()]))
    dataset.SpecificCharacterSet = "ISO_IR 100"
    data = to_bytes(dataset).replace(b"ISO_IR 100", b"NO_SUCH_ST")
    assert np.array_equal(read_image(data).pixels, GREY)
    assert not caplog.records
