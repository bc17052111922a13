"""`sonolesion audit`: what is odd about a raw data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.options import Quiet
from sonolesion.cli.run_record import running

if TYPE_CHECKING:
    from rich.table import Table

    from sonolesion.data.audit import AuditReport

_SHOWN_AT_MOST = 12


def audit_command(
    dataset: Annotated[
        Path,
        typer.Argument(help="Folder of BUSI, BUS-BRA, BrEaST or BUS-UCLM.", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for audit.html and audit.json.")
    ] = Path("audit"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the audit of an earlier run.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Threads; 0: one per core.")] = 0,
    json_output: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Find near-duplicates, contradictory labels and masks, and odd files of a data set.

    Writes audit.html (one page, pictures inside), audit.json and run.json. The data set is only
    read. A file that cannot be used is listed and gives exit code 3; near-duplicates and
    contradictions are findings, not failures.

    Examples:
      sonolesion audit Dataset_BUSI_with_GT

      sonolesion audit Dataset_BUSI_with_GT -o audit --overwrite --json
    """
    arguments = {"dataset": dataset, "out": out, "overwrite": overwrite, "workers": workers}
    with running(
        "audit", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.data.audit import audit
        from sonolesion.data.audit_files import JSON_NAME, PAGE_NAME, audit_to_dict, write_audit
        from sonolesion.data.manifest import join_hashes
        from sonolesion.errors import InvalidInputError, OutputExistsError
        from sonolesion.files import make_folder

        if dataset.is_dir() and out.resolve().is_relative_to(dataset.resolve()):
            raise InvalidInputError(f"{out}: lies in the data set. Choose a folder outside it.")
        if not overwrite and any((out / name).exists() for name in (JSON_NAME, PAGE_NAME)):
            raise OutputExistsError(
                f"{out}: holds an audit. Choose another folder or add --overwrite."
            )
        if dataset.is_dir():
            make_folder(out)  # fails now rather than after the work
        found = audit(dataset, workers=workers or None, progress=run.progress)
        _, page = write_audit(found, out)
        hashes = [h for scan in found.scans for h in (scan.image_sha256, *scan.masks_sha256)]
        run.add_hashed_input(dataset, sha256=join_hashes(hashes), files=len(hashes))
        report = found.report
        run.result(audit_to_dict(report))
        run.print(_make_table(report), *_list_contradictions(report), f"Page: {page}")
        run.fail_partly(problem.message for problem in report.problems)


def _make_table(report: AuditReport) -> Table:
    from rich.table import Table

    from sonolesion.data.audit_files import count_findings

    counts = count_findings(report)
    classes = ", ".join(f"{n} {label.value}" for label, n in report.images.items())
    table = Table(title=f"Audit of {report.dataset}", show_header=False, title_justify="left")
    table.add_column(justify="right")
    table.add_column()
    for number, text in (
        (counts["images"], f"images ({classes})"),
        (counts["masks"], "masks"),
        (counts["twin_groups"], f"groups of near-duplicates, {counts['images_with_twins']} images, "
                                f"{counts['confirmed_pairs']} confirmed pairs"),
        (counts["contradictory_label_pairs"],
         f"pairs with contradictory labels, in {counts['contradictory_label_groups']} groups"),
        (counts["contradictory_mask_pairs"], "pairs of one frame with contradictory masks"),
        (counts["doubtful_pairs"], "doubtful pairs (perhaps other views of one lesion)"),
        (counts["several_masks"], "images with several masks"),
        (counts["empty_masks"], "lesion cases with an empty mask"),
        (counts["masks_on_normals"], "normal cases with a mask"),
        (counts["colour"], "images with burned-in colour"),
        (counts["unusable_cases"], "cases that cannot be used"),
        (counts["orphan_masks"], "masks without an image"),
        (counts["odd_files"], "odd files"),
        (counts["missing_classes"], "missing class folders"),
    ):  # fmt: skip
        table.add_row(str(number), text)
    return table


def _list_contradictions(report: AuditReport) -> list[str]:
    groups = [group for group in report.groups if group.is_contradictory]
    lines = ["Contradictory labels:"] if groups else []
    lines += [f"  {' = '.join(group.case_ids)}" for group in groups[:_SHOWN_AT_MOST]]
    if len(groups) > _SHOWN_AT_MOST:
        lines.append(f"  ... and {len(groups) - _SHOWN_AT_MOST} more.")
    return lines
