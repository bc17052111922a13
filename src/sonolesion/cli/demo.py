"""`sonolesion demo`: from generated phantoms to a report, with what the package ships."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.options import JsonOutput, Quiet
from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from sonolesion.data.manifest import Manifest
    from sonolesion.evaluation import EvaluationReport
    from sonolesion.inference import Predictor

DEMO_PART = "demo"
_RESAMPLES = 500


def demo_command(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for everything.")] = Path("demo"),
    count: Annotated[int, typer.Option("-n", "--count", min=6, help="Number of phantoms.")] = 24,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the phantoms.")] = 2020,
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", "-b", help="Folder or name of a bundle; the shipped one if not given."
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results of an earlier demo.")
    ] = False,
    json_output: JsonOutput = False,
    quiet: Quiet = False,
) -> None:
    """Draw phantoms, predict them with the shipped bundle, and write a report to open.

    Needs no data set and no torch. The figures are of generated images and say nothing about
    patients.

    Examples:
      sonolesion demo

      sonolesion demo -o /tmp/demo -n 60 --seed 1
    """
    arguments = {
        "out": out, "count": count, "seed": seed, "bundle": bundle, "overwrite": overwrite,
    }  # fmt: skip
    with running("demo", arguments=arguments, out=out, json_output=json_output, quiet=quiet) as run:
        from sonolesion.inference import load_predictor
        from sonolesion.types import RESEARCH_USE_ONLY
        from sonolesion.writers import run_prediction

        predictor = load_predictor(bundle)
        manifest = _make_data(run, out, count=count, seed=seed, overwrite=overwrite)
        with run.progress("Predicting", total=count) as bar:
            predicted = run_prediction(
                [str(out / "phantoms")],
                out / "predictions",
                predictor=predictor,
                overwrite=overwrite,
                on_done=bar.advance,
            )
        report = _evaluate(run, predictor, manifest, out / "report")
        page = (out / "report" / "report.html").resolve()
        headline = {key: report.figure(key).value for key in ("lesion_dice", "accuracy")}
        run.result(
            {
                "report": page,
                "predictions": predicted.out,
                "images": len(predicted.rows),
                "bundle": predictor.info.label,
                "figures_on_phantoms": headline,
                "research_use_only": RESEARCH_USE_ONLY,
            }
        )
        run.print(
            f"{len(predicted.rows)} phantoms predicted with the bundle {predictor.info.label} "
            f"in {run.seconds:.0f} s.",
            f"Pictures: {predicted.out}",
            f"Report:   {page}",
            RESEARCH_USE_ONLY,
        )
        run.fail_partly(failed.error for failed in predicted.failures)


def _make_data(run: Run, out: Path, *, count: int, seed: int, overwrite: bool) -> Manifest:
    """Draw and prepare phantoms; every usable case is in one part, for nothing is trained."""
    from sonolesion.data.manifest import LEFT_OUT, hash_split
    from sonolesion.data.phantom import write_phantoms
    from sonolesion.data.prepare import PrepareSettings, prepare

    with run.progress("Drawing phantoms", total=count) as bar:
        write_phantoms(
            out / "phantoms",
            count=count,
            seed=seed,
            overwrite=overwrite,
            progress=lambda _done, _total: bar.advance(),
        )
    run.add_input(out / "phantoms")
    settings = PrepareSettings(allow_missing_classes=True)
    prepared = prepare(
        out / "phantoms",
        out / "prepared",
        settings=settings,
        overwrite=overwrite,
        progress=run.progress,
    )
    manifest = prepared.manifest
    rows = tuple(
        dataclasses.replace(
            row, dataset="phantom", part=row.part if row.part == LEFT_OUT else DEMO_PART
        )
        for row in manifest.rows
    )
    record = dataclasses.replace(manifest.record, split_hash=hash_split(rows))
    return dataclasses.replace(manifest, rows=rows, record=record)


def _evaluate(run: Run, predictor: Predictor, manifest: Manifest, out: Path) -> EvaluationReport:
    from sonolesion.evaluation import EvaluationSettings, evaluate

    settings = EvaluationSettings(
        part=DEMO_PART, resamples=_RESAMPLES, gallery=6, command="sonolesion demo"
    )
    with run.progress("Evaluating", total=len(manifest.part(DEMO_PART))) as bar:
        return evaluate(
            predictor,
            manifest,
            out,
            settings=settings,
            bundle=predictor.info,
            progress=lambda _done, _total, _case: bar.advance(),
        )
