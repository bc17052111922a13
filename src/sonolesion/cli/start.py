"""The entry point of `sonolesion`: the short way for a plain `predict`, typer for all else.

The short way does what typer would do with the same words: whatever ends it but its success is
handed to typer, so that errors and exit codes have one maker.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Callable
from typing import NoReturn


def main() -> None:
    """Run the command line."""
    gc.disable()  # importing makes no garbage; who does more than a short thing switches it on
    act = _find_short_way(sys.argv[1:])
    if act is None:
        from sonolesion.cli.app import main as run_app

        run_app()
        return
    try:
        act()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised again in typer
        _end_by_typer(error)
    _leave()


def _find_short_way(words: list[str]) -> Callable[[], None] | None:
    """What to do for words that are plain; None where typer has to look at them.

    On Windows typer expands patterns, and a shell that completes a word asks in the environment.
    """
    completes = any(name.endswith("_COMPLETE") for name in os.environ)
    if words[:1] != ["predict"] or os.name == "nt" or completes:
        return None
    from sonolesion.cli.plain_words import read_plain_words
    from sonolesion.cli.predict_run import run_predict

    request = read_plain_words(words[1:])
    return None if request is None else lambda: run_predict(request)


def _end_by_typer(error: BaseException) -> NoReturn:
    """Let typer make of an error what it makes of one inside of a command."""
    import typer

    app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)

    @app.command()
    def end() -> None:
        raise error

    app([])
    raise error  # not reached: a command of typer's ends the process


def _leave() -> None:
    """End the process with exit code 0, without taking its libraries apart piece by piece.

    All results are written and all threads have ended. Freeing OpenCV, NumPy and the graph takes
    as long as loading OpenCV; the operating system does it at once. A process that is being
    profiled or traced ends in the ordinary way, for whoever watches it wants the last word.
    """
    if _is_watched():
        return
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return  # the interpreter says what there is to say of a stream that is gone
    os._exit(0)


def _is_watched() -> bool:
    """Whether a profiler, debugger or coverage tool looks on."""
    monitoring = getattr(sys, "monitoring", None)  # from Python 3.12
    tools = [] if monitoring is None else [monitoring.get_tool(i) for i in range(6)]
    return any(tool is not None for tool in (sys.gettrace(), sys.getprofile(), *tools))
