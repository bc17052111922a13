"""Whether the extra [node] is there."""

from __future__ import annotations

import importlib.util

from sonolesion.errors import MissingExtraError

_PACKAGES = ("pydicom", "highdicom", "pynetdicom", "sqlalchemy", "alembic", "httpx")


def require_node_extra() -> None:
    """Do nothing where the packages of the node are installed.

    Raises:
        MissingExtraError: one of them is not; the message holds the command that installs it.
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"the DICOM node needs {', '.join(missing)}, which is not installed. "
            "Run: pip install 'sonolesion[node]'"
        )
