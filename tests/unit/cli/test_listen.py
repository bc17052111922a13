"""`sonolesion listen`: what it prints, and what it refuses. The node itself is tested elsewhere."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

pytest.importorskip("pynetdicom", reason="needs the extra [node]")

from dicom_files import to_bytes
from node_peers import make_image

from sonolesion.cli.app import app
from sonolesion.node.queue import READ, Queue
from sonolesion.node.refusal import CRASHED, Reason, Refusal
from sonolesion.store.database import open_desk


def listen(*words: object) -> Result:
    return CliRunner().invoke(app, ["listen", *map(str, words)])


@pytest.fixture(autouse=True)
def leave_logs_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command silences libraries for its whole process; this one has other tests."""
    monkeypatch.setattr("sonolesion.cli.listen._set_up_log", lambda run: None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one refused object, one given up, and one that waits."""
    folder = tmp_path / "data"
    desk = open_desk(folder)
    queue = Queue(desk, "b" * 64)
    for number in (1, 2, 3):
        image = make_image(number, PatientName="Canary^Anna")
        queue.add_object(f"2.25.77{number}", to_bytes(image), came_by="c-store")
    refused, crashed = queue.claim(READ), None
    assert refused is not None
    queue.refuse(refused, Refusal(Reason.DOPPLER, "abc: it is coloured."))
    crashed = queue.claim(READ)
    assert crashed is not None
    queue.give_up(crashed, CRASHED)
    desk.close()
    return folder


def test_status(data: Path) -> None:
    done = listen("--status", "--data", data)
    assert done.exit_code == 0, done.output
    assert "does not run" in done.stdout
    assert "1 waiting, 0 in work, 0 done, 1 refused, 1 given up" in done.stdout
    assert "refused, doppler: E-IMG-003 abc: it is coloured." in done.stdout
    assert "given up, crashed: E-IMG-008" in done.stdout
    found = json.loads(listen("--status", "--data", data, "--json").stdout)
    assert found["objects"] == {"waiting": 1, "in work": 0, "done": 0, "refused": 1, "given up": 1}
    assert found["running"] is False
    assert [t["reason"] for t in found["troubles"]] == ["crashed", "doppler"]
    assert "2.25." not in json.dumps(found)
    assert "Canary" not in json.dumps(found)


def test_retry(data: Path) -> None:
    assert "taken up: 1" in listen("--retry", "--data", data).stdout
    found = json.loads(listen("--status", "--data", data, "--json").stdout)
    assert found["objects"]["waiting"] == 2
    assert "taken up: 0" in listen("--retry", "--data", data).stdout


def test_drop(data: Path) -> None:
    assert json.loads(listen("--drop", "--data", data, "--json").stdout) == {"dropped": 1}
    found = json.loads(listen("--status", "--data", data, "--json").stdout)
    assert (found["objects"]["refused"], found["objects"]["given up"]) == (2, 0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--status", "--retry"], "give one of them"),
        (["--status"], "no node has worked on"),
        (["--pull-study", "../x", "--set", "pacs.host=a"], "a UID of digits and dots"),
        (["--pull-study", "1.2.3", "--set", "pacs.host=a"], "web.url"),
        ([], "pacs.host"),
        (["--set", "pacs.prot=1"], "did you mean 'pacs.port'"),
        (["--settings", "none.toml"], "cannot be read"),
        (["--set", "pacs.host=a", "--set", "listen.host='0.0.0.0'"], "needs a list of callers"),
    ],
)
def test_wrong_usage(words: list[str], says: str, tmp_path: Path) -> None:
    done = listen(*words, "--data", tmp_path / "data")
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *a: None if n == "pynetdicom" else find(n, *a)
    )
    done = listen("--data", tmp_path)
    assert done.exit_code == 1
    assert "sonolesion[node]" in done.stderr


def test_a_start_on_a_taken_port_says_so(tmp_path: Path, tiny_bundle_folder: Path) -> None:
    """As a program, with its log on stderr and no trace."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = [
            sys.executable, "-m", "sonolesion", "listen", "--data", tmp_path / "data",
            "--set", f"listen.port={taken.getsockname()[1]}", "--set", "pacs.host=127.0.0.1",
            "--set", f"read.bundle={tiny_bundle_folder}",
        ]  # fmt: skip
        done = subprocess.run(
            [str(w) for w in words], env=os.environ, capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 2
    assert "listen.port" in done.stderr
    assert "Traceback" not in done.stderr
