"""What an object is called where no UID may stand, and who may speak in the log."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import threading
import traceback
import warnings
from pathlib import Path

LOGGER = logging.getLogger("sonolesion.node")
"""The node's own log: short hashes, reasons and counts."""

_TALKATIVE = ("pynetdicom", "pydicom", "highdicom", "httpx", "httpcore")
_DIGITS = 12
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_MOST_CHARACTERS = 64


def is_uid(text: str) -> bool:
    """Whether a text has the form of a UID; pydicom would quote one that has not, in a warning.

    Leading zeros pass: there are devices that write them.

    >>> is_uid("1.2.840"), is_uid("1.2."), is_uid("Anna")
    (True, False, False)
    """
    return len(text) <= _MOST_CHARACTERS and _UID.fullmatch(text) is not None


def short_name(uid: str) -> str:
    """Return 12 hex digits of the SHA-256 of a UID; who knows the UID finds it in the log.

    >>> short_name("1.2.3")
    'c47f5b18b8a4'
    """
    return hashlib.sha256(uid.encode("utf-8")).hexdigest()[:_DIGITS]


def report_fault(fault: threading.ExceptHookArgs) -> None:
    """Log that a thread ended by a fault of the program, and where; its text may hold a name."""
    place = "an unknown place"
    if fault.exc_traceback is not None:
        *_, last = traceback.extract_tb(fault.exc_traceback)
        place = f"{Path(last.filename).name}:{last.lineno}"
    LOGGER.critical(
        "the %s ended by %s at %s; please report it",
        fault.thread.name if fault.thread else "node", fault.exc_type.__name__, place,
    )  # fmt: skip


def silence_libraries() -> None:
    """Keep back what libraries log, warn of and fail with: addresses, values of tags, data sets.

    For a process that does nothing else. A thread that ends by a fault is named with the place of
    the fault, without its text; `SONOLESION_DEBUG=1` shows all of it.
    """
    warnings.filterwarnings("ignore", category=UserWarning)
    if os.environ.get("SONOLESION_DEBUG") != "1":
        threading.excepthook = report_fault
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
