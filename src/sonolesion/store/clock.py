"""Times as the store keeps them, and identifiers that say nothing."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta


def now_text(after_s: float = 0.0) -> str:
    """Return the time in UTC, `after_s` seconds from now, as "2026-11-30T08:15:00.123Z"."""
    at = datetime.now(UTC) + timedelta(seconds=after_s)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def parse_time(text: str) -> datetime:
    """Read a time that `now_text` made.

    >>> parse_time("2026-11-30T08:15:00.123Z").minute
    15
    """
    return datetime.fromisoformat(text)


def new_id() -> str:
    """Return 16 random hex digits."""
    return secrets.token_hex(8)
