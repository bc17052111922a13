"""DICOM results in the study of the source image: segmentation, structured report, capture.

::

    source ------> SourceFrame (identity, frame, scale) --+
    answer ------> ImageFindings, FoundParts -------------+--> SEG, SR, SC --> files
    both --------> ResultIdentifiers (same for a rerun) --+

Needs the extra [dicom]; without it this package can be imported, and the call says what to
install. Nothing here decodes pixels. Research use only.
"""

from __future__ import annotations

from sonolesion.writers.dicom.findings import ImageFindings
from sonolesion.writers.dicom.results import (
    DicomFiles,
    DicomObjects,
    make_dicom_results,
    write_dicom_results,
)

__all__ = [
    "DicomFiles",
    "DicomObjects",
    "ImageFindings",
    "make_dicom_results",
    "write_dicom_results",
]
