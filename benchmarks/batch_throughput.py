"""How fast `sonolesion predict` gets through many images, and how much memory it takes.

    python benchmarks/batch_throughput.py [--phantoms 200] [--rounds 5] [--small 1000 --large 10000]
                                          [--workers 0] [--json FILE]

Phantoms are drawn once into a temporary folder; the counts of the memory part are made up by
links to them. Speed: rounds of predict --no-pictures (file bytes to mask, text and tables, on all
cores) and of the network alone (the same session, as many threads, a square already made), in
the same process, one after the other and in turn first; the figure is the ratio of their images a
second. Memory: the largest resident size of a `sonolesion predict` process with all its children,
for two numbers of images. Let nothing else run beside it; then give --json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sonolesion.data.phantom import make_phantom
from sonolesion.inference import Predictor, load_predictor
from sonolesion.inference.concurrency import plan_concurrency
from sonolesion.types import LesionClass
from sonolesion.writers import run_prediction

RESULT = Path(__file__).parent / "results" / "batch_throughput.json"


def draw_phantoms(folder: Path, count: int) -> None:
    folder.mkdir()
    classes = tuple(LesionClass)
    for seed in range(count):
        phantom = make_phantom(np.random.default_rng(seed), classes[seed % len(classes)])
        Image.fromarray(phantom.pixels).save(folder / f"{seed:06}.png")


def link_phantoms(source: Path, folder: Path, count: int) -> None:
    folder.mkdir()
    names = sorted(source.iterdir())
    for number in range(count):
        os.link(names[number % len(names)], folder / f"{number:06}.png")


def time_predict(phantoms: Path, out: Path, predictor: Predictor, workers: int) -> float:
    started = time.perf_counter()
    run_prediction(
        [str(phantoms)], out, predictor=predictor, pictures=False, overwrite=True, workers=workers
    )
    return time.perf_counter() - started


def time_network(predictor: Predictor, count: int, workers: int) -> float:
    size = predictor.info.image_size_px
    square = np.random.default_rng(0).random((1, 1, size, size), np.float32)
    run: Callable[[Any], object] = lambda _: predictor._session.run(square)  # noqa: E731
    with ThreadPoolExecutor(workers) as pool:
        started = time.perf_counter()
        for _ in pool.map(run, range(count)):
            pass
        return time.perf_counter() - started


def measure_speed(phantoms: Path, work: Path, *, count: int, rounds: int, workers: int,
                  threads: int) -> dict[str, Any]:  # fmt: skip
    plan = plan_concurrency(count, workers=workers, threads=threads)
    predictor = load_predictor(threads=plan.threads)
    time_network(predictor, 4 * plan.workers, plan.workers)
    time_predict(phantoms, work / "warm", predictor, plan.workers)
    predict_s, network_s = [], []
    for number in range(rounds):
        steps = [
            lambda n=number: predict_s.append(
                time_predict(phantoms, work / f"round-{n}", predictor, plan.workers)
            ),
            lambda: network_s.append(time_network(predictor, count, plan.workers)),
        ]
        for step in steps if number % 2 == 0 else reversed(steps):
            step()
    ratios = [alone / whole for whole, alone in zip(predict_s, network_s, strict=True)]
    return {
        "workers": plan.workers,
        "threads": plan.threads,
        "images_per_s": [round(count / s, 2) for s in predict_s],
        "network_alone_images_per_s": [round(count / s, 2) for s in network_s],
        "ratio_median": round(statistics.median(ratios), 4),
        "ratio_low": round(min(ratios), 4),
        "ratio_high": round(max(ratios), 4),
    }


def measure_memory(phantoms: Path, work: Path, *, count: int, workers: int) -> float:
    """Largest resident size in MB of one `sonolesion predict` over `count` images."""
    folder, out = work / f"many-{count}", work / f"out-{count}"
    link_phantoms(phantoms, folder, count)
    words = [sys.executable, "-m", "sonolesion", "predict", str(folder), "-o", str(out),
             "--no-pictures", "-q", "--workers", str(workers)]  # fmt: skip
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):  # 3: the gate refused a phantom
        raise SystemExit(f"predict ended with exit code {process.returncode}")
    unit = 1 if platform.system() == "Darwin" else 1024
    return round(usage.ru_maxrss * unit / 1e6, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--phantoms", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", type=Path, help=f"write the figures, e.g. to {RESULT.name}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        draw_phantoms(work / "phantoms", options.phantoms)
        figures: dict[str, Any] = {
            "command": "python benchmarks/batch_throughput.py " + " ".join(sys.argv[1:]),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "phantoms": options.phantoms,
            "speed": measure_speed(
                work / "phantoms", work, count=options.phantoms, rounds=options.rounds,
                workers=options.workers, threads=options.threads,
            ),
            "peak_rss_mb": {
                str(count): measure_memory(
                    work / "phantoms", work, count=count, workers=options.workers
                )
                for count in (options.small, options.large)
            },
        }  # fmt: skip
    text = json.dumps(figures, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
