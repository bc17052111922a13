"""Workers that die, hang, or eat memory, and a queue that is full."""

from __future__ import annotations

import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_server import scan_png

from sonolesion.errors import (
    BundleError,
    BusyError,
    ImageCrashError,
    ImageTimeError,
    StoreError,
    UnreadableImageError,
)
from sonolesion.server.frames import Frame, read_frame, write_frame
from sonolesion.server.task_frames import task_from_frame, task_to_frame
from sonolesion.server.tasks import ImageInput, Task, TaskKind
from sonolesion.server.worker_pool import PoolSettings, WorkerPool


@pytest.fixture(scope="module")
def pool(tiny_bundle_folder: Path) -> Iterator[WorkerPool]:
    settings = PoolSettings(
        bundle=str(tiny_bundle_folder), workers=1, threads=1, time_limit_s=5.0, queue_cap=2
    )
    found = WorkerPool(settings)
    found.wait_until_ready()
    yield found
    found.close()


def task(pool: WorkerPool, data: bytes | None = None) -> Task:
    image = ImageInput(data=scan_png() if data is None else data)
    return Task(kind=TaskKind.ROW, image=image, bundle=pool.settings.bundle)


def children() -> list[int]:
    """Process ids of the workers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            if (
                int(fields[1]) == os.getpid()
                and b"server.worker" in (path.parent / "cmdline").read_bytes()
            ):
                found.append(int(path.parent.name))
        except (OSError, IndexError):
            continue
    return found


def test_messages_round_trip() -> None:
    image = ImageInput(data=b"abc", mask_png=b"m", spacing_mm=(0.1, 0.2), frame=2)
    sent = Task(kind=TaskKind.CHANGE, image=image, earlier=ImageInput(data=b"d"), bundle="b")
    pipe = io.BytesIO()
    write_frame(pipe, task_to_frame(sent))
    pipe.seek(0)
    assert task_from_frame(read_frame(pipe)) == sent


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff\xff", b"\0\0\0\x02[]", b"\0\0\0\x02{}", b"\0\0\0\x01x"]
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(StoreError):
        read_frame(io.BytesIO(data))


def test_a_cut_message() -> None:
    pipe = io.BytesIO()
    write_frame(pipe, Frame({"a": 1}, (b"12345",)))
    for length in (0, 3, 10, len(pipe.getvalue()) - 1):
        with pytest.raises(EOFError):
            read_frame(io.BytesIO(pipe.getvalue()[:length]))


def test_errors_keep_their_kind(pool: WorkerPool) -> None:
    with pytest.raises(UnreadableImageError, match="upload: not a PNG"):
        pool.submit(task(pool, b"no")).result(30)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_a_worker_that_dies_costs_one_image(pool: WorkerPool) -> None:
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)
    future = pool.submit(task(pool))
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ImageCrashError):
        future.result(30)
    assert pool.submit(task(pool)).result(60).values["label"]
    assert pool.figures().crashes == 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_a_worker_that_died_idle_costs_nothing(pool: WorkerPool) -> None:
    pool.submit(task(pool)).result(60)
    (pid,) = children()
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    assert pool.submit(task(pool)).result(60).values["label"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_a_worker_that_hangs_is_replaced_and_a_full_queue_refuses(pool: WorkerPool) -> None:
    pool.submit(task(pool)).result(60)
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)
    hanging = pool.submit(task(pool))
    while not pool.figures().busy:
        time.sleep(0.01)
    waiting = [pool.submit(task(pool)) for _ in range(2)]
    assert pool.is_full()
    with pytest.raises(BusyError):
        pool.submit(task(pool))
    background = pool.submit(task(pool), background=True)
    with pytest.raises(ImageTimeError, match="5 s"):
        hanging.result(30)
    for future in (*waiting, background):
        assert future.result(60).values["label"]


def test_a_bundle_that_cannot_be_loaded(tmp_path: Path) -> None:
    pool = WorkerPool(PoolSettings(bundle=str(tmp_path), workers=1, threads=1))
    try:
        with pytest.raises(BundleError):
            pool.wait_until_ready()
    finally:
        pool.close()
