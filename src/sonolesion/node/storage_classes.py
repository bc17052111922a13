"""Which objects are taken: their classes and transfer syntaxes."""

from __future__ import annotations

from pydicom.uid import (
    UID,
    ComprehensiveSRStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
    SegmentationStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from sonolesion.imaging.dicom.pixels import CODECS

IMAGE_CLASSES = (
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    UID("1.2.840.10008.5.1.4.1.1.6"),  # ultrasound, retired
    UID("1.2.840.10008.5.1.4.1.1.3"),  # ultrasound multi-frame, retired
    SecondaryCaptureImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
)
"""Images that may be ultrasound."""

RESULT_CLASSES = (SegmentationStorage, ComprehensiveSRStorage)
"""Taken so that a PACS that sends whole studies does not stumble over our own results."""

TRANSFER_SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    *(UID(syntax) for syntax in CODECS),
)
"""Those that `imaging.dicom` decodes."""
