"""`sonolesion predict`: images in, masks, pictures and tables out."""

from __future__ import annotations

import contextlib
import gc
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.precision_option import PrecisionOption
from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from sonolesion.inference.inputs import InputListing, ReadOptions
    from sonolesion.writers import PredictionReport
    from sonolesion.writers.case_extras import CaseExtras

_LISTED_AT_MOST = 20
_HASHED_AT_MOST = 100
_DEFAULT_COLUMN = "path"


def predict_command(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(help="Images, folders (with subfolders) or patterns.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")] = Path(
        "predictions"
    ),
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", "-b", help="Folder or name of a bundle; the shipped one if not given."
        ),
    ] = None,
    precision: PrecisionOption = None,
    path_list: Annotated[
        str | None,
        typer.Option("--list", help="Text file with one path a line; - for the standard input."),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--table", help="Table (.csv, .tsv, .parquet) with a column of paths."),
    ] = None,
    column: Annotated[str, typer.Option("--column", help="Column of the table.")] = _DEFAULT_COLUMN,
    shard: Annotated[
        str, typer.Option("--shard", help="Predict one part of the inputs, such as 3/16.")
    ] = "1/1",
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Write panels and overlays.")
    ] = True,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Write predictions.parquet too (extra: parquet).")
    ] = False,
    dicom: Annotated[
        bool,
        typer.Option(
            "--dicom/--no-dicom", help="Write SEG, SR and SC of DICOM inputs (extra: dicom)."
        ),
    ] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Map what each answer rests on; 50 times the network's work."
        ),
    ] = False,
    report: Annotated[
        list[str] | None,
        typer.Option(
            "--report", metavar="html|pdf", help="One page about each image; may be repeated."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results of an earlier run.")
    ] = False,
    workers: Annotated[
        int,
        typer.Option("--workers", min=0, help="Images processed at the same time; 0: one a core."),
    ] = 0,
    threads: Annotated[
        int,
        typer.Option(
            "--threads", min=0, help="Threads of one network run; 0: the cores over the workers."
        ),
    ] = 0,
    frame: Annotated[
        str | None,
        typer.Option(
            "--frame", metavar="N|all", help="Frame of files that hold several, from 1; or all."
        ),
    ] = None,
    mm_per_px: Annotated[
        str | None,
        typer.Option(
            "--mm-per-px",
            metavar="MM|ROWxCOL",
            help="Size of a pixel in mm, in place of what the files say.",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster", help="Run on Ray: auto, local or ray://HOST:PORT (extra: cluster)."
        ),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Outline the lesion in each image and name its class. Research use only.

    Writes masks, overlays, three-panel pictures, predictions.csv, predictions.jsonl, errors.csv,
    summary.txt and run.json. An image that cannot be used costs one row of errors.csv and exit
    code 3; a single image that is refused gives exit code 4. A run that was stopped goes on when
    it is started again; one that came to its end does nothing again.

    Examples:
      sonolesion predict scan.png

      sonolesion predict scans/ -o results --no-pictures

      sonolesion predict 'scans/*.png' --bundle models/bundle --json

      sonolesion predict --table cases.parquet --column image --shard 3/16 -o part-03

      sonolesion predict clip.dcm --frame all --dicom

      sonolesion predict scan.png --mm-per-px 0.08 --explain --report html --report pdf
    """
    arguments = {
        "inputs": inputs or [], "out": out, "bundle": bundle, "list": path_list, "table": table,
        "column": column, "shard": shard, "pictures": pictures, "parquet": parquet, "dicom": dicom,
        "explain": explain, "report": report or [], "overwrite": overwrite, "workers": workers,
        "threads": threads, "frame": frame, "mm_per_px": mm_per_px, "cluster": cluster,
        "precision": precision,
    }  # fmt: skip
    with (
        running(
            "predict", arguments=arguments, out=out, json_output=json_output, quiet=quiet
        ) as run,
        _one_image_without_collecting(),
    ):
        from sonolesion.writers.case_extras import parse_extras

        extras = parse_extras(explain=explain, reports=report or ())
        reading = _parse_reading(frame, mm_per_px)
        texts = _gather(inputs or [], path_list=path_list, table=table, column=column)
        predict_into(
            run, texts, out, bundle=bundle, precision=precision, shard=shard,
            pictures=pictures, parquet=parquet, dicom=dicom, overwrite=overwrite,
            workers=workers, threads=threads, reading=reading, cluster=cluster, extras=extras,
        )  # fmt: skip


def predict_into(
    run: Run,
    inputs: Sequence[str],
    out: Path,
    *,
    bundle: str | Path | None = None,
    precision: str | None = None,
    shard: str = "1/1",
    pictures: bool = True,
    parquet: bool = False,
    dicom: bool = False,
    overwrite: bool = False,
    workers: int = 0,
    threads: int = 0,
    reading: ReadOptions | None = None,
    cluster: str | None = None,
    extras: CaseExtras | None = None,
) -> PredictionReport:
    """Predict under a progress bar, print how it went, and set the run's exit code.

    Args:
        run: the command's run.
        inputs: images, folders, patterns.
        out: output folder.
        bundle: folder or name; None for the shipped one.
        precision: fp32, int8 or auto; None for what the environment says, else fp32.
        shard: which part of the inputs, as "3/16".
        pictures: write panels and overlays.
        parquet: write predictions.parquet too.
        dicom: write DICOM results of DICOM inputs too.
        overwrite: replace the results of an earlier run.
        workers: images processed at the same time; 0 for one per core.
        threads: threads of one network run; 0 for the cores over the workers.
        reading: frame and size of the pixels; None for the files' own.
        cluster: address of a Ray cluster; None for this process.
        extras: explain each answer, write reports; None for neither.

    Raises:
        SonolesionError: whatever `list_inputs`, `load_predictor` and `run_prediction` raise.
    """
    from sonolesion.inference import load_predictor
    from sonolesion.inference.concurrency import plan_concurrency
    from sonolesion.inference.inputs import AS_THE_FILES_SAY, list_inputs
    from sonolesion.inference.shard import parse_shard
    from sonolesion.writers.case_extras import NO_EXTRAS
    from sonolesion.writers.prediction_folder import FolderOptions, run_in_threads

    part = parse_shard(shard)
    bar = run.progress("Looking for images")
    listing = list_inputs(inputs, exclude=out, shard=part, options=reading or AS_THE_FILES_SAY)

    def start(listing: InputListing, n_taken_over: int) -> None:
        if listing.skipped_masks:
            run.note(f"predict: skipped {len(listing.skipped_masks)} files called like masks.")
        if n_taken_over == len(listing.files) > 0:
            run.note(f"predict: {out} holds all {n_taken_over} images already; nothing to predict.")
        elif n_taken_over:
            run.note(f"predict: {n_taken_over} of {len(listing.files)} images are done; going on.")
        bar.update(description="Predicting", total=len(listing.files), completed=n_taken_over)

    options = FolderOptions(
        overwrite, pictures, parquet, dicom, part, start, bar.advance, extras or NO_EXTRAS
    )
    if len(listing.files) > 1:
        gc.enable()
    if cluster is None:
        plan = plan_concurrency(len(listing.files), workers=workers, threads=threads)
        predictor = load_predictor(bundle, threads=plan.threads, precision=precision)
        run.set_device(f"cpu {predictor.info.precision}")
        report = run_in_threads(
            listing, out, predictor=predictor, workers=plan.workers, options=options
        )
    else:
        from sonolesion.writers.cluster import run_on_ray

        report = run_on_ray(
            listing, out, bundle=bundle, precision=precision, address=cluster, workers=workers,
            options=options,
        )  # fmt: skip
    bar.close()
    _record_inputs(run, report)
    if run.json_output:
        run.result(_describe(report))
    for row in itertools.islice(report.iter_rows(), _LISTED_AT_MOST):
        run.print(
            f"{row.source}: {row.label} {row.confidence:.1%}, mask covers {row.mask_coverage:.1%}"
            + (", unsure: have it read" if row.unsure else "")
        )
    if report.tables.predicted > _LISTED_AT_MOST:
        run.print(f"... and {report.tables.predicted - _LISTED_AT_MOST} more.")
    run.print("", report.summary, f"Results: {out}")
    _report_failures(run, report)
    return report


@contextlib.contextmanager
def _one_image_without_collecting() -> Iterator[None]:
    """Leave the garbage where it is: for one image, looking for it takes longer than predicting.

    `predict_into` switches the collector on again where there is more to do.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _gather(
    inputs: list[str], *, path_list: str | None, table: Path | None, column: str
) -> list[str]:
    """Join the inputs of the command line with those of a list and a table."""
    from sonolesion.errors import InvalidInputError
    from sonolesion.inference.path_lists import read_path_column, read_path_list

    if table is None and column != _DEFAULT_COLUMN:
        raise InvalidInputError("--column: names a column of --table. Give a table too.")
    if not inputs and path_list is None and table is None:
        raise InvalidInputError(
            "expected images, folders or patterns, or --list or --table; got nothing."
        )
    texts = list(inputs)
    if path_list is not None:
        texts += read_path_list(path_list)
    if table is not None:
        texts += read_path_column(table, column)
    return texts


def _parse_reading(frame: str | None, mm_per_px: str | None) -> ReadOptions:
    from sonolesion.imaging.parts import parse_frame
    from sonolesion.imaging.spacing import parse_spacing
    from sonolesion.inference.inputs import ReadOptions

    return ReadOptions(
        frame=None if frame is None else parse_frame(frame),
        spacing_mm=None if mm_per_px is None else parse_spacing(mm_per_px),
    )


def _record_inputs(run: Run, report: PredictionReport) -> None:
    """Put hashes taken while reading into run.json: of each file, or of more than 100 as one.

    The frames and views of a file follow one another; it is recorded once for all of them.
    """
    n_files = sum(1 for _ in itertools.groupby(file.text for file in report.listing.files))
    if n_files > _HASHED_AT_MOST:
        run.add_hashed_input(Path("*"), sha256=report.tables.inputs_sha256, files=n_files)
        return
    for text, outcomes in itertools.groupby(report.outcomes, lambda outcome: outcome.text):
        sha256 = max(outcome.sha256 for outcome in outcomes)
        run.add_hashed_input(Path(text), sha256=sha256, files=1)


def _report_failures(run: Run, report: PredictionReport) -> None:
    """List some failures and set the exit code: 3, or that of the refusal of a single image."""
    failures = list(itertools.islice(report.iter_failures(), _LISTED_AT_MOST))
    more = report.tables.failed - len(failures)
    run.fail_partly(failed.error for failed in failures)
    if more:
        run.fail_partly([f"... and {more} more, all of them in errors.csv."])
    if len(report.listing.files) == 1 and failures and not report.tables.predicted:
        run.exit_code = failures[0].error.exit_code


def _describe(report: PredictionReport) -> dict[str, object]:
    """Shape of the result that `--json` prints; all rows are held for it."""
    from sonolesion.types import RESEARCH_USE_ONLY
    from sonolesion.writers.prediction_row import error_to_csv, row_to_json

    return {
        "out": report.out,
        "images": len(report.listing.files),
        "taken_over": report.n_taken_over,
        "predictions": [row_to_json(row) for row in report.iter_rows()],
        "errors": [error_to_csv(failed) for failed in report.iter_failures()],
        "skipped_masks": len(report.listing.skipped_masks),
        "research_use_only": RESEARCH_USE_ONLY,
    }
