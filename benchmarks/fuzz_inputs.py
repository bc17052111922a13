"""Damaged PNG, JPEG, TIFF, BMP and DICOM files: each ends in a result or in a typed refusal.

    python benchmarks/fuzz_inputs.py [--count 20000] [--seed 1] [--first 0] [--json FILE]

File NUMBER of seed SEED is always the same (`tests/support/mutations.py`): bit flips, changed
header bytes, truncation, lying lengths and sizes, pieces cut out or doubled, halves of two kinds.
Each is predicted by the shipped bundle as bytes, frame 1, in a process of its own that is killed
after 5 s without an answer, so that a crash of a native decoder or a hang is counted with its
number and the run goes on. Needs the extra [dicom]. The whole files are small on purpose: memory
can then only grow by what a file says of itself.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "fuzz_inputs.json"
LIMIT_S = 5.0
START_S = 60.0
SLOWEST = 5

sys.path.insert(0, str(ROOT / "tests" / "support"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file: what was done to it, how it ended, seconds, and the process' peak memory so far."""

    number: int
    mutation: str
    ending: str
    seconds: float
    peak_mib: float


def work(connection: Connection, seed: int) -> None:
    """Predict each file whose number comes in; send how it ended."""
    from mutations import mutate

    from sonolesion.errors import SonolesionError
    from sonolesion.inference import load_predictor

    # what native decoders print of damaged data is no result
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    predictor = load_predictor(threads=1)
    connection.send(None)
    while True:
        number = connection.recv()
        mutation, data = mutate(seed, number)
        started = time.perf_counter()
        try:
            predictor.predict(data, frame=1)
            ending = "result"
        except SonolesionError as error:
            ending = f"{type(error).__name__}"
        except BaseException as error:  # noqa: BLE001 - this is what is looked for
            ending = f"UNTYPED {type(error).__name__}"
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        connection.send(Outcome(number, mutation, ending, seconds, peak))


class Worker:
    """A process that can be killed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._start()

    def run(self, number: int) -> Outcome:
        """Return the outcome; a process that dies or hangs is one, too, and is replaced."""
        from mutations import mutate

        self._connection.send(number)
        started = time.perf_counter()
        try:
            if self._connection.poll(LIMIT_S):
                return self._connection.recv()
            ending = "HANG"
        except EOFError:
            ending = "CRASH"
        self.stop()
        self._start()
        seconds = time.perf_counter() - started
        return Outcome(number, mutate(self._seed, number)[0], ending, seconds, 0.0)

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, self._seed), daemon=True)
        self._process.start()
        theirs.close()
        if not self._connection.poll(START_S):
            raise RuntimeError("the worker did not start")
        self._connection.recv()


def summarise(outcomes: list[Outcome], *, seed: int, first: int) -> dict[str, Any]:
    """Counts by ending and by kind of file, what went wrong with its numbers, the slowest."""
    endings = Counter(o.ending for o in outcomes)
    kinds: dict[str, Counter[str]] = {}
    for o in outcomes:
        kinds.setdefault(o.mutation.split("/")[0], Counter())[o.ending] += 1
    slowest = sorted(outcomes, key=lambda o: -o.seconds)[:SLOWEST]
    wrong = [o for o in outcomes if o.ending.isupper() or o.ending.startswith("UNTYPED")]
    return {
        "command": f"python benchmarks/fuzz_inputs.py --count {len(outcomes)} --seed {seed} "
        f"--first {first}",
        "seed": seed,
        "first": first,
        "files": len(outcomes),
        "results": endings["result"],
        "typed_refusals": sum(
            n for e, n in endings.items() if e.endswith("Error") and " " not in e
        ),
        "crashes_hangs_untyped": len(wrong),
        "endings": dict(sorted(endings.items())),
        "by_kind": {kind: dict(sorted(c.items())) for kind, c in sorted(kinds.items())},
        "wrong": [{"number": o.number, "mutation": o.mutation, "ending": o.ending} for o in wrong],
        "slowest": [
            {"number": o.number, "mutation": o.mutation, "seconds": round(o.seconds, 3)}
            for o in slowest
        ],
        "peak_rss_mib": round(max(o.peak_mib for o in outcomes)),
        "python": platform.python_version(),
    }


def main() -> None:
    """Run, print and write the summary; exit code 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--json", type=Path, default=RESULT)
    args = parser.parse_args()
    worker = Worker(args.seed)
    outcomes = []
    for number in range(args.first, args.first + args.count):
        outcomes.append(worker.run(number))
        if outcomes[-1].ending.isupper():
            print(outcomes[-1], flush=True)
        if len(outcomes) % 1000 == 0:
            print(f"{len(outcomes)} of {args.count}", flush=True)
    worker.stop()
    summary = summarise(outcomes, seed=args.seed, first=args.first)
    args.json.write_text(json.dumps(summary, indent=2) + "\n", "utf-8")
    print(json.dumps({k: v for k, v in summary.items() if k != "by_kind"}, indent=2))
    sys.exit(1 if summary["crashes_hangs_untyped"] else 0)


if __name__ == "__main__":
    main()
