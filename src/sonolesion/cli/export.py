"""`sonolesion export`: checkpoints in, one bundle out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonolesion.cli.options import JsonOutput
from sonolesion.cli.run_record import running


def export_command(
    checkpoints: Annotated[
        list[Path],
        typer.Argument(help="best_model.pth; several become an ensemble.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the bundle.")],
    calibration: Annotated[
        Path | None,
        typer.Option("--calibration", help="calibration.json of a crossval.", show_default=False),
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Weights in half the space (fp16), same speed.")
    ] = False,
    int8: Annotated[
        list[Path] | None,
        typer.Option(
            "--int8",
            metavar="PREPARED",
            help="Add an int8 form, measured on training cases of this prepared folder; "
            "once for each folder trained on.",
            show_default=False,
        ),
    ] = None,
    mirror: Annotated[
        bool,
        typer.Option("--mirror", help="Answer by the image and its mirror image; twice the time."),
    ] = False,
    name: Annotated[
        str | None, typer.Option("--name", help="Of the bundle.", show_default="the preset's")
    ] = None,
    version: Annotated[str, typer.Option("--bundle-version", help="Of the bundle.")] = "0.1",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a bundle that is there.")
    ] = False,
    json_output: JsonOutput = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No remarks.")] = False,
) -> None:
    """Export checkpoints as one ONNX bundle, compared with torch before it is written.

    Several checkpoints answer with the mean of their logits. Takes the published program's
    best_model.pth as well. Needs the extra: pip install 'sonolesion[train]'.

    Examples:
      sonolesion export models/best_model.pth -o bundle

      sonolesion export cv/fold_*/best_model.pth -o accurate --half --mirror

      sonolesion export best_model.pth -o fast --calibration cv/calibration.json

      sonolesion export best_model.pth -o fast --half --int8 prepared
    """
    arguments = {
        "checkpoints": checkpoints, "calibration": calibration, "half": half, "int8": int8 or [],
        "mirror": mirror,
        "name": name, "version": version, "overwrite": overwrite,
    }  # fmt: skip
    with running("export", arguments=arguments, json_output=json_output, quiet=quiet) as run:
        from sonolesion.bundle.fields import to_json_values
        from sonolesion.bundle.store import INFO_NAME
        from sonolesion.calibration import read_calibration
        from sonolesion.data.manifest import read_manifest
        from sonolesion.errors import MissingExtraError, OutputExistsError

        if out.exists() and not ((out / INFO_NAME).is_file() and overwrite):
            raise OutputExistsError(
                f"{out}: is there already. Give another --out, or --overwrite for a bundle."
            )
        fitted = read_calibration(calibration) if calibration else None
        try:
            from sonolesion.train.export import bundle_from_checkpoints
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"{error.name} is needed to export: pip install 'sonolesion[train]'."
            ) from error
        run.note("Exporting the bundle and comparing it with torch ...")
        bundle = bundle_from_checkpoints(
            checkpoints, out, calibration=fitted, half_weights=half, mirror=mirror,
            int8_from=[read_manifest(folder) for folder in int8 or []], name=name, version=version,
        )  # fmt: skip
        size = (len(bundle.graph) + len(bundle.int8 or b"")) / 1e6
        run.result(
            {"bundle": bundle.folder, "megabytes": round(size, 2), "members": len(checkpoints),
             "int8": bundle.info.int8 and to_json_values(bundle.info.int8)}
        )  # fmt: skip
        run.print(f"{bundle.info.label}: {bundle.folder}, {size:.1f} MB. {bundle.info.description}")
        if bundle.info.int8:
            run.print(
                f"int8, measured on {bundle.info.int8.n_images} training images: changes "
                f"{bundle.info.int8.mask_change:.2%} of the mask and the class logits by "
                f"{bundle.info.int8.class_logit_change:.2f}."
            )
