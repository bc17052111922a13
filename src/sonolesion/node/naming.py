"""What an object is called where no UID may stand, and who may speak in the log."""

from __future__ import annotations

import hashlib
import logging

LOGGER = logging.getLogger("sonolesion.node")
"""The node's own log: short hashes, reasons and counts."""

_TALKATIVE = ("pynetdicom", "pydicom", "highdicom", "httpx", "httpcore")
_DIGITS = 12


def short_name(uid: str) -> str:
    """Return 12 hex digits of the SHA-256 of a UID; who knows the UID finds it in the log.

    >>> short_name("1.2.3")
    'c47f5b18b8a4'
    """
    return hashlib.sha256(uid.encode("utf-8")).hexdigest()[:_DIGITS]


def silence_libraries() -> None:
    """Keep back what libraries log: addresses with UIDs, values of tags, whole data sets."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
