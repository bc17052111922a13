"""Damaged PNG, JPEG and DICOM files, the same for the same seed and number."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from functools import cache

import numpy as np
from dicom_files import make_dataset, make_file, region, to_bytes
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

Random = np.random.Generator
COLOURS = ("Red", "Green", "Blue")
GIANT = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


@cache
def seed_files() -> dict[str, bytes]:
    """Whole files of every kind that is read, small."""
    grain = speckle(96, 128)
    colour = np.stack([grain, grain, 255 - grain], axis=2)
    clip = np.stack([grain, 255 - grain])
    files = {
        "png": picture(grain, "PNG"),
        "png-rgb": picture(colour, "PNG"),
        "png-16": picture(grain.astype(np.uint16) * 257, "PNG"),
        "jpeg": picture(grain, "JPEG"),
        "jpeg-progressive": picture(colour, "JPEG", progressive=True),
        "tiff": picture(grain, "TIFF"),
        "bmp": picture(grain, "BMP"),
        "dicom": make_file(grain, regions=(region(8, 8, 119, 87),)),
        "dicom-rgb": make_file(colour),
        "dicom-clip": make_file(clip, frames=2),
        "dicom-16": make_file(
            grain.astype(np.uint16) * 16, bits_stored=12, RescaleSlope=2, RescaleIntercept=-5,
            WindowCenter=2000, WindowWidth=4000,
        ),
        "dicom-bare": to_bytes(make_dataset(grain), preamble=False),
        "dicom-palette": make_file(
            grain, photometric="PALETTE COLOR",
            **{f"{c}PaletteColorLookupTableDescriptor": [256, 0, 8] for c in COLOURS},
            **{f"{c}PaletteColorLookupTableData": bytes(range(256)) for c in COLOURS},
        ),
    }  # fmt: skip
    for name, syntax in (("implicit", ImplicitVRLittleEndian),
                         ("deflated", DeflatedExplicitVRLittleEndian)):  # fmt: skip
        dataset = make_dataset(grain, regions=(region(8, 8, 119, 87),))
        dataset.file_meta.TransferSyntaxUID = syntax
        files[f"dicom-{name}"] = to_bytes(dataset)
    for name, syntax in (("rle", RLELossless), ("j2k", JPEG2000Lossless), ("jls", JPEGLSLossless)):
        for kind, pixels in (("", grain), ("-rgb", colour)):
            dataset = make_dataset(pixels)
            dataset.compress(syntax)
            files[f"dicom-{name}{kind}"] = to_bytes(dataset)
    jpeg = make_dataset(grain)
    files["dicom-jpeg"] = with_frames(jpeg, [picture(grain, "JPEG")], JPEGBaseline8Bit)
    files["dicom-lossless"] = with_frames(jpeg, [lossless_jpeg(grain)], JPEGLosslessSV1)
    return files


def speckle(height: int, width: int) -> np.ndarray:
    """Speckle with a dark disc, uint8, that the input gate takes for ultrasound."""
    noise = np.random.default_rng(0).rayleigh(1.0, (height + 1, width + 6))
    smooth = np.mean(
        [noise[r : r + height, c : c + width] for r in range(2) for c in range(7)], axis=0
    )
    rows, cols = np.ogrid[:height, :width]
    disc = (rows - height / 2) ** 2 + (cols - width / 2) ** 2 < (height / 5) ** 2
    return np.clip(np.where(disc, 20.0, 130.0) * smooth / 1.25, 0, 255).astype(np.uint8)


def with_frames(dataset, frames: list[bytes], syntax: str) -> bytes:
    """A file whose pixel data are these compressed frames."""
    from pydicom.encaps import encapsulate

    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].is_undefined_length = True
    dataset["PixelData"].VR = "OB"
    return to_bytes(dataset)


def lossless_jpeg(pixels: np.ndarray) -> bytes:
    """A JPEG lossless (process 14, first-order prediction) stream of uint8 (H, W).

    Each difference is written as its category (Huffman code of 4 bits, value = category) and bits.
    Source: ITU-T T.81, annex H.
    """
    height, width = pixels.shape
    values = pixels.astype(int)
    before = np.empty_like(values)
    before[:, 1:] = values[:, :-1]
    before[1:, 0], before[0, 0] = values[:-1, 0], 128
    bits = []
    for difference in (values - before).ravel().tolist():
        size = abs(difference).bit_length()
        bits.append(f"{size:04b}")
        if size:
            code = difference if difference > 0 else difference + (1 << size) - 1
            bits.append(f"{code:0{size}b}")
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    body = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")
    table = b"\x00" + bytes([0, 0, 0, 10] + [0] * 12) + bytes(range(10))
    return b"".join(
        (
            b"\xff\xd8",
            b"\xff\xc3" + struct.pack(">HBHHB3B", 11, 8, height, width, 1, 1, 0x11, 0),
            b"\xff\xc4" + struct.pack(">H", 2 + len(table)) + table,
            b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 1, 0, 0),
            body,
            b"\xff\xd9",
        )
    )


def picture(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    """Encode with Pillow."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def flip_bits(data: bytearray, random: Random) -> bytearray:
    for at in random.integers(0, len(data), random.integers(1, 20)):
        data[at] ^= 1 << int(random.integers(8))
    return data


def flip_header(data: bytearray, random: Random) -> bytearray:
    for at in random.integers(0, min(len(data), 900), random.integers(1, 6)):
        data[at] = int(random.integers(256))
    return data


def truncate(data: bytearray, random: Random) -> bytearray:
    return data[: int(random.integers(0, len(data)))]


def lie(data: bytearray, random: Random) -> bytearray:
    """Write a giant, zero or odd number over two or four bytes of the header."""
    value = GIANT[int(random.integers(len(GIANT)))]
    width = 4 if random.integers(2) else 2
    at = int(random.integers(0, max(1, min(len(data), 900) - width)))
    order = "little" if random.integers(2) else "big"
    data[at : at + width] = (value & (256**width - 1)).to_bytes(width, order)
    return data


def splice(data: bytearray, random: Random) -> bytearray:
    """Cut a piece out, or put a piece in a second time."""
    start, end = sorted(int(v) for v in random.integers(0, len(data), 2))
    at = int(random.integers(0, len(data)))
    return (
        data[:start] + data[end:] if random.integers(2) else data[:at] + data[start:end] + data[at:]
    )


def swap_kind(data: bytearray, random: Random) -> bytearray:
    """The start of one kind of file and the end of another."""
    names = sorted(seed_files())
    other = seed_files()[names[int(random.integers(len(names)))]]
    at = int(random.integers(0, min(len(data), len(other))))
    return data[:at] + other[at:]


MUTATIONS: tuple[Callable[[bytearray, Random], bytearray], ...] = (
    flip_bits, flip_header, truncate, lie, lie, splice, swap_kind,
)  # fmt: skip


def mutate(seed: int, number: int) -> tuple[str, bytes]:
    """Return what was damaged how, and the bytes."""
    random = np.random.default_rng((seed, number))
    names = sorted(seed_files())
    name = names[int(random.integers(len(names)))]
    mutation = MUTATIONS[int(random.integers(len(MUTATIONS)))]
    data = mutation(bytearray(seed_files()[name]), random)
    return f"{name}/{mutation.__name__}", bytes(data)
