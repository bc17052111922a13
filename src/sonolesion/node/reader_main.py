"""The reader's own process: a line of JSON in, a line of JSON out, until its input ends.

It is started by `reader_process` and prints `READY` when it can read. Nothing is caught: what goes
wrong beyond a refusal ends it, and costs the object that it had. What libraries print goes to the
standard error stream.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TextIO

from sonolesion.errors import MissingExtraError, OutputWriteError

READY = "ready"
"""The first line of the output: all that is needed could be imported, the bundle loaded."""

_BYTES_PER_MB = 1_000_000


def main(arguments: list[str]) -> int:
    """Work until the standard input ends.

    Args:
        arguments: bundle, threads, frames of a clip, largest share of colour, memory in MB.
    """
    # the packages that read and write DICOM: what is broken shows here, and costs no object
    import highdicom  # noqa: F401
    import pydicom.pixels  # noqa: F401

    from sonolesion.inference import load_predictor
    from sonolesion.node.reading import read_into

    bundle, threads, clip_frames, max_colour_share, memory_mb = arguments
    answers = _take_stdout()
    predictor = load_predictor(bundle or None, threads=int(threads) or None, precision="fp32")
    _limit_memory(int(memory_mb) * _BYTES_PER_MB)
    print(READY, file=answers, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        try:
            reading = read_into(
                Path(task["object"]),
                Path(task["out"]),
                name=task["name"],
                predictor=predictor,
                clip_frames=int(clip_frames),
                max_colour_share=float(max_colour_share),
            )
        except (MissingExtraError, OutputWriteError) as error:
            answer: dict[str, object] = {"trouble": str(error)}
        else:
            refusal = reading.refusal
            answer = {
                "files": [path.name for path in reading.files],
                "sources": reading.sources,
                "refusal": None
                if refusal is None
                else [refusal.reason.value, refusal.message, refusal.code],
            }
        print(json.dumps(answer), file=answers, flush=True)
    return 0


def _limit_memory(more_bytes: int) -> None:
    """Let the process take so much more memory than it has; where the system can count it (Linux).

    An object that needs more ends the process, not the machine.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + more_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, OSError, ValueError):
        return


def _take_stdout() -> TextIO:
    """Return a stream to the parent; what a library prints goes to stderr from now on."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
