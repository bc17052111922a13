"""SIGTERM drains, kill -9 loses nothing, jobs go on, and nothing leaves the machine."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx
import pytest
from desk_server import PNG, run_desk, scan_png

from sonolesion.server.client import DeskClient

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

BLOCKER = """
import socket, sys

REAL = socket.socket.connect
LOOPBACK = ("127.", "::1", "localhost")

def connect(self, address):
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        print("OUTSIDE", file=sys.stderr, flush=True)
        raise OSError("outside addresses are blocked")
    return REAL(self, address)

def resolve(host, *rest, **more):
    if host is not None and not str(host).startswith(LOOPBACK):
        print("OUTSIDE", file=sys.stderr, flush=True)
        raise OSError("names are not resolved")
    return REAL_RESOLVE(host, *rest, **more)

REAL_RESOLVE = socket.getaddrinfo
socket.socket.connect = connect
socket.getaddrinfo = resolve
"""


def test_sigterm_lets_what_was_begun_end(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    with run_desk(tmp_path / "desk", tiny_bundle_folder, "--workers", "1") as desk:
        statuses: list[int] = []

        def ask() -> None:
            with httpx.Client(base_url=desk.address, timeout=60, trust_env=False) as client:
                answer = client.post(
                    "/api/v1/predictions/report.pdf", content=scan_png(), headers=PNG
                )
                statuses.append(answer.status_code)

        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        with httpx.Client(base_url=desk.address, trust_env=False) as client_of_status:
            end = time.monotonic() + 30
            while time.monotonic() < end:
                found = client_of_status.get("/api/v1/status").json()
                if found["workers_busy"] + found["tasks_waiting"] == 4 or statuses:
                    break
        assert desk.stop() == 0
        for client in clients:
            client.join()
        assert statuses == [200] * 4
        with pytest.raises(httpx.ConnectError):
            httpx.get(desk.address, trust_env=False)


def test_kill_and_restart(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    folder, inbox = tmp_path / "desk", tmp_path / "inbox"
    inbox.mkdir()
    for number in range(12):
        (inbox / f"{number}.png").write_bytes(scan_png(number))
    options = ("--inbox", str(inbox), "--workers", "1")
    confirmed: list[str] = []
    with run_desk(folder, tiny_bundle_folder, *options) as desk:
        with DeskClient(desk.address, reader="ann") as client:
            job = client.post("/jobs", {"inbox": True})
            for number in range(5):
                case = client.add_case(scan_png(100 + number))
                client.add_read(case["id"], {"event": "own_read", "birads": "3"})
                confirmed.append(case["id"])
        desk.kill()
    with (
        run_desk(folder, tiny_bundle_folder, *options) as desk,
        DeskClient(desk.address, reader="ann") as client,
    ):
        for case_id in confirmed:
            assert client.wait_for_case(case_id)["state"] == "read"
            (read,) = client.get(f"/cases/{case_id}/reads", reader="ann")["reads"]
            assert read["birads"] == "3"
            assert client.case_file(case_id, "prediction")
        end = time.monotonic() + 60
        while (found := client.get(f"/jobs/{job['id']}"))["state"] == "running":
            assert time.monotonic() < end, found
            time.sleep(0.1)
        assert (found["done"], found["failed"]) == (12, 0)
        assert client.get("/cases")["total"] == 17
        assert desk.stop() == 0


def test_nothing_leaves_the_machine(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(BLOCKER, "utf-8")
    root = Path(__file__).resolve().parents[3]
    env = {"PYTHONPATH": f"{site}:{root / 'src'}"}
    with (
        run_desk(tmp_path / "desk", tiny_bundle_folder, env=env) as desk,
        DeskClient(desk.address, reader="ann") as client,
    ):
        case = client.add_case(scan_png())
        client.wait_for_case(case["id"])
        client.add_read(case["id"], {"event": "own_read", "birads": "3"})
        for name in ("overlay.png", "report.html", "report.pdf", "explanation.png"):
            assert client.case_file(case["id"], name)
        assert desk.stop() == 0
        assert "OUTSIDE" not in desk.log.read_text("utf-8")


def test_backup_restore_verify_by_command(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    import subprocess
    import sys

    def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "sonolesion", "serve", *map(str, words)]
        return subprocess.run(line, capture_output=True, text=True)

    folder, backup = tmp_path / "desk", tmp_path / "desk.zip"
    with (
        run_desk(folder, tiny_bundle_folder) as desk,
        DeskClient(desk.address, reader="ann") as client,
    ):
        case = client.wait_for_case(client.add_case(scan_png())["id"])
        done = command("--data", folder, "--backup", backup)
        assert done.returncode == 0, done.stderr
    done = command("--data", tmp_path / "again", "--restore", backup)
    assert done.returncode == 0, done.stderr
    done = command("--data", tmp_path / "again", "--verify-log", "--against", backup)
    assert done.returncode == 0, done.stderr
    with (
        run_desk(tmp_path / "again", tiny_bundle_folder) as desk,
        DeskClient(desk.address, reader="ann") as client,
    ):
        assert client.case(case["id"])["state"] == "read"
    assert command("--data", tmp_path / "none", "--verify-log").returncode == 1
    done = command("--data", tmp_path / "x", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "token" in done.stderr
