"""A reading desk for tests: in process, or as a program of its own that can be killed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image
from starlette.testclient import TestClient
from tiny_bundle import speckle_image

from sonolesion.server.app import create_app
from sonolesion.server.services import Services
from sonolesion.server.settings import ServerSettings

HERE = "http://127.0.0.1:8765"
ROOT = Path(__file__).resolve().parents[2]


def scan_png(seed: int = 0, *, radius_px: int = 25) -> bytes:
    """A drawn scan with one dark disc, as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(speckle_image(radius_px=radius_px, seed=seed)).save(buffer, "PNG")
    return buffer.getvalue()


def mask_png(top: int, left: int, side: int, shape: tuple[int, int] = (128, 160)) -> bytes:
    """A mask with one square."""
    mask = np.zeros(shape, np.uint8)
    mask[top : top + side, left : left + side] = 255
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Desk:
    """A server in process."""

    http: TestClient
    settings: ServerSettings
    reader: str = "ann"
    _seeds: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    @property
    def services(self) -> Services:
        found: Services = self.http.app.state.services  # type: ignore[attr-defined]
        return found

    def api(self, method: str, path: str, **request: Any) -> httpx.Response:
        return self.http.request(method, f"/api/v1{path}", **request)  # type: ignore[return-value]

    def add_case(self, **query: Any) -> str:
        """A new case that was read; its id."""
        data = scan_png(next(self._seeds))
        added = self.api("POST", "/cases", content=data, params=query, headers=PNG)
        assert added.status_code == 201, added.text
        return self.wait(added.json()["id"])

    def wait(self, case_id: str) -> str:
        end = time.monotonic() + 60
        while self.api("GET", f"/cases/{case_id}").json()["state"] in ("waiting", "reading"):
            assert time.monotonic() < end, "the case was not read"
            time.sleep(0.02)
        return case_id

    def own_read(self, case_id: str, reader: str = "ann", **more: Any) -> None:
        body = {"reader": reader, "event": "own_read", "birads": "4A", "probability": 40} | more
        answer = self.api("POST", f"/cases/{case_id}/reads", json=body)
        assert answer.status_code == 201, answer.text


PNG = {"Content-Type": "image/png"}


@contextlib.contextmanager
def make_desk(folder: Path, bundle: Path, **settings: Any) -> Iterator[Desk]:
    chosen = ServerSettings(data=folder, bundle=str(bundle), **settings)
    with TestClient(create_app(chosen), base_url=HERE, raise_server_exceptions=False) as http:
        yield Desk(http, chosen)


@dataclass
class RunningDesk:
    """`sonolesion serve` as a program."""

    process: subprocess.Popen[bytes]
    address: str
    log: Path

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)


@contextlib.contextmanager
def run_desk(
    folder: Path, bundle: Path | str, *options: str, env: dict[str, str] | None = None
) -> Iterator[RunningDesk]:
    """Start the program on a free port, and end it whatever happens."""
    words = [
        sys.executable, "-m", "sonolesion", "serve", "--data", str(folder), "--port", "0",
        "--bundle", str(bundle), "--no-tour", "--json", *options,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    log = folder.parent / f"{folder.name}-{time.monotonic_ns()}.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=errors, env=environment | (env or {})
        )
    try:
        assert process.stdout is not None
        text = ""
        while line := process.stdout.readline().decode():
            text += line
            if line.rstrip() == "}":
                break
        assert text, log.read_text("utf-8")[-2000:]
        yield RunningDesk(process, json.loads(text)["address"], log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
