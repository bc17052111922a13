"""Many clients at once, slow ones, broken ones: the answers stay those of the offline predictor."""

from __future__ import annotations

import concurrent.futures
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import httpx
import pytest
from desk_server import PNG, RunningDesk, run_desk, scan_png

from sonolesion.inference import load_predictor
from sonolesion.writers.prediction_row import make_row, row_to_json

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
CLIENTS, REQUESTS, SLOW, MAX_GROWTH_MB = 64, 2000, 200, 50
LATELY = ("seconds", "stem", "source", "sha256")


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError


def ask(client: httpx.Client, data: bytes) -> tuple[int, dict[str, Any]]:
    """Ask until the queue takes it; every 503 must say when to come again."""
    while True:
        answer = client.post("/api/v1/predictions", content=data, headers=PNG)
        if answer.status_code != 503:
            return answer.status_code, answer.json()
        time.sleep(float(answer.headers["Retry-After"]) / 10)


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in LATELY}


def test_many_clients_get_the_offline_answers(
    tmp_path: Path, tiny_bundle_folder: Path, load: float
) -> None:
    predictor = load_predictor(tiny_bundle_folder)
    images = [scan_png(seed) for seed in range(8)] + [b"no image"]
    expected: list[Any] = [
        without_times(row_to_json(make_row(predictor.predict(data), stem="", files={})))
        for data in images[:-1]
    ]
    n_requests = max(CLIENTS, int(REQUESTS * load))
    with run_desk(tmp_path / "desk", tiny_bundle_folder) as desk:

        def work(client_number: int) -> list[str]:
            faults = []
            with httpx.Client(base_url=desk.address, timeout=120, trust_env=False) as client:
                for number in range(client_number, n_requests, CLIENTS):
                    index = number % len(images)
                    status, found = ask(client, images[index])
                    if index == len(images) - 1:
                        if (status, found["error"]["id"]) != (422, "E-IMG-002"):
                            faults.append(f"{status} {found}")
                    elif status != 200 or without_times(found) != expected[index]:
                        faults.append(f"{status} of {index}")
            return faults

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            work(0)
            before_mb = resident_mb(desk.process.pid)
            faults = [fault for found in pool.map(work, range(CLIENTS)) for fault in found]
        growth_mb = resident_mb(desk.process.pid) - before_mb
        assert faults == []
        assert growth_mb < MAX_GROWTH_MB
        assert desk.stop() == 0


def connect(desk: RunningDesk) -> socket.socket:
    place = urlparse(desk.address)
    assert place.hostname is not None
    return socket.create_connection((place.hostname, place.port or 80), timeout=30)


@pytest.mark.parametrize("start", [b"", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
                                   b"POST /api/v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                   b"Content-Length: 999\r\n\r\nx"])  # fmt: skip
def test_slow_connections_do_not_stop_the_others(
    tmp_path: Path, tiny_bundle_folder: Path, start: bytes
) -> None:
    with run_desk(tmp_path / "desk", tiny_bundle_folder) as desk:
        slow = [connect(desk) for _ in range(SLOW)]
        for connection in slow:
            connection.sendall(start)
        with httpx.Client(base_url=desk.address, timeout=30, trust_env=False) as client:
            for _ in range(3):
                assert ask(client, scan_png())[0] == 200
        if start[:3] == b"GET":
            # a header that never ends is given up after ten seconds
            slow[0].settimeout(25)
            assert slow[0].recv(1) == b""
        for connection in slow:
            connection.close()
        assert desk.process.poll() is None


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(10_000)), b"400"),
        (b"GET /healthz HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        (b"POST /api/v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
         b"400"),
    ],
)  # fmt: skip
def test_what_is_no_request(
    tmp_path: Path, tiny_bundle_folder: Path, sent: bytes, status: bytes
) -> None:
    with run_desk(tmp_path / "desk", tiny_bundle_folder) as desk:
        with connect(desk) as connection:
            connection.sendall(sent)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        assert answer.split()[1] == status
        assert b'{"error"' in answer
        assert httpx.get(f"{desk.address}healthz", trust_env=False).status_code == 200


def test_clients_that_hang_up(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    data = scan_png()
    head = (
        b"POST /api/v1/predictions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\n"
        b"Content-Length: %d\r\n\r\n" % len(data)
    )
    with run_desk(tmp_path / "desk", tiny_bundle_folder) as desk:
        for length in (0, 10, len(data) // 2, len(data)):
            for _ in range(10):
                with connect(desk) as connection:
                    connection.sendall(head + data[:length])
        with httpx.Client(base_url=desk.address, timeout=60, trust_env=False) as client:
            assert ask(client, data)[0] == 200
        assert "Traceback" not in desk.log.read_text("utf-8")
