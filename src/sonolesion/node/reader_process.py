"""The reader as seen from the node: a process that is started, asked, ended and started again."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from sonolesion.errors import (
    ImageCrashError,
    ImageTimeError,
    OutputWriteError,
    ProcessStartError,
)
from sonolesion.node.reading import Reading
from sonolesion.node.refusal import Reason, Refusal
from sonolesion.node.settings import ReadSettings

_END_S = 10.0
_END = ""


class ReaderProcess:
    """A process that reads one object after the other. For one thread.

    Args:
        settings: bundle, frames, limits.
        command: what to start; None for `reader_main` with these settings.
    """

    def __init__(self, settings: ReadSettings, *, command: Sequence[str] | None = None) -> None:
        self._settings = settings
        self._command = _command_of(settings) if command is None else list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[str] = queue.Queue()

    def read(self, path: Path, out: Path, *, name: str) -> Reading:
        """Read an object; see `reading.read_into`.

        Raises:
            ImageCrashError: the process ended over it.
            ImageTimeError: it took longer than the settings allow.
            OutputWriteError: results cannot be written, or a package is missing.
            ProcessStartError: the process cannot be started, whatever the object is.
        """
        process = self._start()
        task = {"object": str(path), "out": str(out), "name": name}
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(task).encode("utf-8") + b"\n")
            process.stdin.flush()
            line = self._answers.get(timeout=self._settings.timeout_s)
        except OSError:
            line = _END
        except queue.Empty:
            self.close(at_once=True)
            raise ImageTimeError(
                f"{name}: reading took longer than {self._settings.timeout_s:g} s."
            ) from None
        if line == _END:
            self.close(at_once=True)
            raise ImageCrashError(f"{name}: the reader ended over it.")
        return _parse(json.loads(line), out)

    def close(self, *, at_once: bool = False) -> None:
        """End the process; with `at_once` whatever it is doing. A later `read` starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        if at_once:
            process.kill()
        with contextlib.suppress(OSError):
            assert process.stdin is not None
            process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close(at_once=True)
        # a library may quote an object on stderr
        debug = os.environ.get("SONOLESION_DEBUG") == "1"
        # a group of its own: Ctrl-C on the terminal lets it finish what it has
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if debug else subprocess.DEVNULL,
            start_new_session=True,
        )
        answers: queue.Queue[str] = queue.Queue()
        assert process.stdout is not None
        threading.Thread(
            target=_pass_on, args=(process.stdout, answers), daemon=True, name="reader answers"
        ).start()
        self._process, self._answers = process, answers
        self._wait_until_ready()
        return process

    def _wait_until_ready(self) -> None:
        try:
            line = self._answers.get(timeout=self._settings.timeout_s)
        except queue.Empty:
            line = _END
        if line == _END:
            self.close(at_once=True)
            raise ProcessStartError(
                "the process that reads cannot be started. SONOLESION_DEBUG=1 in the environment "
                "of `sonolesion listen` shows what it says."
            )


def _command_of(settings: ReadSettings) -> list[str]:
    return [
        sys.executable, "-P", "-m", "sonolesion.node.reader_main", settings.bundle,
        str(settings.threads), str(settings.clip_frames), str(settings.max_colour_share),
        str(settings.max_memory_mb),
    ]  # fmt: skip


def _pass_on(stream: IO[bytes], answers: queue.Queue[str]) -> None:
    with stream:
        for line in stream:
            answers.put(line.decode("utf-8"))
    answers.put(_END)


def _parse(answer: dict[str, object], out: Path) -> Reading:
    if "trouble" in answer:
        raise OutputWriteError(str(answer["trouble"]))
    refusal, files, sources = answer["refusal"], answer["files"], answer["sources"]
    assert isinstance(files, list)
    assert isinstance(sources, list)
    found = None
    if isinstance(refusal, list):
        reason, message, code = refusal
        found = Refusal(Reason(reason), message, code)
    return Reading(tuple(out / name for name in files), found, tuple(sources))
