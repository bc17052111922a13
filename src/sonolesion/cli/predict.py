"""`sonolesion predict`: images in, masks, pictures and tables out. The options, for typer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonolesion.cli.options import Quiet
from sonolesion.cli.precision_option import PrecisionOption
from sonolesion.cli.predict_run import DEFAULT_COLUMN, PredictRequest, run_predict


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
    column: Annotated[str, typer.Option("--column", help="Column of the table.")] = DEFAULT_COLUMN,
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
        typer.Option("--cluster", help="Run on Ray: auto, local or HOST:PORT (extra: cluster)."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
    quiet: Quiet = False,
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
    run_predict(
        PredictRequest(
            inputs=tuple(inputs or ()),
            out=out,
            bundle=bundle,
            precision=precision,
            path_list=path_list,
            table=table,
            column=column,
            shard=shard,
            pictures=pictures,
            parquet=parquet,
            dicom=dicom,
            explain=explain,
            report=tuple(report or ()),
            overwrite=overwrite,
            workers=workers,
            threads=threads,
            frame=frame,
            mm_per_px=mm_per_px,
            cluster=cluster,
            json_output=json_output,
            quiet=quiet,
        )
    )
