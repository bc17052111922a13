"""Results of earlier runs, removed: only files that a table or a journal of ours lists."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sonolesion.errors import DatasetError
from sonolesion.files import TEMPORARY_SUFFIX, explain_write_errors
from sonolesion.inference.inputs import folder_test
from sonolesion.writers.journal import Journal
from sonolesion.writers.prediction_tables import JSONL_NAME, PARQUET_NAME

_LEFTOVER = re.compile(r"\..+\.\w{8}" + re.escape(TEMPORARY_SUFFIX))


def remove_results(out: Path, journal: Journal) -> None:
    """Remove the files that an earlier run lists in its predictions.jsonl or its journal.

    Args:
        out: the output folder.
        journal: its journal, which is left as it is.

    Raises:
        DatasetError: a list was not written by sonolesion; nothing is removed then.
        OutputWriteError: a file cannot be removed.
    """
    listed = out / JSONL_NAME
    if journal.read_header() is not None:
        remove_files(out, journal.listed_files())
    if listed.is_file():
        for _ in _listed_files(listed):  # the whole list is read before anything is removed
            pass
        remove_files(out, _listed_files(listed))
    remove_files(out, (JSONL_NAME, PARQUET_NAME))
    remove_leftovers(out)


def remove_files(out: Path, names: Iterable[str]) -> None:
    """Remove files of `out` by their relative paths; one that is gone or lies outside is left.

    Raises:
        OutputWriteError: a file cannot be removed.
    """
    is_inside = folder_test(out)
    with explain_write_errors(out):
        for name in names:
            path = out / name
            if is_inside(str(path)):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()


def remove_leftovers(out: Path) -> None:
    """Remove files that a killed run was writing.

    Raises:
        OutputWriteError: a file cannot be removed.
    """
    with explain_write_errors(out):
        for folder in (out, *(path for path in out.iterdir() if path.is_dir())):
            for path in folder.iterdir():
                if _LEFTOVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)


def _listed_files(listed: Path) -> Iterator[str]:
    try:
        with listed.open(encoding="utf-8") as lines:
            for line in lines:
                yield from map(str, json.loads(line)["files"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"{listed}: not written by sonolesion ({error}). Choose another folder with -o."
        ) from error
