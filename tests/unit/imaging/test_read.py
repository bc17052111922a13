"""One rule for each kind of file, and a typed refusal for all that is none."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from sonolesion.errors import (
    ImageError,
    ImageSizeError,
    MaskMismatchError,
    UnreadableImageError,
    UnsupportedImageError,
)
from sonolesion.imaging.read import read_image, read_mask

GREY = np.random.default_rng(5).integers(0, 256, (40, 60)).astype(np.uint8)


def _file(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
def test_grey_pictures_read_the_same_in_every_mode(kind, mode):
    if kind == "BMP" and mode == "RGBA":
        pytest.skip("Pillow writes no BMP with transparency")
    image = read_image(_file(Image.fromarray(GREY).convert(mode), kind))
    assert np.array_equal(image.pixels, GREY)
    assert image.colour_fraction == 0.0


def test_colour_becomes_luma_and_is_counted():
    rgb = np.stack([GREY] * 3, axis=2)
    rgb[:10, :15] = (255, 0, 0)
    image = read_image(_file(Image.fromarray(rgb)))
    assert image.pixels[0, 0] == 76  # round(.299 * 255)
    assert image.colour_fraction == pytest.approx(150 / 2400)


def test_16_bit_is_scaled_not_clipped():
    wide = np.linspace(0, 65535, 2400).astype(np.uint16).reshape(40, 60)
    image = read_image(_file(Image.fromarray(wide)))
    assert image.pixels[-1, -1] == 255
    assert np.abs(image.pixels.astype(int) - wide.astype(int) * 255 // 65535).max() <= 1
    assert image.notes == ("16-bit scaled by 255/65535",)


@pytest.mark.parametrize("top", [1.0, 255.0])
def test_floats_in_either_range(top):
    image = read_image(_file(Image.fromarray((GREY / 255.0 * top).astype(np.float32)), "TIFF"))
    assert np.array_equal(image.pixels, GREY)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 300.0])
def test_floats_out_of_range_are_refused(value):
    pixels = np.full((40, 60), 10.0, np.float32)
    pixels[3, 3] = value
    with pytest.raises(UnsupportedImageError):
        read_image(_file(Image.fromarray(pixels), "TIFF"))


def test_transparency_is_composited_over_black():
    layer = np.full((40, 60, 4), 255, np.uint8)
    layer[:, :30, 3] = 0
    image = read_image(_file(Image.fromarray(layer)))
    assert (image.pixels[:, :30] == 0).all()
    assert (image.pixels[:, 30:] == 255).all()
    assert "transparency" in image.notes[0]


def test_exif_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    image = read_image(_file(Image.fromarray(GREY), exif=exif))
    assert np.array_equal(image.pixels, np.rot90(GREY, -1))
    assert image.notes == ("EXIF orientation applied",)


def test_an_animation_is_refused_with_its_frame_count():
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    data = _file(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    with pytest.raises(UnsupportedImageError, match="holds 2 frames"):
        read_image(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_truncated_file_is_never_a_partial_image(kind, share):
    data = _file(Image.fromarray(GREY), kind)
    with pytest.raises(UnreadableImageError, match=r"truncated|not a PNG"):
        read_image(data[: int(len(data) * share)])


def test_a_file_that_is_no_image_is_named_for_what_it_is(tmp_path):
    contents = {
        "empty": b"",
        "HTML": b"<html></html>",
        "text": b"hello there",
    }
    for what, content in contents.items():
        path = tmp_path / f"{what}.png"
        path.write_bytes(content)
        with pytest.raises(UnreadableImageError, match=what):
            read_image(path)


def test_a_mask_is_no_dicom_file():
    with pytest.raises(UnreadableImageError, match=r"PNG, JPEG, BMP or TIFF.*a DICOM file"):
        read_mask(b"\0" * 128 + b"DICM")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UnreadableImageError, match=r"none\.png: No such file"):
        read_image(tmp_path / "none.png")


@pytest.mark.parametrize("size", [(1, 1), (31, 200), (2, 5000)])
def test_small_images_are_refused(size):
    with pytest.raises(ImageSizeError, match="at least 32 px"):
        read_image(_file(Image.new("L", size, 9)))


def _png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nothing of it: decoding it would need the memory."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    header = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


@pytest.mark.parametrize("side", [12_000, 20_000, 65_535])
def test_giant_images_are_refused_from_their_header(side):
    with pytest.raises(ImageSizeError, match="million pixels"):
        read_image(_png_header(side, side))


def test_flipped_bits_end_in_an_image_or_a_typed_refusal():
    data = bytearray(_file(Image.fromarray(GREY)))
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        broken = bytearray(data)
        for at in rng.integers(0, len(data), 3):
            broken[at] ^= 1 << int(rng.integers(8))
        try:
            assert read_image(bytes(broken)).pixels.dtype == np.uint8
        except ImageError:
            refused += 1
    assert refused > 200


MASK = np.zeros((40, 60), np.bool_)
MASK[10:20, 10:30] = True


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_masks_of_every_mode_read_the_same(tmp_path, mode):
    Image.fromarray(MASK).convert(mode).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", shape=(40, 60)), MASK)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 0, 0)])
def test_coloured_masks_count_by_their_brightest_channel(tmp_path, colour, mode):
    painted = Image.fromarray((MASK[..., None] * np.array(colour)).astype(np.uint8))
    # convert("P") would dither towards its own palette
    shown = painted.quantize(2) if mode == "P" else painted.convert(mode)
    shown.save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png"), MASK)


def test_the_threshold_of_a_mask_is_128_in_any_channel(tmp_path):
    levels = np.zeros((2, 40, 3), np.uint8)
    levels[0, :, 0] = levels[1, :, 1] = np.arange(108, 148)
    Image.fromarray(levels).save(tmp_path / "rgb.png")
    assert np.array_equal(read_mask(tmp_path / "rgb.png"), np.tile(np.arange(40) >= 20, (2, 1)))
    Image.fromarray(levels[:, :, 1]).save(tmp_path / "grey.png")
    assert read_mask(tmp_path / "grey.png").sum() == 20


def test_transparent_paint_is_no_lesion(tmp_path):
    painted = np.zeros((40, 60, 4), np.uint8)
    painted[..., 0] = 255
    painted[..., 3] = MASK * 255
    Image.fromarray(painted).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png"), MASK)


def test_a_mask_of_another_size_is_refused(tmp_path):
    Image.fromarray(MASK).save(tmp_path / "m.png")
    with pytest.raises(MaskMismatchError, match="mask is 60x40 px, its image 50x40 px"):
        read_mask(tmp_path / "m.png", shape=(40, 50))
