"""The frame of every command: time, errors, progress, results and the run's record.

::

    with running("audit", arguments={"dataset": dataset}, out=out, json_output=json_output) as run:
        run.add_input(dataset)
        with run.progress("Reading images", total=780) as bar: ...
        run.result({...})      # stdout, with --json
        run.print("...")       # stdout, otherwise

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 some inputs failed (listed), 4 an image was
refused, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from sonolesion.cli.console import ProgressBar, print_human, tolerate_odd_names
from sonolesion.errors import SonolesionError
from sonolesion.files import atomic_write_json, sha256_file, sha256_text

EXIT_FAILED = 1
EXIT_PARTLY = 3
EXIT_INTERRUPTED = 130
RECORD_NAME = "run.json"


class Run:
    """One command while it works. `out` is the folder of the record; None for no record."""

    def __init__(
        self,
        command: str,
        *,
        arguments: Mapping[str, object],
        out: Path | None,
        json_output: bool,
        quiet: bool,
    ) -> None:
        """Note the start time; use `running`, which also ends the run."""
        self.command = command
        self.arguments = dict(arguments)
        self.out = out
        self.json_output = json_output
        self.quiet = quiet
        self.device = "cpu"
        self.exit_code = 0
        self._inputs: list[dict[str, object]] = []
        self._failures: list[str] = []
        self._bars: list[ProgressBar] = []
        self._started = datetime.now(UTC)
        self._clock = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Wall time since the command began, in seconds."""
        return time.perf_counter() - self._clock

    def add_input(self, path: Path) -> None:
        """Record a file's SHA-256, or for a folder the SHA-256 of its names and contents.

        A missing or unreadable input is recorded without a hash; the command itself complains.
        """
        self._inputs.append({"path": str(path)} | _input_hash(path))

    def add_hashed_input(self, path: Path, *, sha256: str, files: int) -> None:
        """Record an input whose contents were hashed while they were read."""
        self._inputs.append({"path": str(path), "sha256": sha256, "files": files})

    def set_device(self, device: str) -> None:
        """Record what computed the result, e.g. "cuda:0 bf16"; "cpu" when never called."""
        self.device = device

    def progress(self, description: str, total: int | None = None) -> ProgressBar:
        """Start a progress bar on stderr; it ends with its `with` block or with the run."""
        bar = ProgressBar(description, total=total, enabled=not self.quiet)
        self._bars.append(bar)
        return bar

    def result(self, value: Mapping[str, Any]) -> None:
        """Print `value` as JSON on stdout if `--json` was given; nothing otherwise.

        Raises:
            ValueError: `value` holds nan or infinity; say None instead.
        """
        if self.json_output:
            print(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False))

    def print(self, *items: object) -> None:
        """Print texts or rich tables for people on stdout; nothing with `--json` or `--quiet`."""
        if not (self.json_output or self.quiet):
            for item in items:
                print_human(item)

    def note(self, text: str) -> None:
        """Print a remark on stderr; nothing with `--quiet`."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def fail_partly(self, errors: Iterable[SonolesionError | str]) -> None:
        """List inputs that failed on stderr; the command then ends with exit code 3.

        An empty list changes nothing.
        """
        for error in errors:
            self._failures.append(str(error))
            print(f"{self.command}: {_one_line(str(error))}", file=sys.stderr)
            self.exit_code = EXIT_PARTLY

    def close(self) -> None:
        """Take away progress bars that are still there."""
        for bar in self._bars:
            bar.close()

    def write_record(self) -> None:
        """Write OUT/run.json; nothing without an output folder.

        Raises:
            OutputWriteError: the record cannot be written.
        """
        if self.out is None:
            return
        from sonolesion.cli.versions import machine, part_versions
        from sonolesion.types import RESEARCH_USE_ONLY

        record = {
            "command": self.command,
            "arguments": self.arguments,
            "exit_code": self.exit_code,
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "versions": part_versions(),
            "device": self.device,
            "machine": machine(),
            "inputs": self._inputs,
            "failed": self._failures,
            "research_use_only": RESEARCH_USE_ONLY,
        }
        atomic_write_json(self.out / RECORD_NAME, plain(record))


@contextlib.contextmanager
def running(
    command: str,
    *,
    arguments: Mapping[str, object],
    out: Path | None = None,
    json_output: bool = False,
    quiet: bool = False,
) -> Iterator[Run]:
    """Run the body of a command; turn its errors into one line on stderr and an exit code.

    OUT/run.json is written when the body came to its end (exit code 0 or 3); a run that failed
    leaves an older record as it was. `SONOLESION_DEBUG=1` shows the traceback of an error.

    Args:
        command: name of the command, e.g. "audit".
        arguments: what the user asked for, recorded as it is.
        out: folder of the record; None for a command that writes nothing.
        json_output: `--json` was given.
        quiet: `--quiet` was given.

    Raises:
        typer.Exit: the run did not end with exit code 0.
    """
    gc.enable()  # see `cli.app.main`
    tolerate_odd_names()
    run = Run(command, arguments=arguments, out=out, json_output=json_output, quiet=quiet)
    try:
        yield run
        run.write_record()
    except SonolesionError as error:
        run.close()
        _report(run, error.code, error.message)
        _reraise_in_debug(error)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        run.close()
        print(f"{command}: interrupted.", file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except MemoryError as error:
        run.close()
        _report(run, "E-GEN-002", "not enough memory: use fewer workers or smaller batches.")
        _reraise_in_debug(error)
        raise typer.Exit(EXIT_FAILED) from None
    finally:
        run.close()
    if run.exit_code:
        raise typer.Exit(run.exit_code)


def plain(value: Any) -> Any:
    """Return `value` with paths as text, enums as their values, and sets and tuples as lists."""
    if isinstance(value, Mapping):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(plain(v) for v in value)
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def _report(run: Run, code: str, message: str) -> None:
    print(f"{run.command}: {code} {_one_line(message)}", file=sys.stderr)
    run.result({"error": {"code": code, "message": message}})


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _reraise_in_debug(error: BaseException) -> None:
    if os.environ.get("SONOLESION_DEBUG") == "1":
        raise error


def _input_hash(path: Path) -> dict[str, object]:
    try:
        if not path.is_dir():
            return {"sha256": sha256_file(path)}
        files = sorted(p for p in path.rglob("*") if p.is_file())
        lines = (f"{p.relative_to(path).as_posix()}\t{sha256_file(p)}\n" for p in files)
        digest = sha256_text("".join(lines).encode("utf-8", "surrogateescape").hex())
        return {"sha256": digest, "files": len(files)}
    except OSError:
        return {"sha256": None}
