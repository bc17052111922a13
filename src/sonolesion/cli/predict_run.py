"""What `sonolesion predict` does, once its words are understood.

The command line is read by typer (`cli.predict`), or where it is plain by `cli.plain_words`, which
takes a fifth of a second less; both make a `PredictRequest` of it.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from sonolesion.inference.early import EarlyPredictor
    from sonolesion.inference.inputs import InputListing, ReadOptions
    from sonolesion.writers import PredictionReport
    from sonolesion.writers.case_extras import CaseExtras

DEFAULT_COLUMN = "path"
DEFAULT_OUT = Path("predictions")
_LISTED_AT_MOST = 20
_HASHED_AT_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictRequest:
    """What the command line asks for; `cli.predict.predict_command` describes each option.

    Attributes:
        inputs: images, folders or patterns.
        path_list: value of --list.
        report: kinds of page, each value of --report.
        json_output: --json was given.
        out, bundle, table, column, shard, pictures, parquet, dicom, explain, overwrite, workers,
            threads, frame, mm_per_px, cluster, precision, quiet: value of the option of that name.
    """

    inputs: tuple[str, ...] = ()
    out: Path = DEFAULT_OUT
    bundle: str | None = None
    precision: str | None = None
    path_list: str | None = None
    table: Path | None = None
    column: str = DEFAULT_COLUMN
    shard: str = "1/1"
    pictures: bool = True
    parquet: bool = False
    dicom: bool = False
    explain: bool = False
    report: tuple[str, ...] = ()
    overwrite: bool = False
    workers: int = 0
    threads: int = 0
    frame: str | None = None
    mm_per_px: str | None = None
    cluster: str | None = None
    json_output: bool = False
    quiet: bool = False

    def to_record(self) -> dict[str, object]:
        """What run.json says was asked for."""
        return {
            "inputs": list(self.inputs), "out": self.out, "bundle": self.bundle,
            "list": self.path_list, "table": self.table, "column": self.column,
            "shard": self.shard, "pictures": self.pictures, "parquet": self.parquet,
            "dicom": self.dicom, "explain": self.explain, "report": list(self.report),
            "overwrite": self.overwrite, "workers": self.workers, "threads": self.threads,
            "frame": self.frame, "mm_per_px": self.mm_per_px, "cluster": self.cluster,
            "precision": self.precision,
        }  # fmt: skip


def run_predict(request: PredictRequest) -> None:
    """Do what is asked for, under the frame of every command.

    Raises:
        typer.Exit: see `running`.
    """
    with (
        _one_image_without_collecting(),
        running(
            "predict",
            arguments=request.to_record(),
            out=request.out,
            json_output=request.json_output,
            quiet=request.quiet,
        ) as run,
    ):
        early = _begin_early(request)
        from sonolesion.writers.case_extras import parse_extras

        extras = parse_extras(explain=request.explain, reports=request.report)
        reading = _parse_reading(request.frame, request.mm_per_px)
        predict_into(
            run, _gather(request), request.out, bundle=request.bundle,
            precision=request.precision, shard=request.shard, pictures=request.pictures,
            parquet=request.parquet, dicom=request.dicom, overwrite=request.overwrite,
            workers=request.workers, threads=request.threads, reading=reading,
            cluster=request.cluster, extras=extras, early=early,
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
    early: EarlyPredictor | None = None,
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
        early: the same bundle, being made ready since before; None to load it here.

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
        predictor = None if early is None else early.finish(plan.threads)
        if predictor is None:
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


def _begin_early(request: PredictRequest) -> EarlyPredictor | None:
    """Begin to make the network of a single image ready, and import meanwhile what it needs.

    None for several inputs, whose work makes up for the start, and on a cluster.
    """
    elsewhere = (request.path_list, request.table, request.cluster)
    if len(request.inputs) != 1 or any(elsewhere) or not Path(request.inputs[0]).is_file():
        return None
    from sonolesion.inference.concurrency import plan_concurrency
    from sonolesion.inference.early import begin_loading

    plan = plan_concurrency(1, workers=request.workers, threads=request.threads)
    early = begin_loading(request.bundle, threads=plan.threads, precision=request.precision)
    import sonolesion.imaging.panels
    import sonolesion.inference.measure.image
    import sonolesion.writers.prediction_folder  # noqa: F401

    return early


@contextlib.contextmanager
def _one_image_without_collecting() -> Iterator[None]:
    """Leave the garbage where it is: for one image, looking for it takes longer than predicting.

    `predict_into` switches the collector on again where there is more to do.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _gather(request: PredictRequest) -> list[str]:
    """Join the inputs of the command line with those of a list and a table."""
    from sonolesion.errors import InvalidInputError

    if request.table is None and request.column != DEFAULT_COLUMN:
        raise InvalidInputError("--column: names a column of --table. Give a table too.")
    if not request.inputs and request.path_list is None and request.table is None:
        raise InvalidInputError(
            "expected images, folders or patterns, or --list or --table; got nothing."
        )
    texts = list(request.inputs)
    if request.path_list is None and request.table is None:
        return texts
    from sonolesion.inference.path_lists import read_path_column, read_path_list

    if request.path_list is not None:
        texts += read_path_list(request.path_list)
    if request.table is not None:
        texts += read_path_column(request.table, request.column)
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
