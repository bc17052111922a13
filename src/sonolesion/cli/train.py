"""`sonolesion train`: a prepared data set in, a trained model and its bundle out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from sonolesion.bundle import Bundle
    from sonolesion.config import TrainSettings
    from sonolesion.data.manifest import Manifest
    from sonolesion.train.run import TrainResult


@dataclass(frozen=True, slots=True)
class Trained:
    """A finished training and its bundle."""

    result: TrainResult
    bundle: Bundle


def train_command(
    prepared: Annotated[
        list[Path],
        typer.Argument(help="Folders that `sonolesion prepare` wrote.", show_default=False),
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder of this run; an interrupted run in it goes on."),
    ] = Path("models"),
    preset: Annotated[
        str, typer.Option("--preset", "-p", help="mission, classic, small or flagship.")
    ] = "classic",
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file over the preset.", show_default=False)
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="section.key=value; may be repeated.", show_default=False),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option("--all", help="Train on every part and keep the last epoch; test elsewhere."),
    ] = False,
    teachers: Annotated[
        list[Path] | None,
        typer.Option("--teacher", help="best_model.pth to learn from as well; may be repeated."),
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(
            "--start-from",
            help="Train on from this best_model.pth of a run on the same split.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start anew instead of going on.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Train a network, with checkpoints that survive a kill, and export its bundle.

    Run it again with the same arguments to go on after an interruption: the weights become the
    same as without one. Needs the extra: pip install 'sonolesion[train]'.

    Examples:
      sonolesion train prepared

      sonolesion train prepared -o models --preset mission

      sonolesion train prepared --set optim.epochs=20 --set augment.speckle=0.2

      sonolesion train busi bus_bra -o models --preset small --all
    """
    arguments = {
        "prepared": prepared, "preset": preset, "config": config, "set": overrides or [],
        "all": whole, "teachers": teachers or [], "start_from": start_from,
    }  # fmt: skip
    with running(
        "train", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.config import load_train_settings
        from sonolesion.data.manifest import MANIFEST_NAME, read_manifest
        from sonolesion.data.rounds import join_manifests, whole_round

        extra = ["optim.keep=last"] if whole else []
        settings = load_train_settings(preset, file=config, overrides=[*(overrides or []), *extra])
        manifests = [read_manifest(folder) for folder in prepared]
        for manifest in manifests:
            run.add_input(manifest.folder / MANIFEST_NAME)
        manifest = whole_round(manifests).manifest if whole else join_manifests(manifests)
        trained = train_and_export(
            run,
            manifest,
            out,
            settings=settings,
            teachers=teachers or [],
            start_from=start_from,
            overwrite=overwrite,
        )
        if trained is not None:
            report_training(run, trained, manifest)
            if not whole:
                folder = trained.bundle.folder
                run.print(f"Next: sonolesion evaluate {prepared[0]} --bundle {folder}")


def train_and_export(
    run: Run,
    manifest: Manifest,
    out: Path,
    *,
    settings: TrainSettings,
    teachers: Sequence[Path] = (),
    start_from: Path | None = None,
    overwrite: bool = False,
) -> Trained | None:
    """Train under a progress bar and export the bundle to OUT/bundle.

    Returns:
        None in the other processes of a run on several devices.

    Raises:
        MissingExtraError: torch or Lightning Fabric is not installed.
        SonolesionError: whatever `sonolesion.train.run.train` and the export raise.
    """
    from sonolesion.errors import MissingExtraError

    try:
        from sonolesion.train.checkpoint import LAST_NAME, Progress
        from sonolesion.train.export import bundle_from_checkpoints
        from sonolesion.train.run import train
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is needed for training: pip install 'sonolesion[train]'."
        ) from error

    if overwrite:
        (out / LAST_NAME).unlink(missing_ok=True)
    elif (out / LAST_NAME).exists():
        run.note(f"Going on with the run in {out} (--overwrite starts anew).")
    with run.progress(f"Training ({settings.preset})") as bar:
        told = 0

        def report(progress: Progress, done: int, batches: int) -> None:
            nonlocal told
            bar.update(
                completed=progress.epoch * batches + done,
                total=settings.optim.epochs * batches,
                description=f"Epoch {progress.epoch + 1}",
            )
            for row in progress.history[told:]:
                run.note(_describe(row))
            told = len(progress.history)

        result = train(
            manifest,
            out,
            settings=settings,
            report=report,
            teachers=teachers,
            start_from=start_from,
        )
    if not result.is_main:
        run.out = None
        return None
    run.set_device(f"{result.device} {result.precision}")
    run.note("Exporting the bundle and comparing it with torch ...")
    return Trained(
        result, bundle_from_checkpoints([result.checkpoint], out / "bundle", manifest=manifest)
    )


def report_training(run: Run, trained: Trained, manifest: Manifest) -> None:
    """Print how a training went, for people and for `--json`."""
    result, bundle = trained.result, trained.bundle
    run.result(
        {
            "checkpoint": result.checkpoint,
            "bundle": bundle.folder,
            "epochs": result.epochs,
            "best_epoch": result.best_epoch,
            "best_val_loss": result.best_loss,
            "precision": result.precision,
            "temperature": bundle.info.temperature,
            "split_hash": manifest.record.split_hash,
            "seconds": round(result.seconds, 1),
        }
    )
    loss = "" if result.best_loss is None else f", validation loss {result.best_loss:.4f}"
    run.print(
        f"Trained {result.epochs} epochs in {result.seconds / 60:.1f} min ({result.device}, "
        f"{result.precision}); kept epoch {result.best_epoch}{loss}.",
        f"Checkpoint {result.checkpoint}, bundle {bundle.folder}, curves "
        f"{result.checkpoint.parent / 'metrics.csv'}.",
    )


def _describe(row: Mapping[str, float]) -> str:
    """One line on a completed epoch, for the log."""
    known = [f"training loss {row['train_loss']:.4f}"]
    if "val_loss" in row:
        known += [
            f"validation loss {row['val_loss']:.4f}", f"Dice {row['val_dice']:.3f}",
            f"accuracy {row['val_accuracy']:.3f}",
        ]  # fmt: skip
    return f"epoch {row['epoch']:.0f}: {', '.join(known)} ({row['seconds']:.0f} s)"
