"""The reader's process: it may crash, hang or print what it likes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from dicom_files import to_bytes
from node_peers import LEFT_SOCKETS, make_image, run_node, run_pacs, send, wait_for

from sonolesion.errors import ImageCrashError, ImageTimeError, OutputWriteError, ProcessStartError
from sonolesion.node.node import Node
from sonolesion.node.reader_process import ReaderProcess
from sonolesion.node.refusal import Reason
from sonolesion.node.settings import NodeSettings, ReadSettings
from sonolesion.node.status import read_status
from sonolesion.store.database import Desk

Settings = Callable[..., NodeSettings]
pytestmark = LEFT_SOCKETS

STAND_IN = """
import json, os, pathlib, sys, time
print("ready", flush=True)
for line in sys.stdin:
    task = json.loads(line)
    do = pathlib.Path(task["object"]).read_text()
    if do == "crash":
        os.abort()
    if do == "hang":
        time.sleep(600)
    answer = {"refusal": ["doppler", do, "E-IMG-003"], "files": [], "sources": ["1.2"]}
    if do == "full":
        answer = {"trouble": "E-OUT-002 disk full"}
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def process(tmp_path: Path) -> ReaderProcess:
    return ReaderProcess(ReadSettings(timeout_s=60.0), command=[sys.executable, "-c", STAND_IN])


def task(folder: Path, text: str) -> Path:
    path = folder / f"{text}.dcm"
    path.write_text(text)
    return path


def test_one_process_reads_one_object_after_the_other(
    process: ReaderProcess, tmp_path: Path
) -> None:
    for text in ("one", "two"):
        reading = process.read(task(tmp_path, text), tmp_path, name=text)
        assert reading.refusal is not None
        assert (reading.refusal.reason, reading.refusal.message) == (Reason.DOPPLER, text)
        assert reading.sources == ("1.2",)
    assert process._process is not None
    number = process._process.pid
    process.read(task(tmp_path, "one"), tmp_path, name="one")
    assert process._process.pid == number
    process.close()


def test_a_crash_costs_one_object(process: ReaderProcess, tmp_path: Path) -> None:
    with pytest.raises(ImageCrashError, match="abc"):
        process.read(task(tmp_path, "crash"), tmp_path, name="abc")
    assert process.read(task(tmp_path, "one"), tmp_path, name="abc").refusal is not None
    process.close()


def test_a_hanging_reader_is_ended(tmp_path: Path) -> None:
    settings = ReadSettings(timeout_s=1.0)
    process = ReaderProcess(settings, command=[sys.executable, "-c", STAND_IN])
    began = time.monotonic()
    with pytest.raises(ImageTimeError, match="longer than 1 s"):
        process.read(task(tmp_path, "hang"), tmp_path, name="abc")
    assert time.monotonic() - began < 30
    process.close()


def test_trouble_that_is_not_the_object_s_fault(process: ReaderProcess, tmp_path: Path) -> None:
    with pytest.raises(OutputWriteError, match="disk full"):
        process.read(task(tmp_path, "full"), tmp_path, name="abc")
    process.close(at_once=True)
    process.close()


def test_a_process_that_cannot_be_started_is_no_fault_of_the_object(tmp_path: Path) -> None:
    process = ReaderProcess(ReadSettings(), command=[sys.executable, "-c", "raise SystemExit(3)"])
    for _ in range(2):
        with pytest.raises(ProcessStartError, match="SONOLESION_DEBUG"):
            process.read(task(tmp_path, "one"), tmp_path, name="abc")
    process.close()


def test_files_in_the_folder_of_the_start_are_no_modules(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service may be started anywhere, also where somebody keeps files of such names."""
    for name in ("numpy", "pydicom", "dl"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not this one')")
    monkeypatch.chdir(tmp_path)
    process = ReaderProcess(settings().read)
    path = tmp_path / "a.dcm"
    path.write_bytes(b"nothing")
    refusal = process.read(path, tmp_path / "out", name="abc").refusal
    assert refusal is not None
    assert refusal.reason is Reason.DAMAGED
    process.close()


def test_the_real_one(settings: Settings, tmp_path: Path) -> None:
    process = ReaderProcess(settings().read)
    path = tmp_path / "a.dcm"
    path.write_bytes(to_bytes(make_image()))
    reading = process.read(path, tmp_path / "out", name="abc")
    assert [p.name for p in reading.files] == [f"image00001_{k}.dcm" for k in ("seg", "sr", "sc")]
    assert all(p.is_file() for p in reading.files)
    path.write_bytes(b"nothing")
    refusal = process.read(path, tmp_path / "out", name="abc").refusal
    assert refusal is not None
    assert refusal.reason is Reason.DAMAGED
    process.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts a process's memory so")
def test_an_object_that_takes_all_memory_ends_the_reader_only(
    settings: Settings, tmp_path: Path
) -> None:
    script = tmp_path / "reader.py"
    script.write_text(
        "import sys, sonolesion.node.reading as r\n"
        "from sonolesion.node import reader_main\n"
        "r.read_into = lambda path, *a, **n: bytearray(400_000_000)\n"
        "reader_main.main(sys.argv[1:])\n"
    )
    words = [sys.executable, str(script), settings().read.bundle, "1", "1", "0.02", "300"]
    process = ReaderProcess(settings().read, command=words)
    with pytest.raises(ImageCrashError):
        process.read(task(tmp_path, "one"), tmp_path, name="abc")
    process.close()


def test_in_a_node_the_object_is_given_up_and_the_next_one_read(
    settings: Settings, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that dies over one object: of the SHA-256 that the stand-in knows."""
    script = tmp_path / "reader.py"
    script.write_text(
        "import sys, os, sonolesion.node.reading as r\n"
        "from sonolesion.node import reader_main\n"
        "original = r.read_into\n"
        "def deadly(path, *a, **n):\n"
        "    if b'DEADLY' in path.read_bytes():\n"
        "        os.abort()\n"
        "    return original(path, *a, **n)\n"
        "r.read_into = deadly\n"
        "reader_main.main(sys.argv[1:])\n"
    )
    found = settings()
    words = [sys.executable, str(script), found.read.bundle, "1", "1", "0.02", "2000"]
    monkeypatch.setattr(
        "sonolesion.node.node.ReaderProcess", lambda s: ReaderProcess(s, command=words)
    )
    with run_pacs() as pacs:
        node = Node(settings(f"pacs.port={pacs.port}"), desk)
        with run_node(node):
            bad = make_image(1, ImageComments="DEADLY")
            assert send(node.listener.port, bad, make_image(2, seed=2)) == [0, 0]
            wait_for(lambda: len(pacs.got) == 3)
            wait_for(lambda: read_status(desk).objects["given up"] == 1)
    (trouble,) = read_status(desk).troubles
    assert (trouble.reason, trouble.code, trouble.state) == ("crashed", "E-IMG-008", "given up")
