"""Where a command writes: results to stdout, progress and remarks to stderr."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

_CONTROL = dict.fromkeys((7, 8, 11, 12, 13))  # what moves the cursor or rings


def tolerate_odd_names() -> None:
    """Let stdout and stderr show a file name that their encoding cannot hold, escaped."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def open_console(stream: TextIO) -> Console:
    """Return a rich console on `stream`; markup is off, for file names hold brackets.

    Colour is off where `NO_COLOR` is set or the stream is not a terminal.
    """
    from rich.console import Console

    return Console(file=stream, markup=False, highlight=False, emoji=False)


def print_human(item: object) -> None:
    """Print text (never wrapped, so that a path stays whole) or a rich table on stdout."""
    if isinstance(item, str):
        # rich would print the same, but has to be imported for it
        print(item.translate(_CONTROL))
    else:
        open_console(sys.stdout).print(item)


class ProgressBar:
    """A progress bar on stderr; it shows nothing on a pipe or where it is switched off."""

    def __init__(self, description: str, *, total: int | None, enabled: bool) -> None:
        """Start the bar; `total` None means that the amount of work is not known."""
        self._progress: Progress | None = None
        if not (enabled and sys.stderr.isatty()):
            return  # rich is not imported for what nobody sees
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            Remaining(),
            console=open_console(sys.stderr),
            transient=True,
        )
        self._task = self._progress.add_task(description, total=total)
        self._progress.start()

    def advance(self, steps: int = 1) -> None:
        """Count `steps` more units as done."""
        if self._progress is not None:
            self._progress.advance(self._task, steps)

    def update(
        self,
        *,
        completed: int | None = None,
        total: int | None = None,
        description: str | None = None,
    ) -> None:
        """Set the units done, the units in all, the text, or several of them."""
        if self._progress is not None:
            self._progress.update(
                self._task, completed=completed, total=total, description=description
            )

    def close(self) -> None:
        """Take the bar away; a second call does nothing."""
        if self._progress is not None:
            self._progress.stop()

    def __enter__(self) -> Self:
        """Return the bar itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the bar."""
        self.close()
