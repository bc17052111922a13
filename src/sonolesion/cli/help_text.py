"""From a command's docstring to its help: paragraphs flow, each example keeps its line."""

from __future__ import annotations

import inspect
import re

_HEADING = "Examples:"
_PROGRAMS = ("sonolesion", "python")


def flow(docstring: str) -> str:
    r"""Join the lines of each paragraph, so that the terminal's width decides where they break.

    After "Examples:" a line that names a program begins an example; another line goes on with
    the one above. An empty docstring gives an empty help.

    >>> flow("Do it\n    well.\n\n    Examples:\n      sonolesion do\n        --it")
    'Do it well.\n\nExamples:\n\n  sonolesion do --it'
    """
    prose, heading, below = inspect.cleandoc(docstring).partition(f"\n{_HEADING}\n")
    parts = [" ".join(part.split()) for part in re.split(r"\n\s*\n", prose.strip())]
    examples: list[str] = []
    for line in filter(None, map(str.strip, below.splitlines())):
        if line.startswith(_PROGRAMS) or not examples:
            examples.append(f"  {line}")
        else:
            examples[-1] += f" {line}"
    return "\n\n".join([*parts, *([_HEADING] if heading else []), *examples])
