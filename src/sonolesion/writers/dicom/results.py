"""`write_dicom_results`: one image's results as DICOM files."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sonolesion.errors import InvalidInputError
from sonolesion.files import atomic_write_bytes, explain_write_errors
from sonolesion.types.notice import OUTLINE_EDITED
from sonolesion.writers.dicom.discretion import keep_values_back
from sonolesion.writers.dicom.extra import require_dicom_extra
from sonolesion.writers.dicom.findings import ImageFindings, find_parts

if TYPE_CHECKING:
    import pydicom

    from sonolesion.writers.dicom.source import SourceFrame

_STEM = re.compile(r"[^/\\\x00]{1,200}")


@dataclass(frozen=True, slots=True)
class DicomFiles:
    """The files of one image's results.

    Attributes:
        segmentation: the SEG; None where no lesion was outlined.
        report: the SR.
        capture: the SC.
    """

    segmentation: Path | None
    report: Path
    capture: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """Those that are there, in the order in which a PACS should get them."""
        found = (self.segmentation, self.report, self.capture)
        return tuple(path for path in found if path is not None)


@dataclass(frozen=True, slots=True)
class DicomObjects:
    """One image's results as the bytes of DICOM files.

    Attributes:
        segmentation: the SEG; None where no lesion was outlined.
        report: the SR.
        capture: the SC.
    """

    segmentation: bytes | None
    report: bytes
    capture: bytes


def write_dicom_results(
    source: pydicom.Dataset | Path | str,
    findings: ImageFindings,
    out: Path,
    *,
    stem: str | None = None,
    stem_names_frame: bool = False,
    made_at: datetime | None = None,
) -> DicomFiles:
    """Write one image's segmentation, structured report and secondary capture.

    All three belong to the study of the source and hold its patient; each kind has a series of
    its own. UIDs are the same for the same source, pixels, model, version and answer. A rerun
    writes the same bytes but for the time of making. Where no lesion was outlined there is no
    segmentation, and the report says so; one that an earlier run left under this name is removed.
    Files of these names are replaced.

    Args:
        source: the DICOM image that was predicted, or its file; pixels are not needed.
        findings: image, answer, measurements, bundle, frame.
        out: folder of the files; created.
        stem: what the files are called: ``STEM_seg.dcm``, ``STEM_sr.dcm``, ``STEM_sc.dcm``; for a
            frame of many with ``_frame3`` behind the stem. None for 16 hex digits made from the
            source's identifier; no name is ever made from a tag.
        stem_names_frame: the stem tells the frames of the source apart already: nothing is put
            behind it.
        made_at: the time to write as that of making; None for now.

    Raises:
        MissingExtraError: pydicom or highdicom is not installed.
        UnreadableImageError: the source is missing or not DICOM.
        UnsupportedImageError: the source lacks an identifier or its size.
        InvalidInputError: image, mask, measurements, frame and source do not belong together.
        OutputWriteError: a file cannot be written.
    """
    require_dicom_extra()
    # imported here: highdicom takes a second, and is there with the extra only
    from sonolesion.writers.dicom.identifiers import hash_parts
    from sonolesion.writers.dicom.source import read_source

    frame = read_source(source, frame=findings.frame)
    stem = hash_parts(frame.sop_instance_uid)[:16] if stem is None else _check_stem(stem)
    stem = stem if frame.frame is None or stem_names_frame else f"{stem}_frame{frame.frame}"
    made = _make(frame, findings, made_at)
    paths = {kind: out / f"{stem}_{kind}.dcm" for kind in ("seg", "sr", "sc")}
    if made.segmentation is None:
        with explain_write_errors(paths["seg"]), contextlib.suppress(FileNotFoundError):
            paths["seg"].unlink()
    else:
        atomic_write_bytes(paths["seg"], made.segmentation)
    atomic_write_bytes(paths["sr"], made.report)
    atomic_write_bytes(paths["sc"], made.capture)
    has_lesion = made.segmentation is not None
    return DicomFiles(paths["seg"] if has_lesion else None, paths["sr"], paths["sc"])


def make_dicom_results(
    source: pydicom.Dataset | bytes, findings: ImageFindings, *, made_at: datetime | None = None
) -> DicomObjects:
    """Make what `write_dicom_results` writes, without writing it.

    Args:
        source: the DICOM image that was predicted, or the bytes of its file.
        findings: image, answer, measurements, bundle, frame.
        made_at: the time to write as that of making; None for now.

    Raises:
        MissingExtraError, UnreadableImageError, UnsupportedImageError, InvalidInputError: see
            `write_dicom_results`.
    """
    require_dicom_extra()
    from sonolesion.writers.dicom.source import read_source

    return _make(read_source(source, frame=findings.frame), findings, made_at)


def _make(frame: SourceFrame, findings: ImageFindings, made_at: datetime | None) -> DicomObjects:
    from sonolesion.writers.dicom.equipment import describe_equipment
    from sonolesion.writers.dicom.identifiers import plan_identifiers
    from sonolesion.writers.dicom.secondary_capture import build_capture
    from sonolesion.writers.dicom.segmentation import build_segmentation
    from sonolesion.writers.dicom.structured_report import build_report

    parts = find_parts(findings)
    _check_size(frame, findings)
    identifiers = plan_identifiers(frame, findings)
    equipment = describe_equipment(findings.bundle)
    made_at = datetime.now().astimezone() if made_at is None else made_at
    segmentation = None
    if parts.lesions:
        segmentation = build_segmentation(
            frame,
            parts,
            identifiers=identifiers,
            equipment=equipment,
            made_at=made_at,
            is_edited=OUTLINE_EDITED in findings.prediction.notes,
        )
    report = build_report(
        frame,
        findings,
        parts,
        identifiers=identifiers,
        equipment=equipment,
        segmentation=segmentation,
        made_at=made_at,
    )
    capture = build_capture(
        frame, findings, identifiers=identifiers, equipment=equipment, made_at=made_at
    )
    return DicomObjects(
        None if segmentation is None else encode_dicom(segmentation),
        encode_dicom(report),
        encode_dicom(capture),
    )


def encode_dicom(result: pydicom.Dataset) -> bytes:
    """Encode a data set as a DICOM file (PS3.10)."""
    buffer = io.BytesIO()
    with keep_values_back():
        result.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _check_size(frame: SourceFrame, findings: ImageFindings) -> None:
    height, width = findings.image.pixels.shape
    if (height, width) != (frame.rows, frame.columns):
        raise InvalidInputError(
            f"image: {height} x {width} px, expected the source's {frame.rows} x {frame.columns}. "
            "Give the whole frame that was read from this source."
        )


def _check_stem(stem: str) -> str:
    if not _STEM.fullmatch(stem) or stem in {".", ".."}:
        raise InvalidInputError(
            "stem: expected a file name without a folder, of at most 200 characters."
        )
    return stem
