"""`processed/erase.json`: which pictures could not be made, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sonolesion.errors import DatasetError
from sonolesion.files import atomic_write_json

RECORD_NAME = "erase.json"
FAULTS = ("unusable", "changed")
"""Reasons that are faults of the input; the others are limits of the method."""


@dataclass(frozen=True, slots=True)
class SkippedCase:
    """A derived picture that was not made.

    Attributes:
        case_id: the source.
        kind: "erased" or "control".
        reason: a key of `sonolesion.data.erase.derive.REASONS`, or one of `FAULTS`.
        message: for people.
    """

    case_id: str
    kind: str
    reason: str
    message: str

    @property
    def is_fault(self) -> bool:
        """Whether the input is at fault."""
        return self.reason in FAULTS


def write_skipped(
    folder: Path, skipped: Sequence[SkippedCase], settings: Mapping[str, object]
) -> None:
    """Write the record into a `processed` folder.

    Raises:
        OutputWriteError: the folder cannot be written.
    """
    items = [asdict(item) for item in skipped]
    atomic_write_json(folder / RECORD_NAME, {"settings": dict(settings), "skipped": items})


def read_skipped(folder: Path) -> tuple[SkippedCase, ...]:
    """Read what was skipped from a `processed` folder.

    Raises:
        DatasetError: the record is not readable.
    """
    path = folder / RECORD_NAME
    try:
        items = json.loads(path.read_text(encoding="utf-8"))["skipped"]
        return tuple(SkippedCase(**item) for item in items)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DatasetError(
            f"{path}: not readable ({error}). Run `sonolesion erase` again with --overwrite."
        ) from error
