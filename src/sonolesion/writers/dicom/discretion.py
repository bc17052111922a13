"""Keeping values of the source out of warnings and logs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from sonolesion.imaging.quiet import keep_warnings_back


@contextlib.contextmanager
def keep_values_back() -> Iterator[None]:
    """Keep back what pydicom says of malformed values while it reads or writes.

    It quotes them, as a warning and in its log, which without further ado goes to stderr; and a
    malformed value may name the patient. The value itself is passed on as it is.
    """
    logger = logging.getLogger("pydicom")
    refuse = _Refusal()
    logger.addFilter(refuse)
    try:
        with keep_warnings_back():
            yield
    finally:
        logger.removeFilter(refuse)


class _Refusal(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002  the base fixes the name
        return False
