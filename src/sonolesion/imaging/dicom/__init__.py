"""DICOM ultrasound in: recognised by content, checked by header, decoded one frame at a time.

Only the tags of `object.READ_TAGS` are ever read; names, dates and numbers of the patient stay
in the file. pydicom and the decoders are the extra `[dicom]`, imported with the first DICOM file.
"""

from __future__ import annotations

from sonolesion.imaging.dicom.detect import DICOM_SUFFIXES, HEAD_BYTES, is_dicom, is_dicom_file

__all__ = ["DICOM_SUFFIXES", "HEAD_BYTES", "is_dicom", "is_dicom_file"]
