"""Many clients of one desk at the same time; each answer is held against the offline one."""

from __future__ import annotations

import concurrent.futures
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from desk_server import PNG, RunningDesk, scan_png

from sonolesion.inference import load_predictor
from sonolesion.writers.prediction_row import make_row, row_to_json

LATELY = ("seconds", "stem", "source", "sha256")
"""Fields of a row that differ from run to run or with the name of the input."""


@dataclass(frozen=True)
class Asked:
    """An image with what the offline predictor says of it; None for one that is no image."""

    data: bytes
    row: dict[str, Any] | None


@dataclass(frozen=True)
class LoadFound:
    """What came of many requests.

    Attributes:
        statuses: HTTP status -> answers.
        faults: answers that are not the offline ones, in words.
        growth_mb: by how much the server's memory grew after its first requests.
        seconds: in all.
    """

    statuses: Counter[int]
    faults: list[str]
    growth_mb: float
    seconds: float


def images_to_ask(bundle: Path) -> list[Asked]:
    """Eight drawn scans, and one upload that is no image."""
    predictor = load_predictor(bundle)
    scans = [scan_png(seed) for seed in range(8)]
    rows = [row_to_json(make_row(predictor.predict(data), stem="", files={})) for data in scans]
    asked = [Asked(data, without_times(row)) for data, row in zip(scans, rows, strict=True)]
    return [*asked, Asked(b"no image", None)]


def load_desk(
    desk: RunningDesk, images: Sequence[Asked], *, requests: int, clients: int
) -> LoadFound:
    """Send `requests` by `clients` at the same time; one that is told to wait comes again."""
    statuses: Counter[int] = Counter()

    def work(client_number: int) -> list[str]:
        faults = []
        with httpx.Client(base_url=desk.address, timeout=120, trust_env=False) as client:
            for number in range(client_number, requests, clients):
                asked = images[number % len(images)]
                status, found = ask(client, asked.data, statuses)
                statuses[status] += 1
                if asked.row is None:
                    if (status, found["error"]["id"]) != (422, "E-IMG-002"):
                        faults.append(f"{status} {found}")
                elif status != 200 or without_times(found) != asked.row:
                    faults.append(f"{status} of image {number % len(images)}")
        return faults

    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        work(0)
        statuses.clear()
        before_mb = resident_mb(desk.process.pid)
        began = time.monotonic()
        faults = [fault for found in pool.map(work, range(clients)) for fault in found]
        seconds = time.monotonic() - began
    return LoadFound(statuses, faults, resident_mb(desk.process.pid) - before_mb, seconds)


def ask(
    client: httpx.Client, data: bytes, statuses: Counter[int] | None = None
) -> tuple[int, dict[str, Any]]:
    """Ask until the queue takes it; every 503 must say when to come again."""
    while True:
        answer = client.post("/api/v1/predictions", content=data, headers=PNG)
        if answer.status_code != 503:
            return answer.status_code, answer.json()
        if statuses is not None:
            statuses[503] += 1
        time.sleep(float(answer.headers["Retry-After"]) / 10)


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in LATELY}


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError
