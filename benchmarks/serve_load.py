"""What the server costs: one request against the same prediction in process, and eight clients.

    python benchmarks/serve_load.py --rounds 40 --json benchmarks/results/serve_load.json

Each round measures both in turn, so that whatever else the machine does weighs on both; the figure
is the median of the rounds' ratios; as in `turns`, each side waits for the other's threads to
sleep and takes a warm step first. Clients and server share the machine's cores.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import io
import json
import statistics
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from turns import time_quietly

from sonolesion import load_predictor
from sonolesion.data.phantom import make_phantom
from sonolesion.inference import Predictor
from sonolesion.inference.concurrency import count_cores
from sonolesion.server.app import create_app, start_services
from sonolesion.server.client import DeskClient
from sonolesion.server.serving import serve
from sonolesion.server.settings import ServerSettings
from sonolesion.types import LesionClass
from sonolesion.writers.prediction_row import make_row, row_to_json

CLIENTS = 8


def draw_images(count: int) -> list[bytes]:
    images = []
    for seed in range(count):
        phantom = make_phantom(np.random.default_rng(seed), list(LesionClass)[seed % 3])
        picture = Image.fromarray(phantom.pixels).resize((800, 600))
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        images.append(buffer.getvalue())
    return images


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", default="fast")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--batches", type=int, default=5)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    images, cores = draw_images(8), count_cores()
    # one request: one worker on all cores, as the predictor in process
    alone = measure_request(chosen.bundle, images, chosen.rounds, cores)
    many = measure_throughput(chosen.bundle, images, chosen.batches, cores)
    found = {"bundle": chosen.bundle, "image": "PNG 800x600", "cores": cores, **alone, **many}
    text = json.dumps(found, indent=2)
    print(text)
    if chosen.json:
        chosen.json.write_text(text + "\n", "utf-8")


def measure_request(bundle: str, images: list[bytes], rounds: int, cores: int) -> dict[str, object]:
    predictor = load_predictor(bundle, threads=cores)
    with _server(bundle, workers=1, threads=cores) as address, DeskClient(address) as client:
        pairs = []
        for number in range(rounds + 3):
            data = images[number % len(images)]
            alone_s = time_quietly(partial(predict_offline, predictor, data))
            pairs.append((alone_s, time_quietly(partial(client.predict, data))))
    pairs = pairs[3:]
    return {
        "in_process_ms": round(1000 * statistics.median(a for a, _ in pairs), 1),
        "request_ms": round(1000 * statistics.median(b for _, b in pairs), 1),
        "request_ratio": round(statistics.median(b / a for a, b in pairs), 3),
        "rounds": len(pairs),
    }


def predict_offline(predictor: Predictor, data: bytes) -> str:
    return row_to_json(make_row(predictor.predict(data), stem="", files={}))


def measure_throughput(
    bundle: str, images: list[bytes], batches: int, cores: int
) -> dict[str, object]:
    predictor = load_predictor(bundle, threads=1)
    work = images * 8
    with (
        _server(bundle, workers=cores, threads=1) as address,
        DeskClient(address) as client,
        concurrent.futures.ThreadPoolExecutor(cores) as own,
        concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients,
    ):
        ratios, offline_s, served_s = [], [], []
        for number in range(batches + 1):
            began = time.perf_counter()
            list(own.map(partial(predict_offline, predictor), work))
            between = time.perf_counter()
            list(clients.map(client.predict, work))
            ended = time.perf_counter()
            if number:
                offline_s.append(between - began)
                served_s.append(ended - between)
                ratios.append(offline_s[-1] / served_s[-1])
    return {
        "batch_images_per_s": round(len(work) / statistics.median(offline_s), 2),
        "served_images_per_s": round(len(work) / statistics.median(served_s), 2),
        "throughput_ratio": round(statistics.median(ratios), 3),
        "clients": CLIENTS,
        "batches": batches,
    }


class _server:  # noqa: N801  reads as what it gives
    """A server in a thread of this program; its workers are processes, as always."""

    def __init__(self, bundle: str, *, workers: int, threads: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._settings = ServerSettings(
            data=Path(self._folder.name) / "desk", bundle=bundle, workers=workers,
            threads=threads, port=0, queue_cap=256,
        )  # fmt: skip
        self._started = threading.Event()
        self._address = ""

    def __enter__(self) -> str:
        services = start_services(self._settings)
        self._services = services
        app = create_app(self._settings, services)

        def started(port: int) -> None:
            self._address = f"http://127.0.0.1:{port}"
            self._started.set()

        self._thread = threading.Thread(
            target=serve, args=(app, self._settings), kwargs={"on_started": started}, daemon=True
        )
        self._thread.start()
        if not self._started.wait(120):
            sys.exit("the server did not start")
        return self._address

    def __exit__(self, *_: object) -> None:
        import contextlib

        from sonolesion.server.app import stop_services

        stop_services(self._services)
        with contextlib.suppress(OSError):
            self._folder.cleanup()


if __name__ == "__main__":
    main()
