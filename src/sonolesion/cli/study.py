"""`sonolesion study`: the figures of a reader study, with and without the model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.run_record import Run, running
from sonolesion.cli.study_plan import planned_study, print_plan, write_example

if TYPE_CHECKING:
    from rich.table import Table

    from sonolesion.evaluation.reader_study.study_report import StudyReport, StudySettings


class DuplicatesName(StrEnum):
    """Names of `rows.Duplicates`, without its imports."""

    REFUSE = "refuse"
    LAST = "last"


class CovarianceName(StrEnum):
    """Names of `reader_values.CovarianceMethod`, without its imports."""

    JACKKNIFE = "jackknife"
    DELONG = "delong"


class CategoryName(StrEnum):
    """Names of `read.ORDERED_CATEGORIES`, without its imports."""

    C1 = "1"
    C2 = "2"
    C3 = "3"
    C4A = "4A"
    C4B = "4B"
    C4C = "4C"
    C5 = "5"
    C6 = "6"


class StructureName(StrEnum):
    """Names of `simulate.STRUCTURES`, without its imports."""

    AIDED = "aided"
    HL = "HL"
    LL = "LL"
    HH = "HH"
    LH = "LH"


def study_command(
    rows: Annotated[
        Path | None,
        typer.Argument(
            help="CSV of reads: study, reader, case, arm, session, order, birads, score, "
            "malignant_call, seconds, truth.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the report.")] = Path("study"),
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth",
            help="CSV of case and truth, a prepared folder or a raw data set.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="CSV of case and score (0 to 100), or predictions.csv: the model's own figures.",
            show_default=False,
        ),
    ] = None,
    model_threshold: Annotated[
        float,
        typer.Option(
            "--model-threshold", min=0.0, max=1.0, help="Probability from which it says malignant."
        ),
    ] = 0.5,
    name: Annotated[
        str, typer.Option("--study", help="Study of a file with several.", show_default=False)
    ] = "",
    positive_from: Annotated[
        CategoryName,
        typer.Option(
            "--positive-from", help="Least BI-RADS category that is a call, without a call."
        ),
    ] = CategoryName.C4A,
    zero_is_negative: Annotated[
        bool, typer.Option("--zero-is-negative", help="BI-RADS 0 is no call of malignant.")
    ] = False,
    duplicates: Annotated[
        DuplicatesName,
        typer.Option("--duplicates", help="A read that stands twice: refuse, or take the last."),
    ] = DuplicatesName.REFUSE,
    common_cases: Annotated[
        bool, typer.Option("--common-cases", help="Only cases that all read in both arms.")
    ] = False,
    covariance: Annotated[
        CovarianceName, typer.Option("--covariance", help="Of AUCs over cases.")
    ] = CovarianceName.JACKKNIFE,
    resamples: Annotated[
        int, typer.Option("--resamples", min=100, help="Bootstrap resamples of each interval.")
    ] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of everything drawn.")] = 42,
    example: Annotated[
        Path | None,
        typer.Option(
            "--example", metavar="OUT", help="Write a simulated rows.csv there.", show_default=False
        ),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Power of a planned study.")] = False,
    readers: Annotated[
        int, typer.Option("--readers", min=2, help="Of the plan or the example.")
    ] = 6,
    cases: Annotated[int, typer.Option("--cases", min=4, help="Of the plan or example.")] = 100,
    malignant_share: Annotated[
        float, typer.Option("--malignant-share", help="Share of the cases, between 0 and 1.")
    ] = 0.4,
    auc_alone: Annotated[
        float, typer.Option("--auc-alone", help="True mean AUC of readers alone.")
    ] = 0.82,
    difference: Annotated[
        float, typer.Option("--difference", help="True gain of the AUC with the model.")
    ] = 0.05,
    structure: Annotated[
        StructureName, typer.Option("--structure", help="Variances: aided, or Roe and Metz's.")
    ] = StructureName.AIDED,
    simulations: Annotated[
        int, typer.Option("--simulations", min=10, help="Simulated studies of the plan.")
    ] = 1000,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress, no table.")] = False,
) -> None:
    """Sum up a reader study: AUC, sensitivity, specificity, agreement and time, with and without.

    Intervals and p-values count readers and cases as random. Writes report.html, report.json,
    tables, plots/ and exchange/ (for iMRMC and others). `--example` writes a simulated study to
    try it out, `--plan` says how likely a planned study is to show a difference.

    Examples:
      sonolesion study --example demo_study

      sonolesion study demo_study/rows.csv -o study

      sonolesion study rows.csv --truth prepared --model predictions/predictions.csv -o study

      sonolesion study --plan --readers 8 --cases 150 --auc-alone 0.85 --difference 0.04
    """
    arguments = {
        "rows": rows, "out": out, "truth": truth, "model": model,
        "model_threshold": model_threshold, "study": name, "positive_from": positive_from,
        "zero_is_negative": zero_is_negative, "duplicates": duplicates,
        "common_cases": common_cases, "covariance": covariance, "resamples": resamples,
        "seed": seed, "example": example, "plan": plan, "readers": readers, "cases": cases,
        "malignant_share": malignant_share, "auc_alone": auc_alone, "difference": difference,
        "structure": structure, "simulations": simulations, "overwrite": overwrite,
    }  # fmt: skip
    folder = None if plan else example or out
    with running(
        "study", arguments=arguments, out=folder, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.errors import InvalidInputError

        if sum((rows is not None, example is not None, plan)) != 1:
            raise InvalidInputError(
                "expected one of: a table of reads, --example OUT, --plan. "
                "See `sonolesion study --help`."
            )
        if rows is None:
            study = planned_study(
                readers=readers, cases=cases, malignant_share=malignant_share,
                auc_alone=auc_alone, difference=difference, structure=structure.value,
            )  # fmt: skip
            if example is not None:
                write_example(run, study, example, seed=seed, overwrite=overwrite)
            else:
                print_plan(run, study, simulations=simulations, seed=seed)
            return
        from sonolesion.evaluation.reader_study.read import CallRule
        from sonolesion.evaluation.reader_study.reader_values import CovarianceMethod
        from sonolesion.evaluation.reader_study.study_report import StudySettings

        settings = StudySettings(
            rule=CallRule(positive_from.value, zero_is_positive=not zero_is_negative),
            covariance=CovarianceMethod(covariance.value),
            resamples=resamples,
            seed=seed,
            model_threshold_prob=model_threshold,
            command=_command_line(rows, truth, model),
        )
        files = _Files(rows=rows, truth=truth, model=model, out=out)
        _sum_up(
            run, files, settings, name=name, duplicates=duplicates, common_cases=common_cases,
            overwrite=overwrite,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Files:
    """What is read, and where the report goes."""

    rows: Path
    truth: Path | None
    model: Path | None
    out: Path


def _sum_up(
    run: Run,
    files: _Files,
    settings: StudySettings,
    *,
    name: str,
    duplicates: DuplicatesName,
    common_cases: bool,
    overwrite: bool,
) -> None:
    """Read the reads, compute the figures and write the report."""
    from sonolesion.errors import OutputExistsError
    from sonolesion.evaluation.reader_study.rows import Duplicates, read_rows
    from sonolesion.evaluation.reader_study.study_files import (
        JSON_NAME,
        PAGE_NAME,
        write_study,
    )
    from sonolesion.evaluation.reader_study.study_json import study_to_json
    from sonolesion.evaluation.reader_study.study_report import build_report
    from sonolesion.evaluation.reader_study.study_table import build_table, keep_common_cases
    from sonolesion.evaluation.reader_study.truth import join_truth, read_model, read_truth

    if (files.out / JSON_NAME).exists() and not overwrite:
        raise OutputExistsError(
            f"{files.out}: holds a report already. Give another --out, or --overwrite."
        )
    for path in filter(None, (files.rows, files.truth, files.model)):
        run.add_input(path)
    reads = read_rows(files.rows, study=name, duplicates=Duplicates(duplicates.value))
    beside = read_truth(files.truth) if files.truth else {}
    truth = join_truth(reads, beside, where=str(files.rows))
    model = read_model(files.model) if files.model else None
    table = build_table(reads, truth, rule=settings.rule)
    if common_cases:
        table = keep_common_cases(table)
    report = build_report(table, settings=settings, reads=reads, model=model, name=reads[0].study)
    write_study(report, files.out)
    run.result(study_to_json(report))
    run.print(*(f"Warning: {text}" for text in report.warnings), _figure_table(report))
    run.print(f"Report: {files.out / PAGE_NAME}")


def _command_line(rows: Path, truth: Path | None, model: Path | None) -> str:
    """Name the command by what decides the figures; files by their last part only."""
    words = [f"sonolesion study {rows.name}"]
    words += [f"--truth {truth.name}"] if truth else []
    words += [f"--model {model.name}"] if model else []
    return " ".join(words)


def _figure_table(report: StudyReport) -> Table:
    from rich.table import Table

    table = Table(
        title=f"{report.name or 'Study'}: {len(report.table.readers)} readers, "
        f"{len(report.table.cases)} cases",
        title_justify="left",
    )
    for column in ("figure", "value [95 % interval]", "p", "bootstrap"):
        table.add_column(column)
    figures = [
        figure
        for found in report.measures
        for figure in (*found.arms, *filter(None, (found.difference,)))
    ]
    if report.times and report.times.ratio:
        figures.append(report.times.ratio)
    for figure in (*figures, *report.agreement):
        beside = ""
        if figure.check_low is not None and figure.check_high is not None:
            beside = f"[{figure.check_low:.3f}, {figure.check_high:.3f}]"
        p = "" if figure.p is None else f"{figure.p:.4f}"
        table.add_row(figure.label, figure.text(), p, beside)
    return table
