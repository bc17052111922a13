"""Stored values to grey: worked out by hand, or by pydicom's own functions."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_files import make_dataset, make_file, to_bytes
from mutations import lossless_jpeg, picture, with_frames
from pydicom.pixels import apply_color_lut, apply_windowing, convert_color_space
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from sonolesion.errors import UnreadableImageError, UnsupportedImageError
from sonolesion.imaging.dicom.levels import apply_window
from sonolesion.imaging.read import read_image

RANDOM = np.random.default_rng(1)
GREY = RANDOM.integers(0, 256, (40, 50)).astype(np.uint8)
WIDE = RANDOM.integers(0, 4096, (40, 50)).astype(np.uint16)
RGB = RANDOM.integers(0, 256, (40, 50, 3)).astype(np.uint8)


def luma(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(rgb, float) @ [0.299, 0.587, 0.114]


def test_8_bit_keeps_its_values() -> None:
    image = read_image(make_file(GREY))
    assert np.array_equal(image.pixels, GREY)
    assert image.notes == ("no region in the DICOM header: whole frame read",)


def test_monochrome1_is_inverted() -> None:
    image = read_image(make_file(GREY, photometric="MONOCHROME1"))
    assert np.array_equal(image.pixels, 255 - GREY)
    assert "MONOCHROME1 inverted" in image.notes


def test_12_bit_is_scaled_by_what_its_bits_can_hold() -> None:
    image = read_image(make_file(WIDE, bits_stored=12))
    assert np.array_equal(image.pixels, np.round(WIDE / 4095 * 255).astype(np.uint8))
    assert "12-bit values 0 to 4095 scaled to 0 to 255" in image.notes


def test_16_bit_follows_the_rule_of_png() -> None:
    wide = RANDOM.integers(0, 65536, (40, 50)).astype(np.uint16)
    png = read_image(picture(wide, "PNG"))
    assert np.array_equal(read_image(make_file(wide)).pixels, png.pixels)


def test_signed_values_start_below_zero() -> None:
    signed = np.linspace(-2048, 2047, 2000).astype(np.int16).reshape(40, 50)
    pixels = read_image(make_file(signed, bits_stored=12)).pixels
    assert pixels[0, 0] == 0
    assert pixels[-1, -1] == 255
    assert pixels[20, 0] == pytest.approx(128, abs=1)


def test_unused_high_bits_are_not_read() -> None:
    with_overlay = WIDE | np.uint16(0x8000)
    clean = read_image(make_file(WIDE, bits_stored=12)).pixels
    assert np.array_equal(read_image(make_file(with_overlay, bits_stored=12)).pixels, clean)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_window_after_rescale_as_pydicom_does_it(function: str) -> None:
    dataset = make_dataset(
        WIDE, bits_stored=12, RescaleSlope=2, RescaleIntercept=-100,
        WindowCenter=[3000, 40], WindowWidth=[5000, 400], VOILUTFunction=function,
    )  # fmt: skip
    image = read_image(to_bytes(dataset))
    theirs = apply_windowing(WIDE * 2.0 - 100, dataset)
    # pydicom's output spans the rescaled range of the stored bits
    low, high = -100.0, 4095 * 2.0 - 100
    share = (theirs - low) / (high - low)
    assert np.abs(image.pixels - share * 255).max() <= 1
    assert "window of the header applied (centre 3000, width 5000)" in image.notes
    assert "rescaled by slope 2, intercept -100" in image.notes


def test_window_by_hand() -> None:
    # PS3.3 C.11.2.1.2.1, c = 2048, w = 4096: x <= 0 is black, x > 4095 white
    values = np.array([0.0, 2047.5, 4095.0])
    share = apply_window(values, centre=2048, width=4096, function="LINEAR")
    assert share == pytest.approx([0.0, 0.5, 1.0])
    step = apply_window(np.array([9.0, 10.0]), centre=10, width=1, function="LINEAR")
    assert step.tolist() == [0.0, 1.0]
    exact = apply_window(np.array([0.0, 1.0, 2.0]), centre=1, width=2, function="LINEAR_EXACT")
    assert exact.tolist() == [0.0, 0.5, 1.0]


def test_negative_slope_keeps_the_order_of_rescaled_values() -> None:
    image = read_image(make_file(WIDE, bits_stored=12, RescaleSlope=-1, RescaleIntercept=4095))
    expected = np.round((4095 - WIDE.astype(float)) / 4095 * 255)
    assert np.array_equal(image.pixels, expected.astype(np.uint8))


@pytest.mark.parametrize(
    "elements",
    [
        {"RescaleSlope": 0, "RescaleIntercept": 1},
        {"WindowCenter": 10, "WindowWidth": 0},
        {"WindowCenter": 10},
        {"WindowWidth": 10},
    ],
)
def test_scales_that_cannot_be_are_refused(elements: dict[str, object]) -> None:
    with pytest.raises(UnreadableImageError, match="damaged DICOM"):
        read_image(make_file(WIDE, bits_stored=12, **elements))


def test_lookup_tables_are_refused() -> None:
    from pydicom.dataset import Dataset

    for keyword in ("ModalityLUTSequence", "VOILUTSequence"):
        with pytest.raises(UnsupportedImageError, match="lookup table"):
            read_image(make_file(WIDE, **{keyword: [Dataset()]}))


def test_colour_by_pixel_and_by_plane() -> None:
    by_pixel = read_image(make_file(RGB))
    dataset = make_dataset(RGB, PlanarConfiguration=1)
    dataset.PixelData = np.moveaxis(RGB, 2, 0).tobytes()
    assert np.array_equal(read_image(to_bytes(dataset)).pixels, by_pixel.pixels)
    assert np.abs(by_pixel.pixels - luma(RGB)).max() <= 0.51
    assert by_pixel.colour_fraction > 0.5


def test_ybr_full() -> None:
    smooth = np.zeros((40, 50, 3), np.uint8)
    smooth[..., 0], smooth[..., 1], smooth[..., 2] = 200, 100, 50
    ybr = convert_color_space(smooth, "RGB", "YBR_FULL")
    image = read_image(make_file(ybr, photometric="YBR_FULL"))
    assert np.abs(image.pixels - luma(smooth)).max() <= 1.5
    pairs = np.stack([ybr[:, ::2, 0], ybr[:, 1::2, 0], ybr[:, ::2, 1], ybr[:, ::2, 2]], axis=2)
    dataset = make_dataset(ybr, photometric="YBR_FULL_422")
    dataset.PixelData = pairs.tobytes()
    assert np.array_equal(read_image(to_bytes(dataset)).pixels, image.pixels)


@pytest.mark.parametrize("bits", [8, 16])
def test_palette_as_pydicom_applies_it(bits: int) -> None:
    dataset = make_dataset(GREY, photometric="PALETTE COLOR")
    dtype = np.uint8 if bits == 8 else np.uint16
    for index, colour in enumerate(("Red", "Green", "Blue")):
        table = np.random.default_rng(index).integers(0, 2**bits, 200).astype(dtype)
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [200, 20, bits])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", table.tobytes())
    image = read_image(to_bytes(dataset))
    theirs = apply_color_lut(GREY.copy(), dataset) >> (bits - 8)
    # pydicom takes values below the first mapped one (20) as they are; the standard says: first
    low = GREY < 20
    assert np.abs(image.pixels - luma(theirs))[~low].max() <= 0.51
    assert len(np.unique(image.pixels[low])) == 1


def test_segmented_and_short_palettes_are_refused() -> None:
    dataset = make_dataset(GREY, photometric="PALETTE COLOR")
    with pytest.raises(UnreadableImageError, match="palette"):
        read_image(to_bytes(dataset))
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 8])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", b"\1" * 100)
    with pytest.raises(UnreadableImageError, match="palette is short"):
        read_image(to_bytes(dataset))
    dataset.SegmentedRedPaletteColorLookupTableData = b"\0\1\2\3"
    with pytest.raises(UnsupportedImageError, match="segmented"):
        read_image(to_bytes(dataset))


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
@pytest.mark.parametrize("pixels", [GREY, RGB, WIDE], ids=["grey", "rgb", "12-bit"])
def test_lossless_syntaxes_give_the_uncompressed_pixels(syntax: str, pixels: np.ndarray) -> None:
    bits = 12 if pixels.dtype == np.uint16 else 8
    dataset = make_dataset(pixels, bits_stored=bits)
    plain = read_image(to_bytes(dataset)).pixels
    dataset.compress(syntax)
    assert np.array_equal(read_image(to_bytes(dataset)).pixels, plain)


def test_jpeg_lossless_and_baseline() -> None:
    dataset = make_dataset(GREY)
    data = with_frames(dataset, [lossless_jpeg(GREY)], JPEGLosslessSV1)
    assert np.array_equal(read_image(data).pixels, GREY)
    jpeg = picture(GREY, "JPEG")
    data = with_frames(dataset, [jpeg], JPEGBaseline8Bit)
    assert np.array_equal(read_image(data).pixels, read_image(jpeg).pixels)
