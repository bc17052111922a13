from __future__ import annotations

import struct

import numpy as np
import pytest
from dicom_files import make_dataset, make_file, to_bytes
from mutations import picture
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from sonolesion.imaging.dicom import is_dicom, is_dicom_file

GREY = np.full((40, 50), 9, np.uint8)


def test_with_and_without_preamble() -> None:
    dataset = make_dataset(GREY)
    assert is_dicom(to_bytes(dataset))
    assert is_dicom(to_bytes(dataset, preamble=False))


@pytest.mark.parametrize(
    "head",
    [
        b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100",  # explicit
        b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100",  # implicit
        b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100",  # big-endian
    ],
)
def test_data_set_without_any_meta_information(head: bytes) -> None:
    assert is_dicom(head)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "TIFF"])
def test_pictures_are_not(kind: str) -> None:
    assert not is_dicom(picture(GREY, kind))


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x08\x00",
        b"\x08\x00\x05\x00" + struct.pack("<I", 100_001),
        b"\x10\x00\x10\x00PN\x04\x00",
        b"hello there",
        b"{}",
    ],
)
def test_other_content_is_not(head: bytes) -> None:
    assert not is_dicom(head)


def test_noise_is_not() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (5000, 132)).astype(np.uint8)
    assert sum(is_dicom(row.tobytes()) for row in noise) == 0


def test_file_by_content(tmp_path) -> None:
    path = tmp_path / "IM0001"
    path.write_bytes(make_file(GREY))
    assert is_dicom_file(path)
    assert not is_dicom_file(tmp_path / "missing")
    assert not is_dicom_file(tmp_path)


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_a_data_set_alone_is_read(syntax: str) -> None:
    import io

    from sonolesion.imaging.read import read_image

    wide = np.arange(2000, dtype=np.uint16).reshape(40, 50) * 30
    dataset = make_dataset(wide)
    buffer = io.BytesIO()
    from pydicom.filebase import DicomIO
    from pydicom.filewriter import write_dataset

    del dataset.file_meta
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = wide.astype(">u2").tobytes()
    file = DicomIO(buffer)
    file.is_implicit_VR = syntax == ImplicitVRLittleEndian
    file.is_little_endian = syntax == ImplicitVRLittleEndian
    write_dataset(file, dataset)
    image = read_image(buffer.getvalue())
    assert np.array_equal(image.pixels, np.round(wide / 65535 * 255).astype(np.uint8))
