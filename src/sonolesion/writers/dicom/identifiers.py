"""UIDs that are the same for the same result, so that a rerun does not fill the PACS.

A UID is that of a UUID (ITU-T X.667: "2.25." and the UUID as a number) made from a SHA-256.
Everything that decides on the content of a result goes into it, dates apart: another result
never has the UID of an older one.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass

import sonolesion
from sonolesion.bundle import BundleInfo
from sonolesion.bundle.schema import bundle_info_to_json
from sonolesion.writers.dicom.answer import describe_answer
from sonolesion.writers.dicom.findings import ImageFindings
from sonolesion.writers.dicom.source import SourceFrame


@dataclass(frozen=True, slots=True)
class ResultIdentifiers:
    """The UIDs of one frame's results.

    Attributes:
        series_key: hash of source and model; one series per kind of result.
        object_key: hash of these, the frame, its pixels, the answer and the scale.
    """

    series_key: str
    object_key: str

    def series_uid(self, kind: str) -> str:
        """UID of the series of "SEG", "SR" or "SC"."""
        return make_uid(self.series_key, "series", kind)

    def object_uid(self, kind: str) -> str:
        """UID of the object of "SEG", "SR" or "SC"."""
        return make_uid(self.object_key, "object", kind)

    def tracking_uid(self, lesion: str) -> str:
        """UID by which one lesion is the same in segmentation and report."""
        return make_uid(self.object_key, "tracking", lesion)


def plan_identifiers(source: SourceFrame, findings: ImageFindings) -> ResultIdentifiers:
    """Make the identifiers of one frame's results."""
    prediction, pixels = findings.prediction, findings.image.pixels
    series_key = hash_parts(
        source.sop_instance_uid, model_hash(findings.bundle), sonolesion.__version__
    )
    object_key = hash_parts(
        series_key,
        repr((source.frame, findings.lesions.spacing_mm)),
        repr([lesion.place for lesion in findings.lesions.lesions]),
        repr(pixels.shape),
        pixels.tobytes(),
        prediction.mask.tobytes(),
        *describe_answer(prediction),
    )
    return ResultIdentifiers(series_key, object_key)


def model_hash(bundle: BundleInfo) -> str:
    """SHA-256 of a bundle's description, which holds the graph's own hash; 64 hex digits."""
    return hash_parts(json.dumps(bundle_info_to_json(bundle), sort_keys=True, default=str))


def make_uid(*parts: str) -> str:
    """Make a UID from texts.

    >>> make_uid("a") == make_uid("a"), make_uid("a") == make_uid("b"), make_uid("a")[:5]
    (True, False, '2.25.')
    """
    digest = bytes.fromhex(hash_parts(*parts))
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


def hash_parts(*parts: str | bytes) -> str:
    """SHA-256 of several parts, each with its length, as 64 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()
