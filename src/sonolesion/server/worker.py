"""A worker process: reads tasks from its standard input, writes answers, dies without harm.

Started by `sonolesion.server.worker_pool` as ``python -m sonolesion.server.worker``. Its memory is
limited once the model is loaded; it writes no core dump; it ends when the server does.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from sonolesion.bundle import Precision
from sonolesion.errors import ImageError, ImageFaultError, SonolesionError
from sonolesion.server.frames import Frame, read_frame, write_frame
from sonolesion.server.image_answers import ImageAnswers
from sonolesion.server.task_frames import error_to_frame, result_to_frame, task_from_frame

READY = "ready"


def main() -> None:
    """Serve tasks until the server closes the pipe."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", required=True)
    parser.add_argument("--precision", type=Precision, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--memory-mb", type=int, required=True)
    chosen = parser.parse_args()
    pipe_in, pipe_out = _take_pipes()
    # Ctrl-C in a terminal goes to the whole group; the server decides when a worker ends
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        answers = ImageAnswers(chosen.bundle, threads=chosen.threads, precision=chosen.precision)
    except SonolesionError as error:
        write_frame(pipe_out, error_to_frame(error))
        return
    limit_memory(chosen.memory_mb)
    write_frame(pipe_out, Frame({READY: True}))
    while True:
        try:
            frame = read_frame(pipe_in)
        except EOFError:
            return
        write_frame(pipe_out, answer(answers, frame))


def answer(answers: ImageAnswers, frame: Frame) -> Frame:
    """Do one task; what goes wrong over it is an answer, too, without text of the image."""
    try:
        return result_to_frame(answers.run(task_from_frame(frame)))
    except SonolesionError as error:
        return error_to_frame(error)
    except MemoryError:
        return error_to_frame(
            ImageError("the image needs more memory than one may use. Give the scan area only.")
        )
    except _code_faults() as error:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = "" if place is None else f" in {Path(place.tb_frame.f_code.co_filename).name}"
        return error_to_frame(
            ImageFaultError(
                f"{type(error).__name__}{where} over this image. Please report it; other images "
                "are not affected."
            )
        )


def limit_memory(extra_mb: int) -> None:
    """Let this process map at most `extra_mb` more than now, and write no core dump.

    Nothing is limited where the system has no such limits (Windows, macOS).
    """
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    now = _mapped_bytes()
    if now is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = now + extra_mb * 2**20
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def _mapped_bytes() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Take the pipes for messages; whatever prints goes to the standard error from now on."""
    pipe_in = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    pipe_out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    return pipe_in, pipe_out


def _code_faults() -> tuple[type[Exception], ...]:
    """Exceptions by which code, ours or a library's, shows that it did not foresee an image."""
    import cv2

    return (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError,
            TypeError, ValueError, cv2.error)  # fmt: skip


if __name__ == "__main__":
    main()
