"""The program as the maker of the objects, in each object's equipment module and observer."""

from __future__ import annotations

from dataclasses import dataclass

import sonolesion
from sonolesion.bundle import BundleInfo
from sonolesion.writers.dicom.identifiers import make_uid, model_hash

MANUFACTURER = "sonolesion"
SERIES_NUMBERS = {"SEG": 9101, "SR": 9102, "SC": 9103}


@dataclass(frozen=True, slots=True)
class Equipment:
    """Who made an object.

    Attributes:
        model: name and version of the bundle, at most 64 characters.
        software: the version of sonolesion.
        serial: SHA-256 of the bundle's graph, 64 hex digits.
        bundle_hash: SHA-256 of the bundle's description.
        uid: of this program with this model.
    """

    model: str
    software: str
    serial: str
    bundle_hash: str
    uid: str


def describe_equipment(bundle: BundleInfo) -> Equipment:
    """Describe this program with one model."""
    bundle_hash = model_hash(bundle)
    version = sonolesion.__version__
    return Equipment(
        model=bundle.label[:64],
        software=version,
        serial=bundle.onnx_sha256 or bundle_hash,
        bundle_hash=bundle_hash,
        uid=make_uid("device", version, bundle_hash),
    )


def describe_series(kind: str) -> str:
    """Series description of "SEG", "SR" or "SC"."""
    names = {"SEG": "outline", "SR": "measurements", "SC": "picture"}
    return f"sonolesion {names[kind]} - RESEARCH USE ONLY"
