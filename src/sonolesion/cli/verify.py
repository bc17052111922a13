"""`sonolesion verify`: is a prepared folder what it should be?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonolesion.cli.options import Quiet
from sonolesion.cli.run_record import EXIT_FAILED, running

_SHOWN_AT_MOST = 20


def verify_command(
    prepared: Annotated[
        Path, typer.Argument(help="Folder that `sonolesion prepare` wrote.")
    ] = Path("prepared"),
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", help="Raw data set: also compare its files.", show_default=False),
    ] = None,
    twins: Annotated[
        bool,
        typer.Option("--twins/--no-twins", help="Look for near-duplicates across parts anew."),
    ] = True,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Threads; 0: one per core.")] = 0,
    json_output: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Check hashes, sizes, masks and counts, and that no group straddles parts.

    A failing check names the file and the cure and gives exit code 1. The leaks of the mission
    protocol are known and only a warning. Nothing is written.

    Examples:
      sonolesion verify prepared

      sonolesion verify prepared --dataset Dataset_BUSI_with_GT --json
    """
    arguments = {"prepared": prepared, "dataset": dataset, "twins": twins, "workers": workers}
    with running("verify", arguments=arguments, json_output=json_output, quiet=quiet) as run:
        from dataclasses import asdict

        from rich.table import Table

        from sonolesion.data.verify import verify

        report = verify(
            prepared, dataset=dataset, look_for_twins=twins, workers=workers or None,
            progress=run.progress,
        )  # fmt: skip
        run.result(
            {
                "folder": report.folder,
                "passed": not report.findings,
                "split_hash": report.split_hash,
                "checks": [asdict(check) for check in report.checks],
                "warnings": report.warnings,
            }
        )
        table = Table("Check", "What", "Looked at", "Result", title_justify="left",
                      title=f"{report.folder}, split {report.split_hash}")  # fmt: skip
        for check in report.checks:
            outcome = f"{len(check.findings)} failed" if check.findings else "passed"
            table.add_row(check.name, check.meaning, str(check.checked), outcome)
        run.print(table)
        for warning in report.warnings:
            run.note(f"verify: warning: {warning}")
        for check in report.checks:
            for finding in check.findings[:_SHOWN_AT_MOST]:
                run.note(f"verify: {finding.check}: {finding.file}: {finding.message}")
            if len(check.findings) > _SHOWN_AT_MOST:
                run.note(
                    f"verify: {check.name}: ... and {len(check.findings) - _SHOWN_AT_MOST} more."
                )
        if report.findings:
            run.exit_code = EXIT_FAILED
