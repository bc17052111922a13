"""DICOM ultrasound images made here, and findings in them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from drawn_shapes import draw_ellipse
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)
from tiny_bundle import make_info, speckle_image

from sonolesion.inference.measure import measure_lesions
from sonolesion.types import LesionClass, Prediction, UltrasoundImage
from sonolesion.writers.dicom import ImageFindings

SHAPE = (128, 165)  # an odd number of pixels to the byte
SPACING_MM = (0.1, 0.2)
STUDY, SERIES, INSTANCE = "2.25.1001", "2.25.1002", "2.25.1003"


def make_source(pixels: NDArray[np.uint8], **changes: object) -> Dataset:
    """A grey ultrasound image from uint8 (H, W), or one of several frames from (N, H, W)."""
    several = pixels.ndim == 3
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID = UltrasoundMultiFrameImageStorage if several else UltrasoundImageStorage
    ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = INSTANCE, STUDY, SERIES
    ds.PatientName, ds.PatientID, ds.PatientSex = "Müller^Änne", "ID-77-X", "F"
    ds.PatientBirthDate, ds.StudyDate, ds.StudyTime = "19610203", "20240506", "070809"
    ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName = "ACC-1", "ST-1", "Roe^Rita"
    ds.Modality, ds.Laterality, ds.Manufacturer = "US", "L", "nobody"
    ds.InstanceNumber, ds.SeriesNumber, ds.PatientOrientation = 1, 1, None
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    if several:
        ds.NumberOfFrames, ds.FrameTime = len(pixels), 40
        ds.FrameIncrementPointer = 0x00181063
    ds.Rows, ds.Columns = pixels.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
    ds["PixelData"].VR = "OB"
    for keyword, value in changes.items():
        setattr(ds, keyword, value)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    return ds


def add_region(source: Dataset, spacing_mm: tuple[float, float] = SPACING_MM) -> Dataset:
    """State the size of a pixel (row, col) as a scanner does, in cm."""
    region = Dataset()
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaY, region.PhysicalDeltaX = (s / 10 for s in spacing_mm)
    region.RegionLocationMinX0 = region.RegionLocationMinY0 = 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = source.Columns - 1, source.Rows - 1
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    source.SequenceOfUltrasoundRegions = [region]
    return source


def save_source(source: Dataset, path: Path) -> Path:
    source.save_as(path, enforce_file_format=True)
    return path


def draw_mask() -> NDArray[np.bool_]:
    """Two lesions, the larger with a hole, and a speck."""
    mask = draw_ellipse(SHAPE, centre=(60, 70), half_axes=(30, 20))
    mask |= draw_ellipse(SHAPE, centre=(30, 145), half_axes=(10, 8))
    mask[58:61, 70] = False
    mask[120, 5:7] = True
    return mask


def make_findings(
    mask: NDArray[np.bool_] | None = None,
    *,
    label: LesionClass = LesionClass.MALIGNANT,
    spacing_mm: tuple[float, float] | None = None,
    frame: int | None = None,
    pixels: NDArray[np.uint8] | None = None,
    **prediction: object,
) -> ImageFindings:
    mask = draw_mask() if mask is None else mask
    pixels = speckle_image(*SHAPE) if pixels is None else pixels
    answer = Prediction(
        source="Canary^Path/in.dcm",
        label=label,
        class_prob=np.array([0.05, 0.2, 0.75]),
        lesion_prob=mask.astype(np.float32),
        mask=mask,
        mask_coverage=float(mask.mean()),
        bundle="tiny 0.1",
        seconds=0.1,
    )
    return ImageFindings(
        image=UltrasoundImage(pixels),
        prediction=dataclasses.replace(answer, **prediction),  # type: ignore[arg-type]
        lesions=measure_lesions(mask, pixels, spacing_mm=spacing_mm),
        bundle=make_info(onnx_sha256="ab" * 32),
        frame=frame,
    )


def empty_findings(**changes: object) -> ImageFindings:
    return make_findings(np.zeros(SHAPE, np.bool_), label=LesionClass.NORMAL, **changes)  # type: ignore[arg-type]
