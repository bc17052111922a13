"""pydicom's own test files, those that its wheel holds: read to the same pixels, or refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import to_bytes
from PIL import Image
from pydicom.data.data_manager import DATA_ROOT

from sonolesion.errors import (
    ImageError,
    ImageSizeError,
    UnreadableImageError,
    UnsupportedImageError,
)
from sonolesion.imaging.read import read_image

ROOT = Path(DATA_ROOT) / "test_files"
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
READ = {
    "ExplVR_BigEnd.dcm", "GDCMJ2K_TextGBR.dcm", "examples_jpeg2k.dcm", "examples_palette.dcm",
    "examples_rgb_color.dcm", "examples_ybr_color.dcm", "image_dfl.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
}  # fmt: skip
REFUSED = {
    "reportsi.dcm": (UnsupportedImageError, "without a picture .modality SR"),
    "test-SR.dcm": (UnsupportedImageError, "without a picture .modality SR"),
    "CT_small.dcm": (UnsupportedImageError, "of CT modality"),
    "liver_1frame.dcm": (UnsupportedImageError, "of SEG modality"),
    "waveform_ecg.dcm": (UnsupportedImageError, "without a picture"),
    "MR_truncated.dcm": (UnreadableImageError, "truncated"),
    "SC_rgb_small_odd.dcm": (ImageSizeError, "3x3 px"),
    "SC_rgb_rle_32bit.dcm": (UnsupportedImageError, "32 bits"),
    "dicomdirtests/DICOMDIR": (UnsupportedImageError, "directory"),
    "zipMR.gz": (UnreadableImageError, "not a PNG"),
}


def test_there_are_files() -> None:
    assert len(FILES) > 100
    assert READ | set(REFUSED) <= set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_each_is_read_or_refused(name: str) -> None:
    try:
        outcome = read_image(ROOT / name, name="file", frame=1).pixels.dtype.name
    except ImageError as error:
        outcome = error.message
    assert outcome == "uint8" or outcome.startswith("file: ")
    if name in READ or name in REFUSED:
        assert (outcome == "uint8") == (name in READ)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_reason_of_a_refusal(name: str) -> None:
    kind, reason = REFUSED[name]
    with pytest.raises(kind, match=reason):
        read_image(ROOT / name)


def files_of(suffixes: tuple[str, ...]) -> list[str]:
    return [n for n in FILES if n.endswith(suffixes) and "dicomdirtests" not in n]


@pytest.mark.parametrize("name", files_of(("color.dcm", "rgb_rle.dcm", "2frame.dcm", "BigEnd.dcm",
    "cr.dcm", "n1.dcm", "n2.dcm", "np.dcm", "s2.dcm", "s4.dcm", "KY.dcm", "line.dcm", "sample.dcm",
    "jpeg.dcm", "dcmd.dcm", "dcmtk.dcm", "gdcm.dcm", "16bit.dcm", "422_uncompressed.dcm",
    "jpeg2k.dcm", "transform.dcm", "transform_2.dcm", "GBR.dcm")))  # fmt: skip
def test_colour_is_what_pydicom_makes_of_it(name: str) -> None:
    if any(part in name for part in ("odd", "32bit", "MR", "rtdose")):
        pytest.skip("too small, or of a kind that is refused")
    ours = read_image(ROOT / name, frame=1).pixels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(ROOT / name)
        pixels = dataset.pixel_array
    if int(dataset.get("NumberOfFrames") or 1) > 1:
        pixels = pixels[0]
    if dataset.BitsAllocated == 16:
        pixels = np.round(pixels / 65535.0 * 255.0).astype(np.uint8)
    # pydicom tries its decoders in its own order: JPEG's inverse transform may round otherwise
    tolerance = 3 if "jpeg" in dataset.file_meta.TransferSyntaxUID.name.lower() else 0
    theirs = np.asarray(Image.fromarray(pixels).convert("L")).astype(int)
    assert np.abs(ours - theirs).max() <= tolerance


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_implicit.dcm",
     "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "693_J2KI.dcm",
     "examples_overlay.dcm", "J2K_pixelrep_mismatch.dcm"],
)  # fmt: skip
def test_grey_of_12_to_16_bits_in_every_syntax(name: str) -> None:
    """The stored values of CT and MR, taken as ultrasound, on the scale of their own header."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(ROOT / name)
        stored = dataset.pixel_array.astype(float)
        dataset.Modality = "US"
        for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"):
            if keyword in dataset:
                delattr(dataset, keyword)
        ours = read_image(to_bytes(dataset)).pixels.astype(int)
    bits, signed = dataset.BitsStored, dataset.PixelRepresentation
    low = -(2 ** (bits - 1)) if signed else 0
    share = (np.clip(stored, low, low + 2**bits - 1) - low) / (2**bits - 1)
    assert np.abs(ours - share * 255).max() <= 0.501


BY_SYNTAX = {
    "1.2.840.10008.1.2": "MR_small_implicit.dcm",
    "1.2.840.10008.1.2.1": "examples_rgb_color.dcm",
    "1.2.840.10008.1.2.1.99": "image_dfl.dcm",
    "1.2.840.10008.1.2.2": "ExplVR_BigEnd.dcm",
    "1.2.840.10008.1.2.4.50": "SC_rgb_dcmtk_+eb+cy+np.dcm",
    "1.2.840.10008.1.2.4.51": "JPGExtended.dcm",
    "1.2.840.10008.1.2.4.70": "SC_rgb_jpeg_gdcm.dcm",
    "1.2.840.10008.1.2.4.80": "MR_small_jpeg_ls_lossless.dcm",
    "1.2.840.10008.1.2.4.81": "SC_rgb_jls_lossy_line.dcm",
    "1.2.840.10008.1.2.4.90": "examples_jpeg2k.dcm",
    "1.2.840.10008.1.2.4.91": "693_J2KI.dcm",
    "1.2.840.10008.1.2.5": "SC_rgb_rle.dcm",
}
"""A file of each transfer syntax that pydicom's files with pixels have."""


def load(name: str) -> pydicom.Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(ROOT / name)


def test_no_transfer_syntax_of_the_files_is_left_out() -> None:
    found = set()
    for name in FILES:
        try:
            dataset = load(name)
        except pydicom.errors.InvalidDicomError:  # which has no header to say its syntax
            continue
        if "PixelData" in dataset:
            found.add(str(dataset.file_meta.get("TransferSyntaxUID", "")))
    assert found - {""} == set(BY_SYNTAX)


@pytest.mark.parametrize(("syntax", "name"), BY_SYNTAX.items())
def test_each_transfer_syntax_is_read_or_refused_with_a_reason(syntax: str, name: str) -> None:
    """As ultrasound, so that the modality of the example does not decide first."""
    dataset = load(name)
    assert dataset.file_meta.TransferSyntaxUID == syntax
    shape = (dataset.Rows, dataset.Columns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.Modality = "US"
        for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept"):
            if keyword in dataset:
                delattr(dataset, keyword)
        data = to_bytes(dataset)
    if syntax == "1.2.840.10008.1.2.4.51":
        with pytest.raises(UnsupportedImageError, match="JPEG Extended of 12 bits, which no dec"):
            read_image(data, frame=1)
        return
    assert read_image(data, frame=1).pixels.shape == shape


def test_big_endian_is_read_the_same() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        images = []
        for name in ("MR_small.dcm", "MR_small_bigendian.dcm"):
            data = bytearray((ROOT / name).read_bytes())
            at = data.index(b"CS", data.index(b"\x60\x00" if "big" not in name else b"\x00\x60"))
            assert data[at + 4 : at + 6] == b"MR"
            data[at + 4 : at + 6] = b"US"
            images.append(read_image(bytes(data)).pixels)
    assert np.array_equal(*images)
