"""A whole prediction run: inputs in, one folder of results out.

::

    OUT/<stem>_prediction.png            input, mask and overlay side by side
    OUT/<stem>_result.txt                class, probabilities, coverage
    OUT/masks/<stem>_mask.png            0 or 255, at the image's own size
    OUT/overlays/<stem>_overlay.png      outline on the image, at its own size
    OUT/predictions.csv, predictions.jsonl, errors.csv, summary.txt      written last

An image that cannot be used costs one row of errors.csv; everything else is processed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import (
    DatasetError,
    ImageError,
    InvalidInputError,
    MissingExtraError,
    OutputExistsError,
)
from sonolesion.files import (
    atomic_write_csv,
    atomic_write_text,
    explain_write_errors,
    make_folder,
)
from sonolesion.inference import FailedInput, Predictor
from sonolesion.inference.inputs import InputFile, InputListing, ReadOptions, list_inputs
from sonolesion.types import CLASS_NAMES, RESEARCH_USE_ONLY
from sonolesion.writers.prediction_files import write_prediction_files
from sonolesion.writers.prediction_row import (
    CSV_COLUMNS,
    ERROR_COLUMNS,
    PredictionRow,
    error_to_csv,
    make_row,
    row_to_csv,
    row_to_json,
)

JSONL_NAME = "predictions.jsonl"


@dataclass(frozen=True, slots=True)
class PredictionReport:
    """What a run came to: `rows` and `failures` together are the files of `listing`.

    Attributes:
        out: the output folder.
        rows: one per predicted image, in input order.
        failures: images that could not be used, in input order.
        listing: what the inputs came to, with the files skipped.
        summary: the text of summary.txt.
    """

    out: Path
    rows: tuple[PredictionRow, ...]
    failures: tuple[FailedInput, ...]
    listing: InputListing
    summary: str


def run_prediction(
    inputs: Sequence[str],
    out: Path,
    *,
    predictor: Predictor,
    overwrite: bool = False,
    pictures: bool = True,
    workers: int = 1,
    reading: ReadOptions | None = None,
    on_start: Callable[[InputListing], None] | None = None,
    on_done: Callable[[], None] | None = None,
) -> PredictionReport:
    """Predict files, folders and patterns, and write all results into one folder.

    Args:
        inputs: see `sonolesion.inference.inputs.list_inputs`.
        out: output folder; created. Must not hold the inputs.
        predictor: what predicts.
        overwrite: write into a folder that is not empty; the files of an earlier run that its
            predictions.jsonl lists are removed first, other files are left alone.
        pictures: write pictures and overlays, not only masks, texts and tables.
        workers: images processed at the same time, at least 1; the results are the same.
        reading: which frame of files that hold several, and a size of the pixels given by hand.
        on_start: called once with what is to be done.
        on_done: called after each image.

    Raises:
        InvalidInputError: no image found, `out` holds an input, or `workers` below 1.
        OutputExistsError: `out` is not empty and `overwrite` is off.
        OutputWriteError: disk full, read-only; what is written up to then stays.
    """
    if workers < 1:
        raise InvalidInputError(f"workers: expected at least 1, got {workers}.")
    listing = list_inputs(inputs, exclude=out, options=reading)
    _check_out(out, listing)
    _prepare_out(out, overwrite=overwrite)
    if on_start is not None:
        on_start(listing)

    def process(file: InputFile) -> PredictionRow | FailedInput:
        return _process(file, out, predictor=predictor, pictures=pictures)

    results: list[PredictionRow | FailedInput] = []
    for result in _in_order(process, listing.files, workers):
        results.append(result)
        if on_done is not None:
            on_done()
    rows = tuple(r for r in results if isinstance(r, PredictionRow))
    failures = tuple(r for r in results if isinstance(r, FailedInput))
    summary = format_summary(rows, failures, listing, bundle=predictor.info.label)
    lines = (json.dumps(row_to_json(row), ensure_ascii=False, allow_nan=False) for row in rows)
    atomic_write_text(out / JSONL_NAME, "".join(line + "\n" for line in lines))
    atomic_write_csv(out / "predictions.csv", CSV_COLUMNS, map(row_to_csv, rows))
    atomic_write_csv(out / "errors.csv", ERROR_COLUMNS, map(error_to_csv, failures))
    atomic_write_text(out / "summary.txt", summary)
    return PredictionReport(out, rows, failures, listing, summary)


def format_summary(
    rows: Sequence[PredictionRow],
    failures: Sequence[FailedInput],
    listing: InputListing,
    *,
    bundle: str,
) -> str:
    """The text of summary.txt: counts and confidence per class, flags, failures, files skipped."""
    lines = [f"Images: {len(listing.files)}", f"Predicted: {len(rows)}", f"Failed: {len(failures)}"]
    skipped = (
        (listing.skipped_masks, "files called like masks"),
        (listing.skipped_others, "files without an image suffix"),
        (listing.unreadable, "folders that could not be read"),
    )
    lines += [f"Skipped: {len(paths)} {what}" for paths, what in skipped if paths]
    lines += [f"Bundle: {bundle}", "", "Class        images   mean confidence   with a mask"]
    for name in CLASS_NAMES:
        of_class = [row for row in rows if row.label == name]
        marked = sum(row.mask_px > 0 for row in of_class)
        confidence = _format_mean([row.confidence for row in of_class])
        lines.append(f"{name:<12} {len(of_class):>6}   {confidence:>15}   {marked:>11}")
    confidence = _format_mean([row.confidence for row in rows])
    marked = sum(row.mask_px > 0 for row in rows)
    lines.append(f"{'all':<12} {len(rows):>6}   {confidence:>15}   {marked:>11}")
    coverage = _format_mean([row.mask_coverage for row in rows if row.mask_px > 0])
    lines += ["", f"Mean mask coverage where a mask is marked (n = {marked}): {coverage}"]
    lines += _count_flags(rows)
    if failures:
        lines += ["", "Failed:", *(f"  {failed.error}" for failed in failures)]
    return "\n".join([*lines, "", RESEARCH_USE_ONLY]) + "\n"


def _count_flags(rows: Sequence[PredictionRow]) -> list[str]:
    """Count what a reader should look at; the joint decision's only where there is one."""
    lines = [f"Outline and class disagreed: {sum(row.disagreement for row in rows)}"]
    if any(row.prediction_set for row in rows):
        lines += [
            f"Unsure, have them read: {sum(row.unsure for row in rows)}",
            f"Malignant alerts: {sum(row.malignant_alert for row in rows)}",
        ]
    return lines


def _format_mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.4f}" if values else "-"


def _process(
    file: InputFile, out: Path, *, predictor: Predictor, pictures: bool
) -> PredictionRow | FailedInput:
    try:
        image = file.read()
        prediction = predictor.predict(image, name=file.name)
    except (ImageError, MissingExtraError) as error:
        return FailedInput(file.name, error)
    files = write_prediction_files(
        out, file.stem, image=image, prediction=prediction, pictures=pictures
    )
    return make_row(prediction, stem=file.stem, files=files)


def _in_order(
    process: Callable[[InputFile], PredictionRow | FailedInput],
    files: Sequence[InputFile],
    workers: int,
) -> Iterator[PredictionRow | FailedInput]:
    """Process in `workers` threads, give results in order; an error stops what is not begun."""
    if workers == 1:
        yield from map(process, files)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="predict")
    try:
        futures: list[Future[PredictionRow | FailedInput]] = [
            pool.submit(process, file) for file in files
        ]
        for future in futures:
            yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _check_out(out: Path, listing: InputListing) -> None:
    folder = out.resolve()
    inside = next((f for f in listing.files if f.path.resolve().is_relative_to(folder)), None)
    if inside is not None:
        raise InvalidInputError(
            f"{inside.name} lies in the output folder {out}: results are never written beside "
            "inputs. Choose another output folder with -o."
        )


def _prepare_out(out: Path, *, overwrite: bool) -> None:
    make_folder(out)
    with explain_write_errors(out):
        is_empty = next(out.iterdir(), None) is None
    if is_empty:
        return
    if not overwrite:
        raise OutputExistsError(
            f"{out}: is not empty. Choose another folder with -o, or give --overwrite."
        )
    _remove_earlier(out)


def _remove_earlier(out: Path) -> None:
    """Remove the files that an earlier run lists, and nothing else."""
    listed = out / JSONL_NAME
    if not listed.is_file():
        return
    try:
        rows = [json.loads(line) for line in listed.read_text("utf-8").splitlines()]
        names = [str(name) for row in rows for name in row["files"].values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"{listed}: not written by sonolesion ({error}). Choose another folder with -o."
        ) from error
    paths = [out / name for name in names]
    with explain_write_errors(out):
        for path in paths:
            if path.resolve().is_relative_to(out.resolve()):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
        listed.unlink()
