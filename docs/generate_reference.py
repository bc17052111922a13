"""Write what can be written from the code itself: `make docs`.

docs/reference/cli.md comes from the commands, docs/reference/predictions.schema.json and
parquet-columns.md from the types. `python docs/generate_reference.py --check` writes nothing and
fails when one is out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from typer.main import get_command

from sonolesion.cli.app import EPILOG, app
from sonolesion.writers.prediction_columns import COLUMNS
from sonolesion.writers.prediction_schema import describe_row

REFERENCE = Path(__file__).parent / "reference"


def describe_cli() -> str:
    """Return the page: each command with its help, arguments and options."""
    group: Any = get_command(app)
    parts = ["# Command line", "Made by `make docs`; do not edit.", str(group.help), EPILOG]
    for name, command in group.commands.items():
        parts += [f"## sonolesion {name}", *describe_help(command.help or "")]
        rows = [describe_parameter(p) for p in command.params if not getattr(p, "hidden", False)]
        parts.append("\n".join(["| | | default |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"


def describe_help(text: str) -> list[str]:
    """Turn a command's help into paragraphs and one block of examples."""
    prose, _, examples = text.replace("\\[", "[").partition("\n\nExamples:\n\n")
    block = "\n".join(line.strip() for line in examples.splitlines() if line.strip())
    return [prose, f"```\n{block}\n```"]


def describe_parameter(parameter: Any) -> str:
    """Return one row of the table of arguments and options."""
    is_option = parameter.param_type_name == "option"
    names = [*parameter.opts, *parameter.secondary_opts] if is_option else [parameter.name.upper()]
    default = "" if parameter.default is None or callable(parameter.default) else parameter.default
    if parameter.required:
        default = "required"
    elif isinstance(default, bool):
        default = "yes" if default else "no"
    default = getattr(default, "value", default)
    label = ", ".join(f"`{name}`" for name in names)
    return f"| {label} | {parameter.help or ''} | {default} |"


def describe_columns() -> str:
    """Return the page of the columns of predictions.parquet."""
    rows = [
        f"| `{c.name}` | {c.kind.value} | {'yes' if c.is_nullable else 'no'} |" for c in COLUMNS
    ]
    return "\n".join(
        [
            "# Columns of predictions.parquet",
            "",
            "Made by `make docs`; do not edit. Types are Arrow's. What a column means: "
            "[predictions](predictions.md). A text is never null; it is empty where there is none.",
            "",
            "| column | type | may be null |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def main(arguments: list[str]) -> int:
    """Write the files, or with --check compare them; return the exit code."""
    files = {
        REFERENCE / "cli.md": describe_cli(),
        REFERENCE / "parquet-columns.md": describe_columns(),
        REFERENCE / "predictions.schema.json": json.dumps(describe_row(), indent=2) + "\n",
    }
    if "--check" in arguments:
        stale = [p.name for p, text in files.items() if _read(p) != text]
        if stale:
            print(f"{', '.join(stale)}: out of date, make docs", file=sys.stderr)
        return 1 if stale else 0
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    return 0


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
