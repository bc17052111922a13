"""DICOM ultrasound files made on the spot, and a region for them."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

US_IMAGE = "1.2.840.10008.5.1.4.1.1.6.1"
US_MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1"


def region(
    left: int,
    top: int,
    right: int,
    bottom: int,
    *,
    spacing_cm: tuple[float, float] = (0.01, 0.02),
    spatial_format: int = 1,
    data_type: int = 1,
    units: tuple[int, int] = (3, 3),
) -> Dataset:
    """An item of SequenceOfUltrasoundRegions; corners are inside, spacing is (x, y)."""
    item = Dataset()
    item.RegionSpatialFormat = spatial_format
    item.RegionDataType = data_type
    item.RegionFlags = 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = spacing_cm
    return item


def make_dataset(
    pixels: NDArray[np.generic],
    *,
    frames: int | None = None,
    photometric: str = "",
    bits_stored: int | None = None,
    regions: tuple[Dataset, ...] = (),
    **elements: object,
) -> FileDataset:
    """An US image object of (H, W), (H, W, 3), or with `frames` of (F, H, W[, 3]) pixels."""
    shape = pixels.shape[1:] if frames else pixels.shape
    bits = pixels.dtype.itemsize * 8
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = US_MULTI_FRAME if frames else US_IMAGE
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality = "US"
    if regions:
        dataset.SequenceOfUltrasoundRegions = Sequence(regions)
    dataset.SamplesPerPixel = 3 if len(shape) == 3 else 1
    if len(shape) == 3:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = photometric or ("RGB" if len(shape) == 3 else "MONOCHROME2")
    if frames:
        dataset.NumberOfFrames = frames
    dataset.Rows, dataset.Columns = shape[:2]
    dataset.BitsAllocated = bits
    dataset.BitsStored = bits_stored or bits
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(np.issubdtype(pixels.dtype, np.signedinteger))
    data = pixels.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def to_bytes(dataset: Dataset, **choices: object) -> bytes:
    """The file, with preamble unless `preamble=False`."""
    with_preamble = choices.pop("preamble", True)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True, **choices)  # type: ignore[arg-type]
    data = buffer.getvalue()
    return data if with_preamble else data[132:]


def make_file(pixels: NDArray[np.generic], **choices: object) -> bytes:
    """`make_dataset` as bytes."""
    return to_bytes(make_dataset(pixels, **choices))  # type: ignore[arg-type]
