"""`sonolesion evaluate`: score a bundle on held-out cases."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.precision_option import PrecisionName, PrecisionOption

if TYPE_CHECKING:
    from rich.table import Table

    from sonolesion.bundle import Precision
    from sonolesion.evaluation.report import EvaluationReport


class ConventionName(StrEnum):
    """Names of `sonolesion.evaluation.Convention`, without its imports."""

    HONEST = "honest"
    MISSION = "mission"


def evaluate_command(
    prepared: Annotated[
        Path, typer.Argument(help="Folder that `sonolesion prepare` wrote.", show_default=False)
    ],
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", "-b", help="Bundle folder or shipped name.", show_default="the shipped one"
        ),
    ] = None,
    precision: PrecisionOption = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the report.")] = Path(
        "results"
    ),
    part: Annotated[str, typer.Option("--part", help="Part to score: test, val, fold_0, ...")] = (
        "test"
    ),
    convention: Annotated[
        ConventionName,
        typer.Option("--convention", help="honest, or mission: as the published program counts."),
    ] = ConventionName.HONEST,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", help="Raw data set, if it has moved since `prepare`."),
    ] = None,
    resamples: Annotated[
        int, typer.Option("--resamples", min=100, help="Bootstrap resamples of each interval.")
    ] = 1000,
    gallery: Annotated[
        int, typer.Option("--gallery", min=0, help="Worst and best cases shown, each.")
    ] = 8,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of bootstrap and shuffles.")] = 42,
    json_output: Annotated[
        bool, typer.Option("--json", help="Print report.json on stdout.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier report in the folder.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no table.")] = False,
) -> None:
    """Score a bundle on a part of a prepared data set, with 95 % intervals.

    Writes evaluation_results.txt, report.json, report.html, cases.csv and plots/. A case without
    a prediction counts as a miss; then the exit code is 3.

    Examples:
      sonolesion evaluate prepared --bundle models/bundle -o results

      sonolesion evaluate prepared -b models/bundle --convention mission -o results/mission

      sonolesion evaluate prepared --part val --json > report.json

      sonolesion evaluate prepared --precision int8 -o results/int8
    """
    from sonolesion.cli.run_record import running

    arguments = {
        "prepared": prepared, "bundle": bundle, "out": out, "part": part,
        "convention": convention, "dataset": dataset, "resamples": resamples, "gallery": gallery,
        "seed": seed, "overwrite": overwrite, "precision": precision,
    }  # fmt: skip
    with running(
        "evaluate", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.data.manifest import MANIFEST_NAME, read_manifest
        from sonolesion.errors import OutputExistsError
        from sonolesion.evaluation import Convention, EvaluationSettings, evaluate
        from sonolesion.evaluation.evaluator import FILES
        from sonolesion.evaluation.json_report import report_to_json
        from sonolesion.inference import load_predictor

        if (out / FILES.json).exists() and not overwrite:
            raise OutputExistsError(
                f"{out}: holds a report already. Give another --out, or --overwrite."
            )
        manifest = read_manifest(prepared)
        run.add_input(manifest.folder / MANIFEST_NAME)
        predictor = load_predictor(bundle, measure=False, precision=precision)
        run.set_device(f"cpu {predictor.info.precision}")
        settings = EvaluationSettings(
            part=part,
            convention=Convention(convention.value),
            resamples=resamples,
            seed=seed,
            gallery=gallery,
            dataset_root=dataset,
            command=_command_line(
                prepared,
                bundle,
                part=part,
                convention=convention,
                precision=predictor.info.precision,
            ),
        )
        with run.progress("Scoring", total=len(manifest.part(part))) as bar:
            report = evaluate(
                predictor, manifest, out, settings=settings, bundle=predictor.info,
                progress=lambda *_: bar.advance(),
            )  # fmt: skip
        run.result(report_to_json(report))
        run.print(*(f"Warning: {text}" for text in report.warnings), figure_table(report))
        run.print(f"Report: {out / FILES.page}")
        run.fail_partly([f"{r.case_id}: {r.error}" for r in report.failures])


def _command_line(
    prepared: Path,
    bundle: str | None,
    *,
    part: str,
    convention: ConventionName,
    precision: Precision,
) -> str:
    """Name the command by what decides the figures; folders by their last part only.

    The precision is the one that answered: with "auto" another computer may take another one.
    """
    words = ["sonolesion evaluate", prepared.name or "."]
    if bundle is not None:
        words.append(f"--bundle {Path(bundle).name}")
    if precision.value != PrecisionName.FP32.value:
        words.append(f"--precision {precision}")
    return " ".join([*words, f"--part {part} --convention {convention.value}"])


def figure_table(report: EvaluationReport, cases: str = "") -> Table:
    """Make the table of the main figures; `cases` says which ones, default the part."""
    from rich.table import Table

    which = cases or report.settings.part
    table = Table(
        title=f"{report.bundle_label} on {len(report.results)} {which} cases "
        f"({report.record.protocol} split {report.record.split_hash})",
        title_justify="left",
    )
    table.add_column("figure")
    table.add_column("value [95 % interval]")
    table.add_column("n", justify="right")
    parts = report.classification
    malignant = {row.key: row for row in report.all_figures()}
    chosen = [*report.mission, *report.lesion, *parts.overall[:1], *parts.ranking[:2],
              malignant["recall_malignant"], *parts.calibration]  # fmt: skip
    for row in chosen:
        name = "Recall, malignant" if row.key == "recall_malignant" else row.label
        table.add_row(name, row.text(), str(row.n))
    return table
