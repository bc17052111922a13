"""`sonolesion crossval`: train and test in rounds, so that every case is held out once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.options import Quiet
from sonolesion.cli.run_record import Run, running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sonolesion.bundle import Bundle
    from sonolesion.bundle.gate import FeatureGate
    from sonolesion.config import TrainSettings
    from sonolesion.data.manifest import Manifest
    from sonolesion.data.rounds import Round
    from sonolesion.evaluation.held_out import RoundOutputs
    from sonolesion.evaluation.report import EvaluationReport
    from sonolesion.inference import Predictor

RESULTS = "results"
CALIBRATION = "calibration.json"
CHECKPOINT = "best_model.pth"


def crossval_command(
    prepared: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of `sonolesion prepare --folds K`.", show_default=False),
    ] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder of the rounds; what is there goes on.")
    ] = Path("crossval"),
    train_on: Annotated[
        list[Path] | None,
        typer.Option("--train-on", help="Train on all of this set instead; may be repeated."),
    ] = None,
    test_on: Annotated[
        list[Path] | None,
        typer.Option("--test-on", help="And test on all of this one; may be repeated."),
    ] = None,
    fit_on: Annotated[
        str,
        typer.Option(
            "--fit-on",
            metavar="FOLD",
            help="With --train-on: this fold of it fits the decision and does not train.",
        ),
    ] = "",
    preset: Annotated[
        str, typer.Option("--preset", "-p", help="mission, classic, small or flagship.")
    ] = "small",
    config: Annotated[
        Path | None, typer.Option("--config", help="TOML file over the preset.", show_default=False)
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="section.key=value; may be repeated.", show_default=False),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="ROUND",
            help="Train this round and no report yet, e.g. fold_0; may be repeated.",
            show_default=False,
        ),
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option(
            "--start-from",
            help="Train each round on from its network in this folder of an earlier crossval.",
            show_default=False,
        ),
    ] = None,
    resamples: Annotated[
        int, typer.Option("--resamples", min=100, help="Bootstrap resamples of each interval.")
    ] = 1000,
    json_output: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train K times, each time without one fold, and report on the held-out cases.

    Several data sets are trained on together and tested fold by fold. Run it again with the same
    arguments to go on after an interruption. With `--only` rounds can be shared out over several
    processes or machines; run it without, last of all, for the report. With `optim.keep=best` the
    fold after the tested one chooses the epoch; with `last` all others train. Needs the extra:
    sonolesion[train].

    Examples:
      sonolesion prepare Dataset_BUSI_with_GT -o busi --folds 5

      sonolesion crossval busi -o crossval --set optim.keep=last

      sonolesion crossval busi bus_bra -o joint --preset small

      sonolesion crossval busi bus_bra -o joint --only fold_0 --only fold_2

      sonolesion crossval busi bus_bra -o longer --start-from joint --set seed=43

      sonolesion crossval --train-on bus_bra --test-on busi --fit-on fold_4 -o bra_to_busi
    """
    arguments = {
        "prepared": prepared or [], "train_on": train_on or [], "test_on": test_on or [],
        "fit_on": fit_on,
        "preset": preset, "config": config, "set": overrides or [], "only": only or [],
        "start_from": start_from, "resamples": resamples,
    }  # fmt: skip
    with running(
        "crossval", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.config import load_train_settings

        settings = load_train_settings(preset, file=config, overrides=overrides or [])
        if train_on or test_on:
            settings = load_train_settings(
                preset, file=config, overrides=[*(overrides or []), "optim.keep=last"]
            )
        rounds, manifest = _plan(
            run, prepared or [], train_on or [], test_on or [], fit_on=fit_on, settings=settings
        )
        chosen = _choose(rounds, only or [])
        bundles = [_train_round(run, item, out, settings, start_from) for item in chosen]
        if only:
            trained = ", ".join(item.name for item in chosen)
            run.result({"trained": [item.name for item in chosen]})
            run.print(f"Trained: {trained}. Without --only the same command ends with the report.")
            return
        if len(rounds) > 1:
            bundles = _calibrate_rounds(run, rounds, bundles, manifest, out)
        reports = _report(run, rounds, bundles, manifest, out=out, resamples=resamples)
        _show(run, reports, out)


def _plan(
    run: Run,
    prepared: Sequence[Path],
    train_on: Sequence[Path],
    test_on: Sequence[Path],
    *,
    fit_on: str,
    settings: TrainSettings,
) -> tuple[tuple[Round, ...], Manifest]:
    """Choose the rounds and the manifest that names the split.

    Raises:
        InvalidInputError: neither folders nor both of --train-on and --test-on, --fit-on without
            them, or see `rounds`.
        DatasetError: a folder is not prepared.
    """
    from sonolesion.data.manifest import MANIFEST_NAME, read_manifest
    from sonolesion.data.rounds import cross_set_round, fold_rounds, join_manifests
    from sonolesion.errors import InvalidInputError

    if bool(prepared) == bool(train_on or test_on) or bool(train_on) != bool(test_on):
        raise InvalidInputError(
            "expected prepared folders, or --train-on and --test-on. "
            "See `sonolesion crossval --help`."
        )
    if fit_on and not train_on:
        raise InvalidInputError("--fit-on goes with --train-on; folds are fitted on each other.")
    read = {path: read_manifest(path) for path in (*prepared, *train_on, *test_on)}
    for manifest in read.values():
        run.add_input(manifest.folder / MANIFEST_NAME)
    if prepared:
        chosen = [read[path] for path in prepared]
        inner_val = settings.optim.keep == "best"
        return fold_rounds(chosen, inner_val=inner_val), join_manifests(chosen)
    single = cross_set_round([read[p] for p in train_on], [read[p] for p in test_on], fit_on=fit_on)
    return (single,), single.manifest


def _choose(rounds: Sequence[Round], names: Sequence[str]) -> Sequence[Round]:
    """Return the rounds of these names; all, where none is named.

    Raises:
        InvalidInputError: there is no round of that name.
    """
    from sonolesion.errors import InvalidInputError

    known = {item.name: item for item in rounds}
    for name in names:
        if name not in known:
            raise InvalidInputError(f"--only {name}: no such round; there are {', '.join(known)}.")
    return [known[name] for name in names] if names else rounds


def _train_round(
    run: Run, round_: Round, out: Path, settings: TrainSettings, earlier: Path | None
) -> Bundle:
    """Train a round in a folder of its own, or take the bundle that is there already.

    Args:
        run: for progress and notes.
        round_: what trains and what is held out.
        out: folder of the rounds.
        settings: of the training.
        earlier: folder of an earlier crossval on the same split, whose network is trained on.
    """
    from sonolesion.bundle import load_bundle
    from sonolesion.cli.train import train_and_export
    from sonolesion.errors import InvalidInputError
    from sonolesion.files import sha256_file

    folder = out / round_.name
    start = None if earlier is None else earlier / round_.name / CHECKPOINT
    if (folder / "bundle" / "bundle.json").is_file():
        bundle = load_bundle((folder / "bundle").resolve())
        training = bundle.info.training
        same = training.get("split_hash") == round_.manifest.record.split_hash
        same &= settings.equal_those(training.get("settings"))
        same &= training.get("started_from") == (sha256_file(start) if start else None)
        if not same:
            raise InvalidInputError(
                f"{folder}: holds a round with other settings, another split or another start. "
                "Give another -o."
            )
        run.note(f"{round_.name}: trained already.")
        return bundle
    run.note(f"{round_.name}:")
    trained = train_and_export(run, round_.manifest, folder, settings=settings, start_from=start)
    if trained is None:
        raise InvalidInputError("crossval runs on one device: set runtime.devices=1.")
    return trained.bundle


def _calibrate_rounds(
    run: Run, rounds: Sequence[Round], bundles: Sequence[Bundle], manifest: Manifest, out: Path
) -> list[Bundle]:
    """Give each bundle the decision that the other rounds' held-out outputs fit, and its own gate.

    The fit on all of them goes to OUT/calibration.json, for a model that trains on everything. The
    gate of a network stands there too, under the hash of its checkpoint: its distance is fitted on
    cases that it was trained on, its limit on those that its round holds out.
    """
    from dataclasses import replace

    from sonolesion.bundle import write_bundle
    from sonolesion.calibration import fit_calibration, join_held_out, write_calibration
    from sonolesion.evaluation.held_out import collect_held_out
    from sonolesion.files import sha256_file
    from sonolesion.inference import Predictor

    held_out, gates = [], []
    with run.progress("Calibrating", total=len(rounds)) as bar:
        for item, bundle in zip(rounds, bundles, strict=True):
            predictor = Predictor(bundle)
            outputs = collect_held_out(predictor, item.manifest)
            held_out.append(outputs.held_out)
            gates.append(_fit_gate(predictor, item.manifest, outputs))
            bar.advance()
    calibrated = []
    for index, bundle in enumerate(bundles):
        others = join_held_out([h for i, h in enumerate(held_out) if i != index])
        fitted = fit_calibration(others, where="the other rounds")
        info = replace(fitted.apply_to(bundle.info), feature_gate=gates[index])
        calibrated.append(write_bundle(bundle.folder, info, bundle.graph))
    split_hash = manifest.record.split_hash
    whole = fit_calibration(
        join_held_out(held_out), where=f"split {split_hash}, out of fold", split_hash=split_hash
    )
    of_file = {
        sha256_file(out / item.name / CHECKPOINT): gate
        for item, gate in zip(rounds, gates, strict=True)
        if gate is not None and (out / item.name / CHECKPOINT).is_file()
    }
    write_calibration(out / CALIBRATION, replace(whole, feature_gates=of_file))
    return calibrated


def _fit_gate(
    predictor: Predictor, manifest: Manifest, outputs: RoundOutputs
) -> FeatureGate | None:
    """Fit a round's gate; None where the bundle has no features, or too few images to fit it."""
    from sonolesion.calibration.feature_gate import MIN_IMAGES, fit_feature_gate
    from sonolesion.evaluation.held_out import collect_training_features

    if outputs.features is None or len(outputs.features) < MIN_IMAGES:
        return None
    trained_on = collect_training_features(predictor, manifest)
    if trained_on is None or len(trained_on) < MIN_IMAGES:
        return None
    return fit_feature_gate(trained_on, outputs.features, datasets=outputs.held_out.datasets)


def _report(
    run: Run,
    rounds: Sequence[Round],
    bundles: Sequence[Bundle],
    manifest: Manifest,
    *,
    out: Path,
    resamples: int,
) -> Mapping[str, EvaluationReport]:
    from dataclasses import replace

    from sonolesion.evaluation import EvaluationSettings
    from sonolesion.evaluation.crossval import report_rounds, score_round
    from sonolesion.inference import Predictor

    settings = EvaluationSettings(resamples=resamples, command="sonolesion crossval")
    total = sum(len(item.manifest.part("test")) for item in rounds)
    with run.progress("Scoring", total=total) as bar:
        scored = [
            score_round(
                Predictor(bundle, measure=False),
                item,
                settings=settings,
                progress=lambda *_: bar.advance(),
            )
            for item, bundle in zip(rounds, bundles, strict=True)
        ]
    info = bundles[0].info
    training = {**info.training, "split_hash": manifest.record.split_hash}
    info = replace(info, name=f"{info.name}-crossval", training=training)
    return report_rounds(scored, manifest, out / RESULTS, settings=settings, bundle=info)


def _show(run: Run, reports: Mapping[str, EvaluationReport], out: Path) -> None:
    from sonolesion.cli.evaluate import figure_table
    from sonolesion.evaluation.json_report import report_to_json

    run.result({name: report_to_json(report) for name, report in reports.items()})
    run.print(*(figure_table(report, name) for name, report in reports.items()))
    run.print(f"Report: {out / RESULTS / 'report.html'}")
    run.fail_partly([f"{r.case_id}: {r.error}" for r in reports["all"].failures])
