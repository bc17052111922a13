"""The shipped model: a folder with an ONNX graph and `bundle.json`, checked before it is used."""

from __future__ import annotations

from sonolesion.bundle.decision import Decision
from sonolesion.bundle.precision import Precision, PrecisionChoice
from sonolesion.bundle.schema import BundleInfo
from sonolesion.bundle.store import (
    DEFAULT_BUNDLE,
    Bundle,
    int8_bundle,
    load_bundle,
    shipped_bundles,
    write_bundle,
)

__all__ = [
    "DEFAULT_BUNDLE",
    "Bundle",
    "BundleInfo",
    "Decision",
    "Precision",
    "PrecisionChoice",
    "int8_bundle",
    "load_bundle",
    "shipped_bundles",
    "write_bundle",
]
