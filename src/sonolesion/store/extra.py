"""The packages that the store needs, and what to say where they are missing."""

from __future__ import annotations

import importlib.util

from sonolesion.errors import MissingExtraError


def require_store_extra() -> None:
    """Check that SQLAlchemy and Alembic are installed.

    Raises:
        MissingExtraError: one of them is not.
    """
    missing = [n for n in ("sqlalchemy", "alembic") if importlib.util.find_spec(n) is None]
    if missing:
        raise MissingExtraError(
            f"the reading desk's store needs {' and '.join(missing)}: "
            'pip install "sonolesion[serve]", or "sonolesion[node]" for the DICOM node.'
        )
