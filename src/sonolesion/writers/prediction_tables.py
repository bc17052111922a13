"""The tables of a run, written in one pass over its outcomes with one of them in memory."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sonolesion.files import atomic_csv, atomic_open, atomic_write_text
from sonolesion.inference.inputs import InputListing
from sonolesion.writers.outcome import FileOutcome
from sonolesion.writers.prediction_parquet import parquet_table
from sonolesion.writers.prediction_row import (
    CSV_COLUMNS,
    ERROR_COLUMNS,
    error_to_csv,
    row_to_csv,
    row_to_json,
)
from sonolesion.writers.prediction_summary import PredictionSummary

JSONL_NAME = "predictions.jsonl"
PARQUET_NAME = "predictions.parquet"
TABLE_NAMES = (JSONL_NAME, "predictions.csv", "errors.csv", "summary.txt", PARQUET_NAME)


@dataclass(frozen=True, slots=True)
class WrittenTables:
    """What the tables hold.

    Attributes:
        predicted: rows of predictions.csv and predictions.jsonl.
        failed: rows of errors.csv.
        summary: the text of summary.txt.
        inputs_sha256: SHA-256 over a line for each file that was read, as `sha256sum` writes
            them: hash, two spaces, path as given; in input order, once for all parts of a file.
    """

    predicted: int
    failed: int
    summary: str
    inputs_sha256: str


def write_tables(
    out: Path,
    outcomes: Iterable[FileOutcome],
    *,
    listing: InputListing,
    bundle: str,
    parquet: bool = False,
) -> WrittenTables:
    """Write predictions.jsonl, predictions.csv, errors.csv and summary.txt, each whole or not.

    Args:
        out: output folder.
        outcomes: of all inputs, in input order.
        listing: the inputs, with what was skipped.
        bundle: name and version, for the summary.
        parquet: write predictions.parquet too.

    Raises:
        OutputWriteError: disk full, read-only.
        MissingExtraError: `parquet` without pyarrow.
    """
    summary = PredictionSummary()
    digest = hashlib.sha256()
    hashed = ""
    with contextlib.ExitStack() as stack:
        lines = stack.enter_context(atomic_open(out / JSONL_NAME))
        add_row = stack.enter_context(atomic_csv(out / "predictions.csv", CSV_COLUMNS))
        add_error = stack.enter_context(atomic_csv(out / "errors.csv", ERROR_COLUMNS))
        add_typed = stack.enter_context(parquet_table(out / PARQUET_NAME)) if parquet else None
        for outcome in outcomes:
            if outcome.sha256 and outcome.text != hashed:
                hashed = outcome.text
                digest.update(outcome.sha256.encode() + b"  " + os.fsencode(outcome.text) + b"\n")
            for row in outcome.rows:
                line = row_to_json(row)
                text = json.dumps(line, ensure_ascii=False, allow_nan=False)
                lines.write(text.encode("utf-8") + b"\n")
                add_row(row_to_csv(row, line))
                if add_typed is not None:
                    add_typed(row)
                summary.add_row(row)
            for failed in outcome.failures:
                add_error(error_to_csv(failed))
                summary.add_failure(failed)
    text = summary.format(listing, bundle=bundle)
    atomic_write_text(out / "summary.txt", text)
    return WrittenTables(summary.predicted, summary.failed, text, digest.hexdigest())
