"""The `sonolesion` command: options of its own, and the commands by name.

Importing this module is light: no numpy, torch, OpenCV, ONNX Runtime, matplotlib or pydantic, so
that `sonolesion --help` answers at once. Each command imports what it needs when it runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

from sonolesion import __version__
from sonolesion.cli.audit import audit_command
from sonolesion.cli.compare import compare_command
from sonolesion.cli.crossval import crossval_command
from sonolesion.cli.demo import demo_command
from sonolesion.cli.erase import erase_command
from sonolesion.cli.evaluate import evaluate_command
from sonolesion.cli.export import export_command
from sonolesion.cli.help_text import flow
from sonolesion.cli.info import info_command
from sonolesion.cli.phantom import phantom_command
from sonolesion.cli.predict import predict_command
from sonolesion.cli.prepare import prepare_command
from sonolesion.cli.serve import serve_command
from sonolesion.cli.train import train_command
from sonolesion.cli.verify import verify_command

EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some inputs failed (listed), "
    "4 an image was refused, 130 interrupted. "
    "Results go to stdout (--json for machines), progress to stderr. "
    "NO_COLOR switches colour off, SONOLESION_DEBUG=1 shows tracebacks."
)

app = typer.Typer(
    name="sonolesion",
    help=(
        "Find, outline and classify lesions in breast-ultrasound images. "
        "Research use only, not a medical device."
    ),
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DATA, MODEL, DESK, TRY = "Data", "Model", "Reading desk", "Try it"
COMMANDS = (
    ("audit", audit_command, DATA),
    ("prepare", prepare_command, DATA),
    ("erase", erase_command, DATA),
    ("verify", verify_command, DATA),
    ("phantom", phantom_command, DATA),
    ("train", train_command, MODEL),
    ("crossval", crossval_command, MODEL),
    ("export", export_command, MODEL),
    ("evaluate", evaluate_command, MODEL),
    ("predict", predict_command, MODEL),
    ("compare", compare_command, MODEL),
    ("serve", serve_command, DESK),
    ("info", info_command, TRY),
    ("demo", demo_command, TRY),
)
for _name, _function, _panel in COMMANDS:
    app.command(_name, help=flow(_function.__doc__ or ""), rich_help_panel=_panel)(_function)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"sonolesion {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main() -> None:
    """Run the command line; the entry point of the installed `sonolesion`."""
    app()
