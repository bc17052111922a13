"""A few worker processes, each served by a thread; one that dies or takes too long is replaced."""

from __future__ import annotations

import itertools
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import sonolesion
from sonolesion.bundle import Precision
from sonolesion.errors import BusyError, ImageCrashError, ImageTimeError, SonolesionError
from sonolesion.server.frames import Frame, read_frame, write_frame
from sonolesion.server.task_frames import result_from_frame, task_to_frame
from sonolesion.server.tasks import TIME_FACTORS, Task, TaskResult

START_TIMEOUT_S = 120.0
_RESTART_PAUSE_S = 1.0
_PIPE_BYTES = 2**20
"""An image goes to a worker in one piece; 64 KiB, which Linux gives, would be many."""
_INTERACTIVE, _BACKGROUND, _LAST = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """How the workers are run.

    Attributes:
        bundle: folder or shipped name of the model that each loads at once.
        workers: processes.
        threads: of one network run.
        precision: the form of it that they load at once.
        time_limit_s: for one task; then the worker is killed.
        memory_mb: what a task may map beyond the loaded model.
        queue_cap: tasks of requests that may wait; then `BusyError`.
    """

    bundle: str
    workers: int
    threads: int
    precision: Precision = Precision.FP32
    time_limit_s: float = 30.0
    memory_mb: int = 2048
    queue_cap: int = 64


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """How the pool is doing.

    Attributes:
        alive: workers that are ready or at work.
        busy: workers at work.
        waiting: tasks that wait.
        crashes: workers that died over a task, since the start.
        timeouts: workers that were killed over a task, since the start.
    """

    alive: int
    busy: int
    waiting: int
    crashes: int
    timeouts: int


class WorkerPool:
    """Worker processes behind one queue; requests go before background work.

    Args:
        settings: how they are run.
    """

    def __init__(self, settings: PoolSettings) -> None:
        self.settings = settings
        self._queue: queue.PriorityQueue[tuple[int, int, _Waiting | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._closing = False
        self._waiting = self._alive = self._busy = self._crashes = self._timeouts = 0
        self._start_error: SonolesionError | None = None
        self._threads = [
            threading.Thread(target=self._serve, name=f"worker-{n}", daemon=True)
            for n in range(settings.workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Task, *, background: bool = False) -> Future[TaskResult]:
        """Let a worker do a task; the future raises what the task raises.

        Args:
            task: the work.
            background: after all requests, and whatever waits.

        Raises:
            BusyError: as many tasks wait as may.
        """
        with self._lock:
            if self._closing:
                raise BusyError("the server is about to end. Try again in a little while.")
            if not background and self._waiting >= self.settings.queue_cap:
                raise BusyError(f"{self._waiting} images wait already. Try again in a few seconds.")
            self._waiting += 1
        future: Future[TaskResult] = Future()
        rank = _BACKGROUND if background else _INTERACTIVE
        self._queue.put((rank, next(self._order), _Waiting(task, future)))
        return future

    def is_full(self) -> bool:
        """Whether another request would be refused."""
        with self._lock:
            return self._closing or self._waiting >= self.settings.queue_cap

    def figures(self) -> PoolFigures:
        """Return how it is doing at this moment."""
        with self._lock:
            return PoolFigures(
                self._alive, self._busy, self._waiting, self._crashes, self._timeouts
            )

    def wait_until_ready(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Wait until one worker has its model.

        Raises:
            SonolesionError: the model cannot be loaded.
            BusyError: none was ready in that time.
        """
        self._ready.wait(timeout_s)
        if self._start_error is not None:
            raise self._start_error
        if not self._ready.is_set():
            raise BusyError("no worker was ready in time. See the server's log.")

    def close(self, timeout_s: float = 10.0) -> None:
        """Let tasks at work end, cancel those that wait, and end the workers."""
        with self._lock:
            self._closing = True
        for _ in self._threads:
            self._queue.put((-1, next(self._order), None))
        end = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        while True:
            try:
                _, _, waiting = self._queue.get_nowait()
            except queue.Empty:
                return
            if waiting is not None:
                waiting.future.cancel()

    def _serve(self) -> None:
        process: _Process | None = None
        while True:
            if process is None and not self._closing:
                process = self._start()
            if self._closing:
                break
            if process is None:
                time.sleep(_RESTART_PAUSE_S)
                continue
            _, _, waiting = self._queue.get()
            if waiting is None:
                break
            with self._lock:
                self._waiting -= 1
            if not waiting.future.set_running_or_notify_cancel():
                continue
            if not process.is_alive():  # e.g. killed by the system while it was idle
                with self._lock:
                    self._alive -= 1
                process.kill()
                process = self._start() or self._start()
                if process is None:
                    waiting.future.set_exception(BusyError("no worker can be started."))
                    continue
            with self._lock:
                self._busy += 1
            try:
                process = self._do(process, waiting)
            finally:
                with self._lock:
                    self._busy -= 1
        if process is not None:
            process.end()

    def _do(self, process: _Process, waiting: _Waiting) -> _Process | None:
        """Do one task; return the process, or None where it has to be replaced."""
        limit_s = self.settings.time_limit_s * TIME_FACTORS.get(waiting.task.kind, 1.0)
        outcome = process.ask(task_to_frame(waiting.task), limit_s)
        if isinstance(outcome, Frame):
            try:
                result = result_from_frame(outcome)
            except SonolesionError as error:
                waiting.future.set_exception(error)
            else:
                waiting.future.set_result(result)
            return process
        with self._lock:
            self._alive -= 1
            self._timeouts += isinstance(outcome, ImageTimeError)
            self._crashes += isinstance(outcome, ImageCrashError)
        process.kill()
        waiting.future.set_exception(outcome)
        return None

    def _start(self) -> _Process | None:
        process = _Process(self.settings)
        first = process.first_word(START_TIMEOUT_S)
        if first is None:
            process.kill()
            return None
        try:
            result_from_frame(Frame({"result": {}, **first.values}))
        except SonolesionError as error:
            self._start_error = error
            self._ready.set()
            process.kill()
            return None
        with self._lock:
            self._alive += 1
        self._ready.set()
        return process


@dataclass(frozen=True, slots=True)
class _Waiting:
    task: Task
    future: Future[TaskResult]


class _Process:
    """One worker process and its pipes."""

    def __init__(self, settings: PoolSettings) -> None:
        words = [
            sys.executable, "-P", "-m", "sonolesion.server.worker",
            "--bundle", settings.bundle,
            "--precision", settings.precision.value,
            "--threads", str(settings.threads),
            "--memory-mb", str(settings.memory_mb),
        ]  # fmt: skip
        package_home = str(Path(sonolesion.__file__).parents[1])
        paths = [package_home, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        self._to = cast(BinaryIO, self._process.stdin)
        self._from = cast(BinaryIO, self._process.stdout)
        _widen(self._to)

    def ask(self, frame: Frame, time_limit_s: float) -> Frame | SonolesionError:
        """Send a task and wait; an error where the process died or was killed over it."""

        def exchange() -> Frame:
            write_frame(self._to, frame)
            return read_frame(self._from)

        return self._limited(exchange, time_limit_s)

    def first_word(self, time_limit_s: float) -> Frame | None:
        """Return what the process says after loading its model; None where it says nothing."""
        answer = self._limited(lambda: read_frame(self._from), time_limit_s)
        return answer if isinstance(answer, Frame) else None

    def _limited(self, step: Callable[[], Frame], time_limit_s: float) -> Frame | SonolesionError:
        too_late = threading.Event()

        def kill() -> None:
            too_late.set()
            self._process.kill()

        timer = threading.Timer(time_limit_s, kill)
        timer.daemon = True
        timer.start()
        try:
            return step()
        except (EOFError, OSError, SonolesionError):
            if too_late.is_set():
                return ImageTimeError(
                    f"reading this image took longer than {time_limit_s:g} s and was stopped."
                )
            return ImageCrashError(
                "the process that read this image died over it; it was replaced. The image may "
                "be damaged. Other images are not affected."
            )
        finally:
            timer.cancel()

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """Close the pipe, at which the process ends; kill it where it does not."""
        try:
            self._to.close()
            self._process.wait(5.0)
        except (OSError, subprocess.TimeoutExpired):
            self.kill()
        self._from.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._to, self._from):
            try:
                pipe.close()
            except OSError:
                continue


def _widen(pipe: BinaryIO) -> None:
    """Give a pipe room for an image, where the system can."""
    try:
        import fcntl

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):
        return  # Windows, macOS; or the user's limit on pipes is reached
