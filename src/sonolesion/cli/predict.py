"""`sonolesion predict`: images in, masks, pictures and tables out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from sonolesion.inference.inputs import InputListing, ReadOptions
    from sonolesion.writers import PredictionReport

_LISTED_AT_MOST = 20


def predict_command(
    inputs: Annotated[
        list[str],
        typer.Argument(help="Images, folders (with subfolders) or patterns.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")] = Path(
        "predictions"
    ),
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", "-b", help="Folder or name of a bundle; the shipped one if not given."
        ),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Write panels and overlays.")
    ] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results of an earlier run.")
    ] = False,
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Images processed at the same time.")
    ] = 1,
    threads: Annotated[
        int, typer.Option("--threads", min=0, help="Threads of one network run; 0: all cores.")
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
    json_output: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Outline the lesion in each image and name its class. Research use only.

    Writes masks, overlays, three-panel pictures, predictions.csv, predictions.jsonl, errors.csv,
    summary.txt and run.json. An image that cannot be used costs one row of errors.csv and exit
    code 3; a single image that is refused gives exit code 4.

    Examples:
      sonolesion predict scan.png

      sonolesion predict scans/ -o results --workers 2

      sonolesion predict 'scans/*.png' --bundle models/bundle --json

      sonolesion predict clip.dcm --frame all

      sonolesion predict scan.png --mm-per-px 0.08
    """
    arguments = {
        "inputs": inputs, "out": out, "bundle": bundle, "pictures": pictures,
        "overwrite": overwrite, "workers": workers, "threads": threads, "frame": frame,
        "mm_per_px": mm_per_px,
    }  # fmt: skip
    with running(
        "predict", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        predict_into(
            run, inputs, out, bundle=bundle, pictures=pictures, overwrite=overwrite,
            workers=workers, threads=threads, reading=_parse_reading(frame, mm_per_px),
        )  # fmt: skip


def predict_into(
    run: Run,
    inputs: list[str],
    out: Path,
    *,
    bundle: str | Path | None = None,
    pictures: bool = True,
    overwrite: bool = False,
    workers: int = 1,
    threads: int = 0,
    reading: ReadOptions | None = None,
) -> PredictionReport:
    """Predict under a progress bar, print how it went, and set the run's exit code.

    Args:
        run: the command's run.
        inputs: images, folders, patterns.
        out: output folder.
        bundle: folder or name; None for the shipped one.
        pictures: write panels and overlays.
        overwrite: replace the results of an earlier run.
        workers: images processed at the same time.
        threads: threads of one network run; 0 for as many as there are cores.
        reading: frame and size of the pixels; None for the files' own.

    Raises:
        SonolesionError: whatever `load_predictor` and `run_prediction` raise.
    """
    from sonolesion.inference import load_predictor
    from sonolesion.writers import run_prediction

    predictor = load_predictor(bundle, threads=threads or None)
    bar = run.progress("Looking for images")

    def start(listing: InputListing) -> None:
        for path in dict.fromkeys(file.path for file in listing.files):
            run.add_input(path)
        if listing.skipped_masks:
            run.note(f"predict: skipped {len(listing.skipped_masks)} files called like masks.")
        bar.update(description="Predicting", total=len(listing.files))

    report = run_prediction(
        inputs,
        out,
        predictor=predictor,
        overwrite=overwrite,
        pictures=pictures,
        workers=workers,
        reading=reading,
        on_start=start,
        on_done=bar.advance,
    )
    bar.close()
    run.result(_describe(report))
    for row in report.rows[:_LISTED_AT_MOST]:
        run.print(
            f"{row.source}: {row.label} {row.confidence:.1%}, mask covers {row.mask_coverage:.1%}"
            + (", unsure: have it read" if row.unsure else "")
        )
    if len(report.rows) > _LISTED_AT_MOST:
        run.print(f"... and {len(report.rows) - _LISTED_AT_MOST} more.")
    run.print("", report.summary, f"Results: {out}")
    run.fail_partly(failed.error for failed in report.failures)
    if len(report.listing.files) == 1 and report.failures:
        run.exit_code = report.failures[0].error.exit_code
    return report


def _parse_reading(frame: str | None, mm_per_px: str | None) -> ReadOptions:
    from sonolesion.imaging.parts import parse_frame
    from sonolesion.imaging.spacing import parse_spacing
    from sonolesion.inference.inputs import ReadOptions

    return ReadOptions(
        frame=None if frame is None else parse_frame(frame),
        spacing_mm=None if mm_per_px is None else parse_spacing(mm_per_px),
    )


def _describe(report: PredictionReport) -> dict[str, object]:
    """Shape of the result that `--json` prints."""
    from sonolesion.types import RESEARCH_USE_ONLY
    from sonolesion.writers.prediction_row import error_to_csv, row_to_json

    return {
        "out": report.out,
        "images": len(report.listing.files),
        "predictions": [row_to_json(row) for row in report.rows],
        "errors": [error_to_csv(failed) for failed in report.failures],
        "skipped_masks": len(report.listing.skipped_masks),
        "research_use_only": RESEARCH_USE_ONLY,
    }
