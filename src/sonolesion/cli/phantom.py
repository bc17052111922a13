"""`sonolesion phantom`: generated images in BUSI's layout."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sonolesion.cli.options import JsonOutput, Quiet
from sonolesion.cli.run_record import running


def phantom_command(
    out: Annotated[Path, typer.Argument(help="Folder for the data set.", show_default=False)],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="Number of images.")] = 30,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds, equal files.")] = 0,
    calipers: Annotated[
        float,
        typer.Option("--calipers", min=0.0, max=1.0, help="Share of lesion images with calipers."),
    ] = 0.15,
    twins: Annotated[
        float,
        typer.Option(
            "--twins", min=0.0, max=1.0, help="Share of images that nearly repeat another."
        ),
    ] = 0.0,
    contradictions: Annotated[
        float,
        typer.Option(
            "--contradictions", min=0.0, max=1.0, help="Share of twins with another class."
        ),
    ] = 0.0,
    double_masks: Annotated[
        float,
        typer.Option(
            "--double-masks", min=0.0, max=1.0, help="Share of lesions with two mask files."
        ),
    ] = 0.03,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace phantoms of an earlier run.")
    ] = False,
    json_output: JsonOutput = False,
    quiet: Quiet = False,
) -> None:
    """Generate B-mode phantoms with lesions of the three classes and their masks.

    No patient, no licence: made for trying things out. They say nothing about accuracy on
    patients.

    Examples:
      sonolesion phantom phantoms -n 60

      sonolesion phantom phantoms -n 200 --seed 7 --twins 0.1 --contradictions 0.2

      sonolesion prepare phantoms -o prepared
    """
    arguments = {
        "out": out, "count": count, "seed": seed, "calipers": calipers, "twins": twins,
        "contradictions": contradictions, "double_masks": double_masks, "overwrite": overwrite,
    }  # fmt: skip
    with running(
        "phantom", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.data.phantom import PhantomSettings, write_phantoms

        settings = PhantomSettings(
            caliper_fraction=calipers,
            twin_fraction=twins,
            contradiction_fraction=contradictions,
            double_mask_fraction=double_masks,
        )
        with run.progress("Drawing phantoms", total=count) as bar:
            summary = write_phantoms(
                out,
                count=count,
                seed=seed,
                settings=settings,
                overwrite=overwrite,
                progress=lambda _done, _total: bar.advance(),
            )
        run.result(asdict(summary))
        counts = ", ".join(f"{n} {label.value}" for label, n in summary.class_counts.items())
        run.print(
            f"{count} phantoms ({counts}), {summary.mask_files} masks in {out}.",
            f"Next: sonolesion prepare {out} -o prepared",
        )
