"""Whether the extra [dicom] is there."""

from __future__ import annotations

import importlib.util

from sonolesion.errors import MissingExtraError

_PACKAGES = ("pydicom", "highdicom")


def require_dicom_extra() -> None:
    """Do nothing where pydicom and highdicom are installed.

    Raises:
        MissingExtraError: one of them is not; the message holds the command that installs it.
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"writing DICOM needs {' and '.join(missing)}, which is not installed. "
            "Run: pip install 'sonolesion[dicom]'"
        )
