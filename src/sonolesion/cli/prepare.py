"""`sonolesion prepare`: a raw data set in, processed squares, manifest and split out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.options import JsonOutput, Quiet
from sonolesion.cli.run_record import running

if TYPE_CHECKING:
    from sonolesion.data.prepare import PrepareResult


class Protocol(StrEnum):
    """How the cases are split."""

    GROUPED = "grouped"
    MISSION = "mission"


class Resize(StrEnum):
    """How the aspect ratio is treated."""

    FIT = "fit"
    SQUEEZE = "squeeze"


def prepare_command(
    dataset: Annotated[
        Path,
        typer.Argument(help="Folder of BUSI, BUS-BRA, BrEaST or BUS-UCLM.", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for processed/, data_result.txt, plots/.")
    ] = Path("prepared"),
    protocol: Annotated[
        Protocol,
        typer.Option(help="grouped: nothing straddles parts; mission: the published, leaky split."),
    ] = Protocol.GROUPED,
    folds: Annotated[
        int, typer.Option("--folds", min=0, help="Folds in place of train, val and test.")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the split.")] = 42,
    image_size: Annotated[
        int, typer.Option("--image-size", min=32, max=2048, help="Side of the square in pixels.")
    ] = 256,
    resize: Annotated[
        Resize | None,
        typer.Option(help="fit keeps the aspect ratio; the protocol's own if not given."),
    ] = None,
    group_patients: Annotated[
        bool,
        typer.Option(
            "--group-patients/--no-group-patients",
            help="Keep a patient's cases together, where patients are named.",
        ),
    ] = True,
    allow_missing_classes: Annotated[
        bool, typer.Option("--allow-missing-classes", help="Go on without a class folder.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a folder prepared in another way.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Threads; 0: one per core.")] = 0,
    json_output: JsonOutput = False,
    quiet: Quiet = False,
) -> None:
    """Write processed squares, a manifest and a split that leaks nothing.

    Near-duplicates stay in one part, contradictory cases are left out and listed. A second run
    with the same files and settings does nothing. A case that cannot be used is left out, listed
    and gives exit code 3.

    Examples:
      sonolesion prepare Dataset_BUSI_with_GT

      sonolesion prepare Dataset_BUSI_with_GT -o folds --folds 5 --seed 1

      sonolesion prepare Dataset_BUSI_with_GT -o mission --protocol mission
    """
    arguments = {
        "dataset": dataset, "out": out, "protocol": protocol, "folds": folds, "seed": seed,
        "image_size": image_size, "resize": resize, "group_patients": group_patients,
        "allow_missing_classes": allow_missing_classes, "overwrite": overwrite,
        "workers": workers,
    }  # fmt: skip
    with running(
        "prepare", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.data.manifest import join_hashes
        from sonolesion.data.prepare import RESULT_NAME, PrepareSettings, prepare
        from sonolesion.imaging.geometry import ResizeMode

        settings = PrepareSettings(
            protocol=protocol.value,
            seed=seed,
            folds=folds,
            image_size_px=image_size,
            resize=None if resize is None else ResizeMode(resize.value),
            group_patients=group_patients,
            allow_missing_classes=allow_missing_classes,
            workers=workers or None,
        )
        result = prepare(
            dataset, out, settings=settings, overwrite=overwrite, progress=run.progress
        )
        record = result.manifest.record
        rows = result.manifest.rows
        run.add_hashed_input(
            dataset,
            sha256=join_hashes(h for row in rows for h in (row.image_sha256, row.masks_sha256)),
            files=sum(1 + len(row.masks) for row in rows),
        )
        run.result(_describe(result))
        if result.unchanged:
            run.print(f"{out} is up to date (split {record.split_hash}); nothing was written.")
        else:
            run.print(
                (out / RESULT_NAME).read_text("utf-8").rstrip(), f"Next: sonolesion verify {out}"
            )
        run.fail_partly(problem.message for problem in result.skipped)


def _describe(result: PrepareResult) -> dict[str, object]:
    """Shape of the result that `--json` prints."""
    from sonolesion.data.manifest import LEFT_OUT
    from sonolesion.data.summary import count_classes, part_names
    from sonolesion.types import RESEARCH_USE_ONLY

    manifest = result.manifest
    return {
        "out": result.out,
        "unchanged": result.unchanged,
        "protocol": manifest.record.protocol,
        "seed": manifest.record.seed,
        "split_hash": manifest.record.split_hash,
        "images": len(manifest.rows),
        "parts": {
            part: {label.value: n for label, n in count_classes(manifest.part(part)).items()}
            for part in [*part_names(manifest.rows), LEFT_OUT]
        },
        "left_out": {row.case_id: list(row.flags) for row in manifest.part(LEFT_OUT)},
        "skipped": [
            {"case_id": p.case_id, "kind": p.kind, "message": p.message} for p in result.skipped
        ],
        "research_use_only": RESEARCH_USE_ONLY,
    }
