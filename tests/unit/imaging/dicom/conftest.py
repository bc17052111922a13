"""DICOM tests need pydicom and its decoders; an install without the extra skips them."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = (
    []
    if all(importlib.util.find_spec(m) for m in ("pydicom", "gdcm", "openjpeg", "jpeg_ls"))
    else ["test_*.py"]
)
