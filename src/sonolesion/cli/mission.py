"""The mission document's two programs, on the same code as the commands of `sonolesion`.

`data_preparation.py` and `multitask_unet.py` in the project's root only call these. Names of
options, defaults and places of output are the mission document's.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.help_text import flow
from sonolesion.cli.run_record import Run, running
from sonolesion.errors import InvalidInputError

if TYPE_CHECKING:
    from sonolesion.data.manifest import Manifest
    from sonolesion.data.prepare import PrepareResult

ROOT = Path()
DATASET = Path("Dataset_BUSI_with_GT")
MODELS = Path("models")
RESULTS = Path("results")
LIVE_DEMO = Path("live_demo_results")
CHECKPOINT = MODELS / "best_model.pth"
BUNDLE = MODELS / "bundle"

DatasetOption = Annotated[
    Path, typer.Option("--dataset_path", help="Folder with benign/, malignant/ and normal/.")
]
SizeOption = Annotated[int, typer.Option("--image_size", help="Side of the square, in pixels.")]


class Mode(StrEnum):
    """What `multitask_unet.py` does."""

    TRAIN = "train"
    LIVE_DEMO = "live_demo"


def prepare_program(
    dataset_path: DatasetOption = DATASET,
    verify: Annotated[bool, typer.Option("--verify", help="Check ./processed instead.")] = False,
    image_size: SizeOption = 256,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a ./processed made otherwise.")
    ] = False,
) -> None:
    """Prepare BUSI with the mission's split: ./processed, ./data_result.txt and ./plots.

    Examples:
      python data_preparation.py --dataset_path Dataset_BUSI_with_GT

      python data_preparation.py --dataset_path Dataset_BUSI_with_GT --verify
    """
    arguments = {"dataset_path": dataset_path, "verify": verify, "image_size": image_size}
    out = None if verify else ROOT
    with running("data_preparation.py", arguments=arguments, out=out) as run:
        if verify:
            _verify(run, dataset_path)
            return
        _prepare(run, dataset_path, image_size=image_size, overwrite=overwrite)
        run.print((ROOT / "data_result.txt").read_text("utf-8").rstrip())


def unet_program(
    mode: Annotated[Mode, typer.Option("--mode", help="What to do.")],
    dataset_path: DatasetOption = DATASET,
    epochs: Annotated[int, typer.Option("--epochs", help="Most epochs; also the cosine's.")] = 50,
    batch_size: Annotated[int, typer.Option("--batch_size", help="Images per step.")] = 16,
    image_size: SizeOption = 256,
    patience: Annotated[
        int, typer.Option("--patience", help="Epochs without gain before it stops.")
    ] = 3,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Start anew instead of going on with ./models.")
    ] = False,
) -> None:
    """Train the mission's network into ./models and ./results, or try it on your images.

    Examples:
      python multitask_unet.py --mode train --dataset_path Dataset_BUSI_with_GT --epochs 50
      --batch_size 16

      python multitask_unet.py --mode live_demo
    """
    arguments: dict[str, object] = {"mode": mode}
    if mode is Mode.LIVE_DEMO:
        with running("multitask_unet.py", arguments=arguments, out=LIVE_DEMO) as run:
            _live_demo(run)
        return
    arguments |= {"dataset_path": dataset_path, "image_size": image_size}
    settings = [
        f"optim.epochs={epochs}",
        f"optim.batch_size={batch_size}",
        f"optim.patience={patience}",
    ]
    with running("multitask_unet.py", arguments=arguments | {"set": settings}, out=MODELS) as run:
        _train(run, dataset_path, settings, image_size=image_size, overwrite=overwrite)


def _prepare(run: Run, dataset: Path, *, image_size: int, overwrite: bool) -> PrepareResult:
    from sonolesion.data.prepare import PrepareSettings, prepare

    run.add_input(dataset)
    return prepare(
        dataset,
        ROOT,
        settings=PrepareSettings(protocol="mission", image_size_px=image_size),
        overwrite=overwrite,
        progress=run.progress,
    )


def _verify(run: Run, dataset: Path) -> None:
    from sonolesion.data.verify import verify

    report = verify(ROOT, dataset=dataset if dataset.exists() else None, progress=run.progress)
    for check in report.checks:
        state = f"{len(check.findings)} faults" if check.findings else "ok"
        run.print(f"{check.meaning} ({check.checked} checked): {state}")
        run.print(*(f"  {finding.file}: {finding.message}" for finding in check.findings))
    run.print(*(f"Warning: {text}" for text in report.warnings))
    report.raise_if_failed()


def _train(
    run: Run, dataset: Path, overrides: list[str], *, image_size: int, overwrite: bool
) -> None:
    """Prepare what is missing, train into ./models and evaluate into ./results."""
    from sonolesion.cli.train import report_training, train_and_export
    from sonolesion.config import load_train_settings
    from sonolesion.data.manifest import PROCESSED_FOLDER, read_manifest

    settings = load_train_settings("mission", overrides=overrides)
    if dataset.exists() or not (ROOT / PROCESSED_FOLDER).exists():
        prepared = _prepare(run, dataset, image_size=image_size, overwrite=overwrite)
        if not prepared.unchanged:
            run.note(f"Prepared {dataset} into {ROOT / PROCESSED_FOLDER} first.")
    manifest = read_manifest(ROOT)
    trained = train_and_export(run, manifest, MODELS, settings=settings, overwrite=overwrite)
    if trained is not None:
        report_training(run, trained, manifest)
        _evaluate(run, manifest)


def _evaluate(run: Run, manifest: Manifest) -> None:
    from sonolesion.evaluation import Convention, EvaluationSettings, evaluate
    from sonolesion.inference import load_predictor

    predictor = load_predictor(BUNDLE, measure=False, precision="fp32")
    settings = EvaluationSettings(
        part="test", convention=Convention.MISSION, command="multitask_unet.py --mode train"
    )
    with run.progress("Evaluating", total=len(manifest.part("test"))) as bar:
        evaluate(
            predictor,
            manifest,
            RESULTS,
            settings=settings,
            bundle=predictor.info,
            progress=lambda _done, _total, _case: bar.advance(),
        )
    run.print((RESULTS / "evaluation_results.txt").read_text("utf-8").rstrip())


def _live_demo(run: Run) -> None:
    from sonolesion.cli.predict_run import predict_into

    bundle = _find_bundle(run)
    run.note("Image, folder, or pattern such as path/to/images/*.png:")
    try:
        answer = input().strip().strip("\"'")
    except EOFError:
        answer = ""
    if not answer:
        raise InvalidInputError(
            "expected a file, a folder or a pattern, got nothing. Answer with a path, or say: "
            f"sonolesion predict PATH --bundle {BUNDLE}"
        )
    text = str(Path(answer).expanduser())
    predict_into(run, [text], LIVE_DEMO, bundle=bundle, overwrite=True)


def _find_bundle(run: Run) -> Path:
    """Return ./models/bundle; made from ./models/best_model.pth where that is newer or alone."""
    card = BUNDLE / "bundle.json"
    if not CHECKPOINT.exists():
        if card.exists():
            return BUNDLE
        raise InvalidInputError(
            f"expected a model at {CHECKPOINT} or {BUNDLE}, found none. Train one "
            "(python multitask_unet.py --mode train) or place the published file there; "
            "`sonolesion predict` takes the shipped model."
        )
    if not card.exists() or card.stat().st_mtime < CHECKPOINT.stat().st_mtime:
        run.note(f"Making {BUNDLE} from {CHECKPOINT} ...")
        _convert_checkpoint()
    return BUNDLE


def _convert_checkpoint() -> None:
    from sonolesion.errors import MissingExtraError

    try:
        from sonolesion.train.export import bundle_from_checkpoints
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is needed to read {CHECKPOINT}: pip install 'sonolesion[train]'."
        ) from error
    from sonolesion.data.manifest import PROCESSED_FOLDER, read_manifest

    manifest = read_manifest(ROOT) if (ROOT / PROCESSED_FOLDER).exists() else None
    bundle_from_checkpoints([CHECKPOINT], BUNDLE, manifest=manifest)


def _program(function: Callable[..., None]) -> typer.Typer:
    program = typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich"
    )
    program.command(help=flow(function.__doc__ or ""))(function)
    return program


prepare_app = _program(prepare_program)
"""`data_preparation.py`."""

unet_app = _program(unet_program)
"""`multitask_unet.py`."""
