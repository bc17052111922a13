"""The packages that the server needs, and what to say where they are missing."""

from __future__ import annotations

import importlib.util

from sonolesion.errors import MissingExtraError

_NEEDED = {
    "fastapi": "fastapi",
    "uvicorn": "uvicorn",
    "python_multipart": "python-multipart",
    "sqlalchemy": "sqlalchemy",
    "alembic": "alembic",
    "prometheus_client": "prometheus-client",
}


def require_serve_extra() -> None:
    """Check that what the server needs is installed.

    Raises:
        MissingExtraError: something is not; the message names the line for pip.
    """
    missing = [name for module, name in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise MissingExtraError(
            f'the reading desk needs {", ".join(missing)}: pip install "sonolesion[serve]".'
        )
