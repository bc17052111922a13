"""Time to measure one lesion on a 600x500 image: this code against an earlier one.

Two processes, one for each source tree, take turns (A B A B ...), so that a noisy machine hits
both; the ratio of each pair is what counts. Time is processor time of the process, all threads
together, which does not count the waiting for a busy core. Shapes: an oval and a lobulated lesion
of about 5 % of the image, and two lesions on one image, with a soft map, in mm. Time for an image
is divided by its lesions.

    git archive 2d78307 src | tar -x -C earlier
    python benchmarks/measure_lesions.py --earlier earlier/src [--pairs 25] [--json FILE]

Without --earlier only this code is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HEIGHT_PX, WIDTH_PX = 500, 600
SPACING_MM = (0.07, 0.07)
ROOT = Path(__file__).resolve().parents[1]
RUNS_PER_TURN = 5


def draw(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mask, soft map and pixels of a shape."""
    row, col = np.mgrid[:HEIGHT_PX, :WIDTH_PX].astype(np.float64)

    def oval(centre: tuple[float, float], a: float, b: float, degrees: float) -> np.ndarray:
        right, up = col - centre[1], centre[0] - row
        c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        return np.hypot((right * c + up * s) / a, (up * c - right * s) / b)

    if name == "oval":
        level = oval((200, 300), 88, 55, 20)
    elif name == "lobulated":
        angle = np.arctan2(200 - row, col - 280)
        level = np.hypot(row - 200, col - 280) / (70 * (1 + 0.12 * np.cos(7 * angle)))
    else:
        level = np.minimum(oval((180, 170), 70, 45, 10), oval((230, 430), 60, 42, -30))
    prob = (1 / (1 + np.exp((level - 1) * 12))).astype(np.float32)
    mask = prob >= 0.5
    pixels = np.random.default_rng(0).integers(60, 180, mask.shape).astype(np.uint8)
    pixels[mask] //= 2
    return mask, prob, pixels


SHAPES = {"oval": 1, "lobulated": 1, "two": 2}


def work() -> None:
    """Answer each line of stdin, the name of a shape, with the milliseconds per lesion."""
    from sonolesion.inference.measure import draft_lexicon, measure_lesions

    drawn = {name: draw(name) for name in SHAPES}
    for line in sys.stdin:
        name = line.strip()
        mask, prob, pixels = drawn[name]
        started = time.process_time()
        for _ in range(RUNS_PER_TURN):
            found = measure_lesions(mask, pixels, spacing_mm=SPACING_MM, lesion_prob=prob)
            for lesion in found.lesions:
                draft_lexicon(lesion)
        seconds = (time.process_time() - started) / RUNS_PER_TURN
        print(1000 * seconds / len(found.lesions), flush=True)


class Worker:
    """A process that measures with the code of one source tree."""

    def __init__(self, source: Path) -> None:
        command = [sys.executable, __file__, "--worker"]
        environment = os.environ | {"PYTHONPATH": str(source)}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def measure_ms(self, shape: str) -> float:
        """Milliseconds per lesion of one turn."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{shape}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def compare(earlier: Path | None, pairs: int) -> dict[str, object]:
    """Median time of each code and median ratio of the pairs, for each shape."""
    workers = {"now": Worker(ROOT / "src")} | ({"earlier": Worker(earlier)} if earlier else {})
    result: dict[str, object] = {}
    for shape in SHAPES:
        for worker in workers.values():
            worker.measure_ms(shape)  # warm
        times: dict[str, list[float]] = {name: [] for name in workers}
        for _ in range(pairs):
            for name, worker in workers.items():
                times[name].append(worker.measure_ms(shape))
        values = {f"{name}_ms": round(float(np.median(t)), 2) for name, t in times.items()}
        spread: dict[str, list[float]] = {}
        if earlier:
            ratios = np.divide(times["earlier"], times["now"])
            low, middle, high = np.percentile(ratios, [5, 50, 95])
            values["ratio"] = round(float(middle), 2)
            spread = {"ratio_5_to_95": [round(float(low), 2), round(float(high), 2)]}
        result[shape] = values | spread
        print(shape, result[shape])
    for worker in workers.values():
        worker.close()
    return result


def main() -> None:
    """Read the arguments, run, and print or write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--earlier", type=Path, help="src folder of the code to compare with")
    parser.add_argument("--pairs", type=int, default=25)
    parser.add_argument("--json", type=Path, help="write the result here")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work()
        return
    shapes = compare(arguments.earlier, arguments.pairs)
    record = {
        "command": "python benchmarks/measure_lesions.py --earlier SRC_OF_2d78307 "
        f"--pairs {arguments.pairs}",
        "machine": {"processor": platform.processor(), "cores": os.cpu_count()},
        "python": platform.python_version(),
        "image_px": [HEIGHT_PX, WIDTH_PX],
        "per_lesion": shapes,
    }
    if arguments.json:
        arguments.json.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
