"""Pictures that are no breast ultrasound, as installed packages ship them.

Nothing is downloaded and nothing is stored: each picture is read from the package that carries it
(scikit-image, scikit-learn, matplotlib, pydicom, nilearn). A package that is not installed gives a
reason instead. Pictures under the reader's 32 px are left out, and so are second copies and all
but one of what is nearly a copy (the stereo pair, pydicom's ten colour bars).
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import logging
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonolesion.imaging.read import MIN_SIDE_PX

Pixels = NDArray[np.uint8]
NAMED_KINDS = {
    "page": "document", "text": "document", "logo": "drawing", "horse": "drawing",
    "chessboard": "drawing", "logo2": "drawing", "Minduka": "drawing", "color": "drawing",
    "phantom": "drawing", "brick": "texture", "grass": "texture", "gravel": "texture",
    "ihc": "microscopy", "cell": "microscopy", "retina": "fundus", "microaneurysms": "fundus",
    "moon": "astronomy", "hubble": "astronomy",
}  # fmt: skip
NEAR_COPIES = (
    "motorcycle_right",
    "SC_rgb_r",
    "SC_rgb_g",
    "+n",
    "SC_rgb_j",
    "SC_jpeg_no_color_transform_2",
    "examples_jpeg2k",
)
_NIFTI_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2"}


@dataclass(frozen=True, slots=True)
class OtherPicture:
    """A picture of something else.

    Attributes:
        name: package and file, e.g. "skimage/camera.png".
        kind: "photograph", "document", "ct", "mr", ...
        pixels: uint8, (H, W) or RGB (H, W, 3).
    """

    name: str
    kind: str
    pixels: Pixels

    @property
    def half(self) -> str:
        """Which half it belongs to, by a hash of its file name: "choose" or "report"."""
        return "choose" if hashlib.sha256(self.name.encode()).digest()[0] % 2 == 0 else "report"

    def to_grey(self) -> OtherPicture:
        """The same picture without its colours, as a photograph saved in grey would be."""
        grey = np.asarray(Image.fromarray(self.pixels).convert("L"))
        return OtherPicture(f"{self.name} (grey)", self.kind, grey)


def find_other_pictures() -> tuple[list[OtherPicture], dict[str, str]]:
    """Collect the pictures; also package -> why it gave none."""
    pictures: list[OtherPicture] = []
    missing: dict[str, str] = {}
    seen: set[bytes] = set()
    for package, read in _SOURCES.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            missing[package] = "not installed"
            continue
        for picture in read(Path(spec.origin).parent):
            digest = hashlib.sha256(picture.pixels.tobytes()).digest()
            if any(start in picture.name for start in NEAR_COPIES):
                continue
            if min(picture.pixels.shape[:2]) >= MIN_SIDE_PX and digest not in seen:
                seen.add(digest)
                pictures.append(picture)
    return pictures, missing


def _files_of(folder: str) -> Callable[[Path], Iterator[OtherPicture]]:
    def read(package: Path) -> Iterator[OtherPicture]:
        for path in sorted((package / folder).iterdir()):
            if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
                continue
            with Image.open(path) as image:
                mode = "L" if image.mode in ("1", "L", "I;16", "I") else "RGB"
                pixels = np.array(image.convert(mode))
            known = [kind for start, kind in NAMED_KINDS.items() if path.name.startswith(start)]
            kind = known[-1] if known else "photograph"
            yield OtherPicture(f"{package.name}/{path.name}", kind, pixels)

    return read


def _pydicom(package: Path) -> Iterator[OtherPicture]:
    import pydicom  # not a dependency

    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted((package / "data" / "test_files").glob("*.dcm")):
            try:
                data = pydicom.dcmread(path)
                values = data.pixel_array
            except Exception:  # noqa: BLE001 # test files: many are damaged on purpose
                continue
            frames = int(data.get("NumberOfFrames") or 1)
            if frames > 1:
                values = values[frames // 2]
            kind = str(data.get("Modality") or "ot").lower()
            if "color" in path.name or kind in ("ot", "seg", "rtdose"):
                kind = "drawing" if kind != "us" else kind
            if data.PhotometricInterpretation == "PALETTE COLOR":
                values = pydicom.pixels.apply_color_lut(values, data)
            elif values.ndim == 2 and values.dtype != np.uint8:
                values = pydicom.pixels.apply_modality_lut(values, data)
                if "WindowCenter" in data:
                    values = pydicom.pixels.apply_voi_lut(values, data)
            yield OtherPicture(f"pydicom/{path.name}", kind, _stretch(values))


def _nilearn(package: Path) -> Iterator[OtherPicture]:
    """The MNI brain template (T1, 1 mm): five slices along each axis."""
    path = package / "datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
    raw = gzip.decompress(path.read_bytes())
    shape = struct.unpack("<3h", raw[42:48])
    dtype = np.dtype("<" + _NIFTI_TYPES[struct.unpack("<h", raw[70:72])[0]])
    start = int(struct.unpack("<f", raw[108:112])[0])
    volume = np.frombuffer(raw, dtype, int(np.prod(shape)), start).reshape(shape, order="F")
    for axis in range(3):
        for share in (0.3, 0.4, 0.5, 0.6, 0.7):
            index = int(share * shape[axis])
            plane = np.rot90(np.take(volume, index, axis=axis))
            yield OtherPicture(f"nilearn/mni-t1-{axis}-{index}", "mr", _stretch(plane))


def _stretch(values: NDArray[np.generic]) -> Pixels:
    """To uint8 by minimum and maximum; uint8 stays as it is."""
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    wide = values.astype(np.float64)
    low, high = wide.min(), wide.max()
    scaled = (wide - low) / (high - low) if high > low else np.zeros_like(wide)
    return np.round(255.0 * scaled).astype(np.uint8)


_SOURCES: dict[str, Callable[[Path], Iterator[OtherPicture]]] = {
    "skimage": _files_of("data"),
    "sklearn": _files_of("datasets/images"),
    "matplotlib": _files_of("mpl-data/sample_data"),
    "pydicom": _pydicom,
    "nilearn": _nilearn,
}
