"""The `sonolesion` command: options of its own, and the commands by name.

Importing this module is light: no numpy, torch, OpenCV, ONNX Runtime, matplotlib or pydantic, so
that `sonolesion --help` answers at once. Each command imports what it needs when it runs, and
where the command line names one, the others are not even looked at: describing all of them to
typer takes a third as long as predicting an image.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Collection
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from sonolesion import __version__
from sonolesion.cli.help_text import flow

if TYPE_CHECKING:
    app: typer.Typer

EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some inputs failed (listed), "
    "4 an image was refused, 130 interrupted. "
    "Results go to stdout (--json for machines), progress to stderr. "
    "NO_COLOR switches colour off, SONOLESION_DEBUG=1 shows tracebacks."
)

DATA, MODEL, DESK, TRY = "Data", "Model", "Reading desk", "Try it"
COMMANDS = {
    "audit": DATA,
    "prepare": DATA,
    "erase": DATA,
    "verify": DATA,
    "phantom": DATA,
    "train": MODEL,
    "crossval": MODEL,
    "export": MODEL,
    "evaluate": MODEL,
    "predict": MODEL,
    "compare": MODEL,
    "study": MODEL,
    "serve": DESK,
    "listen": DESK,
    "info": TRY,
    "demo": TRY,
}
"""Commands in the order of the help, and the panel of each. NAME is `cli.NAME.NAME_command`."""


def build_app(names: Collection[str] = tuple(COMMANDS)) -> typer.Typer:
    """Build the command line with some of the commands, by default all."""
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
    for name in names:
        function = getattr(import_module(f"sonolesion.cli.{name}"), f"{name}_command")
        text = flow(function.__doc__ or "")
        app.command(name, help=text, rich_help_panel=COMMANDS[name])(function)
    app.callback()(_options)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"sonolesion {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def __getattr__(name: str) -> typer.Typer:
    """Make `app`, the command line with all commands, when it is first asked for."""
    if name != "app":
        raise AttributeError(f"module 'sonolesion.cli.app' has no attribute {name!r}")
    made = build_app()
    globals()["app"] = made
    return made


def main() -> None:
    """Run the command line; `cli.start` has a shorter way for some."""
    named = [word for word in sys.argv[1:2] if word in COMMANDS]
    made = build_app(named or tuple(COMMANDS))
    gc.enable()  # `cli.start` switches it off: importing makes no garbage
    made()
