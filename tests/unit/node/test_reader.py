"""The reader's turn of the queue: crashes, a full disk, what is derived."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dicom_files import to_bytes
from node_peers import files_below, make_image

from sonolesion.errors import (
    ImageCrashError,
    ImageTimeError,
    OutputWriteError,
    ProcessStartError,
    SonolesionError,
    StoreError,
)
from sonolesion.node.backoff import Backoff
from sonolesion.node.queue import SEND, Queue
from sonolesion.node.reader import Reader
from sonolesion.node.reading import Reading
from sonolesion.node.status import read_status
from sonolesion.store.blobs import BlobFolder
from sonolesion.store.database import Desk


class Process:
    """Writes one result; before that it does what the test wants."""

    def __init__(self) -> None:
        self.before: Callable[[], None] = lambda: None
        self.sources: tuple[str, ...] = ()

    def read(self, path: Path, out: Path, *, name: str) -> Reading:
        self.before()
        (out / "image_sr.dcm").write_bytes(to_bytes(make_image(9)))
        return Reading((out / "image_sr.dcm",), sources=self.sources)


@pytest.fixture
def queue(desk: Desk) -> Queue:
    found = Queue(desk, "b" * 64)
    found.add_object("1.2.3", b"object", came_by="c-store")
    return found


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
def reader(queue: Queue, process: Process, tmp_path: Path) -> Reader:
    return Reader(queue, process, tmp_path / "work", backoff=Backoff(0.0001, 0.0001))  # type: ignore[arg-type]


def fail(error: Exception) -> Callable[[], None]:
    def raise_it() -> None:
        raise error

    return raise_it


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ImageCrashError("abc: died"), "crashed"), (ImageTimeError("abc: slow"), "too_slow")],
)
def test_after_two_crashes_it_is_given_up(
    error: Exception, reason: str, reader: Reader, process: Process, desk: Desk, queue: Queue
) -> None:
    process.before = fail(error)
    assert [reader.work() for _ in range(3)] == [True, True, False]
    (trouble,) = read_status(desk).troubles
    assert (trouble.state, trouble.reason) == ("given up", reason)
    process.before = lambda: None
    assert queue.retry() == 1
    assert reader.work()
    assert queue.claim(SEND) is not None
    assert not read_status(desk).troubles


def test_after_one_crash_it_may_be_read(reader: Reader, process: Process, queue: Queue) -> None:
    process.before = fail(ImageCrashError("abc: died"))
    assert reader.work()
    process.before = lambda: None
    assert reader.work()
    assert queue.claim(SEND) is not None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OutputWriteError("cannot write: the disk is full"), "not_written"),
        (ProcessStartError("cannot be started"), "not_started"),
    ],
)
def test_what_is_no_fault_of_the_object_is_waited_for(
    reader: Reader,
    process: Process,
    queue: Queue,
    desk: Desk,
    tmp_path: Path,
    *,
    error: SonolesionError,
    reason: str,
) -> None:
    process.before = fail(error)
    for _ in range(5):
        assert reader.work()
    (trouble,) = read_status(desk).troubles
    assert (trouble.state, trouble.reason) == ("waiting", reason)
    process.before = lambda: None
    assert reader.work()
    assert queue.claim(SEND) is not None
    assert not files_below(tmp_path / "work")


def test_a_disk_that_is_full_when_results_are_kept(
    reader: Reader, queue: Queue, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(BlobFolder, "put", lambda *_: fail(OutputWriteError("full"))())
        assert reader.work()
    assert reader.work()
    assert read_status(desk).objects["done"] == 1
    assert read_status(desk).results["waiting"] == 1


def test_a_database_that_cannot_be_written_leaves_nothing_stuck(
    reader: Reader, queue: Queue, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Queue, "keep_results", lambda *_: fail(StoreError("desk.db: full"))())
        with pytest.raises(StoreError):
            reader.work()
    assert read_status(desk).objects["in work"] == 1
    assert reader.work()
    assert read_status(desk).objects["done"] == 1


def test_what_was_derived_of_a_read_image_is_not_answered(
    reader: Reader, process: Process, queue: Queue, desk: Desk
) -> None:
    assert reader.work()
    queue.add_object("1.2.4", b"copy", came_by="c-store")
    process.sources = ("1.2.3",)
    assert reader.work()
    assert read_status(desk).objects["refused"] == 1
    assert read_status(desk).results["waiting"] == 1


def test_an_object_whose_file_is_gone(reader: Reader, queue: Queue, desk: Desk) -> None:
    for path in files_below(queue.files.folder):
        path.unlink()
    assert reader.work()
    assert [t.reason for t in read_status(desk).troubles] == ["lost"]


def test_what_an_earlier_life_left_in_the_work_folder_goes(
    queue: Queue, process: Process, tmp_path: Path
) -> None:
    (tmp_path / "work" / "old").mkdir(parents=True)
    (tmp_path / "work" / "old" / "half").write_bytes(b"x")
    Reader(queue, process, tmp_path / "work", backoff=Backoff(1.0, 1.0))  # type: ignore[arg-type]
    assert not list((tmp_path / "work").iterdir())
