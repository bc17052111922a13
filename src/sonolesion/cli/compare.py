"""`sonolesion compare`: how lesions changed between two visits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion.cli.options import JsonOutput, Quiet
from sonolesion.cli.run_record import running

if TYPE_CHECKING:
    from sonolesion.imaging.parts import ImagePart
    from sonolesion.inference import Predictor
    from sonolesion.writers.comparison_files import PredictedVisit


def compare_command(
    earlier: Annotated[
        Path, typer.Argument(help="Image of the earlier visit.", show_default=False)
    ],
    later: Annotated[Path, typer.Argument(help="Image of the later visit.", show_default=False)],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")] = Path(
        "comparison"
    ),
    bundle: Annotated[
        str | None,
        typer.Option(
            "--bundle", "-b", help="Folder or name of a bundle; the shipped one if not given."
        ),
    ] = None,
    mm_per_px: Annotated[
        str | None,
        typer.Option(
            "--mm-per-px",
            metavar="MM|ROWxCOL",
            help="Size of a pixel of both images in mm, in place of what the files say.",
        ),
    ] = None,
    later_mm_per_px: Annotated[
        str | None,
        typer.Option(
            "--later-mm-per-px",
            metavar="MM|ROWxCOL",
            help="The same of the later one, if it differs.",
        ),
    ] = None,
    frame: Annotated[
        int | None, typer.Option("--frame", help="Frame of an earlier file with several.", min=1)
    ] = None,
    later_frame: Annotated[
        int | None,
        typer.Option("--later-frame", help="Frame of a later file with several.", min=1),
    ] = None,
    view: Annotated[
        int | None,
        typer.Option("--view", help="View of an earlier frame with several, from the left.", min=1),
    ] = None,
    later_view: Annotated[
        int | None, typer.Option("--later-view", help="The same of the later one.", min=1)
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the comparison of an earlier run.")
    ] = False,
    json_output: JsonOutput = False,
    quiet: Quiet = False,
) -> None:
    """Say how the lesions of two visits changed: longest diameter and area. Research use only.

    Outlines and measures both images, matches the lesions and gives each change with its
    measurement error. Writes comparison.png (both images with outlines and diameters),
    comparison.txt, comparison.json and run.json. Without a scale all sizes are in px, which
    compare only where both images have the same scale. An image that is refused gives exit code 4.

    Examples:
      sonolesion compare january.png june.png

      sonolesion compare january.png june.png --mm-per-px 0.07 -o followup

      sonolesion compare january.png june.png --mm-per-px 0.07 --later-mm-per-px 0.09 --json

      sonolesion compare january.dcm june.dcm --frame 3 --later-frame 12
    """
    arguments = {
        "earlier": earlier, "later": later, "out": out, "bundle": bundle, "mm_per_px": mm_per_px,
        "later_mm_per_px": later_mm_per_px, "frame": frame, "later_frame": later_frame,
        "view": view, "later_view": later_view, "overwrite": overwrite,
    }  # fmt: skip
    with running(
        "compare", arguments=arguments, out=out, json_output=json_output, quiet=quiet
    ) as run:
        from sonolesion.errors import OutputExistsError
        from sonolesion.imaging.spacing import parse_spacing
        from sonolesion.inference import load_predictor
        from sonolesion.writers.comparison_files import (
            FILE_NAMES,
            compare_predictions,
            comparison_to_json,
            describe_change,
            write_comparison,
        )

        if not overwrite and any((out / name).exists() for name in FILE_NAMES):
            raise OutputExistsError(
                f"{out}: holds a comparison. Choose another folder with -o, or give --overwrite."
            )
        sizes = [
            None if text is None else parse_spacing(text)
            for text in (mm_per_px, later_mm_per_px or mm_per_px)
        ]
        predictor = load_predictor(bundle)
        for path in (earlier, later):
            run.add_input(path)
        parts = _name_part(frame, view), _name_part(later_frame, later_view)
        comparison = compare_predictions(
            _predict(predictor, earlier, spacing_mm=sizes[0], part=parts[0]),
            _predict(predictor, later, spacing_mm=sizes[1], part=parts[1]),
        )
        write_comparison(out, comparison)
        run.result({"out": out} | comparison_to_json(comparison))
        run.print(*describe_change(comparison.change), "", f"Results: {out}")


def _name_part(frame: int | None, view: int | None) -> ImagePart:
    from sonolesion.imaging.parts import ImagePart

    return ImagePart(frame, view, "" if frame is None else f"_frame{frame}")


def _predict(
    predictor: Predictor, path: Path, *, spacing_mm: tuple[float, float] | None, part: ImagePart
) -> PredictedVisit:
    """Read and predict one image; a scale given by hand goes before the file's own."""
    from sonolesion.imaging.read import read_image
    from sonolesion.inference.input_bytes import read_input
    from sonolesion.inference.inputs import printable_path
    from sonolesion.writers.case_title import neutral_title
    from sonolesion.writers.comparison_files import PredictedVisit

    name = printable_path(path) + (f" [{part.label}]" if part.label else "")
    content = read_input(path, name=name)
    image = read_image(
        content.data, name=name, frame=part.frame, view=part.view, spacing_mm=spacing_mm
    )
    prediction = predictor.predict(image, name=name)
    return PredictedVisit(image, prediction, neutral_title(content, part))
