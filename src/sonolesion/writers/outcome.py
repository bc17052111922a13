"""What one input came to: rows, failures, and the state of the file they are of."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sonolesion.errors import ImageError, MissingExtraError
from sonolesion.inference import FailedInput
from sonolesion.writers.plain_json import to_plain
from sonolesion.writers.prediction_row import PredictionRow

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What one input came to: a file, or one frame or view of it.

    Attributes:
        text: the input's path as it was given.
        stem: what its results are called.
        rows: its predictions, in order.
        failures: what of it could not be used, in order.
        size_bytes: size of the file when it was read; 0 where it could not be read.
        mtime_ns: time of its last change then.
        sha256: of its bytes; "" where the failure is no verdict on them (the file could not be
            read, an extra is not installed, the memory ran out, the code went wrong), so that
            another run tries it again.
        part: which image of the file, as `ImagePart.label` says it; "" for the only one.
    """

    text: str
    stem: str
    rows: tuple[PredictionRow, ...] = ()
    failures: tuple[FailedInput, ...] = ()
    size_bytes: int = 0
    mtime_ns: int = 0
    sha256: str = ""
    part: str = ""

    @property
    def key(self) -> str:
        """What tells inputs of one run apart; see `input_key`."""
        return input_key(self.text, self.part)

    def files(self) -> Iterator[str]:
        """Paths of all its result files, relative to the output folder."""
        for row in self.rows:
            yield from row.files.values()

    def is_current(self) -> bool:
        """Whether the input file is still the one that was read; False where none was."""
        if not self.sha256:
            return False
        try:
            found = os.stat(self.text)  # noqa: PTH116 - called for each of very many files
        except (OSError, ValueError):
            return False
        return found.st_size == self.size_bytes and found.st_mtime_ns == self.mtime_ns


def input_key(text: str, part: str) -> str:
    """Path and part as one text; the path itself, without a copy, where it is the only part."""
    return f"{text}\0{part}" if part else text


def outcome_to_json(outcome: FileOutcome) -> dict[str, Any]:
    """One line of the journal; `outcome_from_json` gives the same outcome back."""
    return {
        "path": outcome.text,
        "part": outcome.part,
        "stem": outcome.stem,
        "size_bytes": outcome.size_bytes,
        "mtime_ns": outcome.mtime_ns,
        "sha256": outcome.sha256,
        "rows": [to_plain(row) for row in outcome.rows],
        "failures": [
            {"source": f.source, "code": f.error.code, "message": f.error.message}
            for f in outcome.failures
        ],
    }


def outcome_from_json(values: Mapping[str, Any]) -> FileOutcome:
    """Read one line of the journal.

    Raises:
        ValueError, KeyError, TypeError: not what `outcome_to_json` gives.
    """
    rows = _row_adapter()
    return FileOutcome(
        text=values["path"],
        stem=values["stem"],
        rows=tuple(rows.validate_python(row) for row in values["rows"]),
        failures=tuple(
            FailedInput(f["source"], _error_class(f["code"])(f["message"]))
            for f in values["failures"]
        ),
        size_bytes=values["size_bytes"],
        mtime_ns=values["mtime_ns"],
        sha256=values["sha256"],
        part=values["part"],
    )


@functools.cache
def _row_adapter() -> TypeAdapter[PredictionRow]:
    """What puts a row together by its declared types, nested ones too; slow to make."""
    from pydantic import TypeAdapter

    return TypeAdapter(PredictionRow)


@functools.cache
def _error_class(code: str) -> type[ImageError | MissingExtraError]:
    """Return the kind of error that has a code; `ImageError` for one not known."""
    if code == MissingExtraError.code:
        return MissingExtraError
    kinds: list[type[ImageError]] = [ImageError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return next((kind for kind in kinds if kind.code == code), ImageError)
