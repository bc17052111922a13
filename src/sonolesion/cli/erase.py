"""`sonolesion erase`: normals from lesion images, for training."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.options import JsonOutput, Quiet
from sonolesion.cli.run_record import running

if TYPE_CHECKING:
    from sonolesion.data.erase import EraseResult


def erase_command(
    prepared: Annotated[
        Path, typer.Argument(help="Folder that `sonolesion prepare` wrote.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder for the larger data set.", show_default=False),
    ],
    controls: Annotated[
        bool,
        typer.Option(
            "--controls/--no-controls",
            help="Also cover lesion-free spots of images that keep lesion and label.",
        ),
    ] = True,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Equal seeds, equal files.")] = 42,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Derive from the first N cases only; 0: all.")
    ] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a folder made in another way.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Threads; 0: one per core.")] = 0,
    json_output: JsonOutput = False,
    quiet: Quiet = False,
) -> None:
    """Cover lesions with tissue of the same image: normals for data sets that have none.

    A derived image is for training only and stays in the part and group of its source. Controls
    are covered in the same way and keep their lesion, so that the covering is no sign of a
    normal. An image without enough like tissue is skipped and counted. A raw file that cannot be
    used is listed and gives exit code 3.

    Examples:
      sonolesion erase prepared -o erased

      sonolesion erase prepared -o erased --no-controls --seed 1

      sonolesion erase prepared -o sample --limit 20 --json
    """
    arguments = {
        "prepared": prepared, "out": out, "controls": controls, "seed": seed, "limit": limit,
        "overwrite": overwrite, "workers": workers,
    }  # fmt: skip
    with running(
        "erase", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.data.erase import EraseSettings, erase
        from sonolesion.data.manifest import join_hashes

        settings = EraseSettings(controls=controls, seed=seed, limit=limit, workers=workers or None)
        result = erase(prepared, out, settings=settings, overwrite=overwrite, progress=run.progress)
        kept = [row for row in result.manifest.rows if not row.is_derived]
        run.add_hashed_input(
            prepared,
            sha256=join_hashes(row.processed_sha256 for row in kept if row.processed_sha256),
            files=sum(2 for row in kept if row.processed_sha256),
        )
        run.result(_describe(result))
        if result.unchanged:
            run.print(f"{out} is up to date; nothing was written.")
        run.print(*_count(result), f"Next: sonolesion verify {out}")
        run.fail_partly(
            f"{item.case_id}: {item.message}"
            for item in {s.case_id: s for s in result.skipped if s.is_fault}.values()
        )


def _count(result: EraseResult) -> list[str]:
    """One line per kind: how many were made, how many not, and why not."""
    from sonolesion.data.manifest import DERIVED_FLAGS

    lines = []
    for kind in DERIVED_FLAGS:
        made = sum(kind in row.flags for row in result.manifest.rows)
        reasons = Counter(item.reason for item in result.skipped if item.kind == kind)
        if not made and not reasons:
            continue
        why = ", ".join(f"{n} {reason}" for reason, n in reasons.most_common())
        lines.append(f"{kind}: {made} made, {reasons.total()} skipped" + f" ({why})" * bool(why))
    return lines


def _describe(result: EraseResult) -> dict[str, object]:
    """Shape of the result that `--json` prints."""
    from dataclasses import asdict

    from sonolesion.data.manifest import DERIVED_FLAGS
    from sonolesion.types import RESEARCH_USE_ONLY

    rows = result.manifest.rows
    return {
        "out": result.out,
        "unchanged": result.unchanged,
        "split_hash": result.manifest.record.split_hash,
        "images": sum(not row.is_derived for row in rows),
        "derived": {kind: sum(kind in row.flags for row in rows) for kind in DERIVED_FLAGS},
        "reasons": {
            kind: dict(Counter(s.reason for s in result.skipped if s.kind == kind).most_common())
            for kind in DERIVED_FLAGS
        },
        "skipped": [asdict(item) for item in result.skipped],
        "research_use_only": RESEARCH_USE_ONLY,
    }
