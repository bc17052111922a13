"""Works off what is to be read: each object in the process that may die over it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sonolesion.errors import (
    ImageCrashError,
    ImageTimeError,
    OutputWriteError,
    ProcessStartError,
)
from sonolesion.files import make_folder
from sonolesion.node.backoff import Backoff
from sonolesion.node.naming import LOGGER
from sonolesion.node.queue import READ, Queue, Result
from sonolesion.node.reader_process import ReaderProcess
from sonolesion.node.reading import Reading
from sonolesion.node.refusal import CRASHED, LOST, QUIET, TOO_SLOW, Reason, Refusal
from sonolesion.store.queue import QueueItem

MOST_CRASHES = 2


class Reader:
    """Reads what is due. For one thread.

    Args:
        queue: what waits.
        process: what reads.
        work: folder for results until they are kept; emptied.
        backoff: how long to wait where the disk is full.
    """

    def __init__(
        self, queue: Queue, process: ReaderProcess, work: Path, *, backoff: Backoff
    ) -> None:
        self._queue = queue
        self._process = process
        shutil.rmtree(work, ignore_errors=True)
        self._work = make_folder(work)
        self._backoff = backoff

    def work(self) -> bool:
        """Read the next object; return whether there was one."""
        item = self._queue.claim(READ)
        if item is None:
            return False
        assert item.file_sha256 is not None
        path = self._queue.files.path(item.file_sha256)
        # a folder of its own: a reader that outlives its node writes among no other's results
        folder = Path(tempfile.mkdtemp(dir=self._work))
        try:
            self._read(item, path, folder)
        except (ImageCrashError, ImageTimeError) as error:
            refusal = TOO_SLOW if isinstance(error, ImageTimeError) else CRASHED
            LOGGER.error("%s", error)
            self._try_again(item, refusal)
        except OutputWriteError as error:
            self._wait(item, Refusal(Reason.NOT_WRITTEN, error.message, error.code))
        except ProcessStartError as error:
            self._wait(item, Refusal(Reason.NOT_STARTED, error.message, error.code))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return True

    def _read(self, item: QueueItem, path: Path, folder: Path) -> None:
        name = str(item.detail["object"])
        if not path.is_file():
            self._refuse(item, LOST)
            return
        reading = self._process.read(path, folder, name=name)
        if reading.refusal is not None:
            self._refuse(item, reading.refusal)
        elif self._queue.has_source(reading.sources):
            self._refuse(item, Refusal(Reason.DERIVED, f"{name}: derived from what was read."))
        else:
            self._queue.keep_results(item, _load(reading))
            LOGGER.info("%s: read, %d results to send", name, len(reading.files))

    def _wait(self, item: QueueItem, trouble: Refusal) -> None:
        name = item.detail["object"]
        LOGGER.error("%s: not read yet: %s %s", name, trouble.code, trouble.message)
        self._queue.postpone(item, trouble, wait_s=self._backoff.wait_s(item.attempts))

    def _refuse(self, item: QueueItem, refusal: Refusal) -> None:
        if refusal.reason not in QUIET:
            LOGGER.warning(
                "%s: refused, %s: %s", item.detail["object"], refusal.reason, refusal.message
            )
        self._queue.refuse(item, refusal)

    def _try_again(self, item: QueueItem, refusal: Refusal) -> None:
        if item.attempts >= MOST_CRASHES:
            self._queue.give_up(item, refusal)
        else:
            self._queue.postpone(item, refusal, wait_s=0.0)


def _load(reading: Reading) -> list[Result]:
    """Load results with their UIDs, which stand in each file's own head (group 0002)."""
    from pydicom.filereader import read_file_meta_info

    results = []
    for path in reading.files:
        meta = read_file_meta_info(path)
        results.append(
            Result(
                kind=path.stem.rpartition("_")[2],
                sop_class_uid=str(meta.MediaStorageSOPClassUID),
                sop_instance_uid=str(meta.MediaStorageSOPInstanceUID),
                data=path.read_bytes(),
            )
        )
    return results
