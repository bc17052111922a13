"""Killed before or after any step, then started again: everything arrives, and once.

A kill is an exception that nothing in the node catches; what it leaves on the disk is what a
kill -9 leaves, but for half-written files, which `files.atomic_open` is tested for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dicom_files import to_bytes
from node_peers import files_below, make_image

from sonolesion.node.backoff import Backoff
from sonolesion.node.destination import ResultFile
from sonolesion.node.queue import Queue
from sonolesion.node.reader import Reader
from sonolesion.node.reading import Reading
from sonolesion.node.sender import Sender
from sonolesion.store.blobs import BlobFolder
from sonolesion.store.database import Desk
from sonolesion.store.queue import QueueState

UID = "2.25.771"
NAMES = ("image_seg.dcm", "image_sr.dcm", "image_sc.dcm")


class Killed(BaseException):
    """What a kill does to the process."""


class Process:
    """A reader whose results are known."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, path: Path, out: Path, *, name: str) -> Reading:
        assert path.read_bytes()
        for file, data in self._files.items():
            (out / file).write_bytes(data)
        return Reading(tuple(out / file for file in self._files))


class Archive:
    """A PACS that keeps the first object of a UID, as a PACS does."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.stored = 0

    @contextlib.contextmanager
    def open(self) -> Iterator[Archive]:
        yield self

    def send(self, result: ResultFile) -> None:
        self.stored += 1
        self.kept.setdefault(result.sop_instance_uid, result.path.read_bytes())


@pytest.fixture(scope="module")
def results() -> dict[str, bytes]:
    return {name: to_bytes(make_image(n)) for n, name in enumerate(NAMES, start=901)}


STEPS: dict[str, tuple[object, str]] = {
    "write a file": (BlobFolder, "put"),
    "enter an object": (Queue, "add_object"),
    "take in hand": (Queue, "claim"),
    "read": (Process, "read"),
    "keep results": (Queue, "keep_results"),
    "send": (Archive, "send"),
    "note the arrival": (Queue, "mark_sent"),
    "tidy": (Queue, "tidy"),
}


def work(desk: Desk, archive: Archive, results: dict[str, bytes], folder: Path) -> None:
    """One life of a node: an object comes in, and what is due is done."""
    queue = Queue(desk, "b" * 64)
    queue.begin()
    queue.sweep()
    queue.add_object(UID, to_bytes(make_image(1)), came_by="c-store")
    backoff = Backoff(0.001, 0.001)
    reader = Reader(queue, Process(results), folder, backoff=backoff)
    while reader.work():
        pass
    sender = Sender(queue, archive, backoff=backoff, attempts=50)
    while sender.work():
        pass
    queue.tidy(keep_s=0.0)


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at(
    step: str,
    when: str,
    times: int,
    desk: Desk,
    results: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, name = STEPS[step]
    original: Callable[..., object] = getattr(owner, name)
    calls: list[int] = []

    def killing(*arguments: object, **named: object) -> object:
        calls.append(1)
        if when == "before" and len(calls) == times:
            raise Killed
        found = original(*arguments, **named)
        if when == "after" and len(calls) == times:
            raise Killed
        return found

    archive = Archive()
    monkeypatch.setattr(owner, name, killing)
    with contextlib.suppress(Killed):
        work(desk, archive, results, tmp_path / "work")
    monkeypatch.setattr(owner, name, original)
    work(desk, archive, results, tmp_path / "work")

    assert list(archive.kept.values()) == list(results.values())
    assert archive.stored <= len(results) + 1
    queue = Queue(desk, "b" * 64)
    assert queue.count_waiting() == 0
    monkeypatch.setattr("sonolesion.node.queue.ORPHAN_AGE_S", -1.0)
    queue.sweep()
    assert not files_below(queue.files.folder)
    assert not list((tmp_path / "work").iterdir())


def test_a_queue_in_hand_is_let_go(desk: Desk) -> None:
    queue = Queue(desk, "b" * 64)
    queue.add_object(UID, b"x", came_by="c-store")
    first = queue.claim("read")
    again = queue.claim("read")
    assert first is not None
    assert again is not None
    assert (again.id, again.state, again.attempts) == (first.id, QueueState.WORKING, 2)
