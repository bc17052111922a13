"""The thread that has waiting cases read, oldest first, and keeps what comes out."""

from __future__ import annotations

import logging
import queue
import threading
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import BusyError, SonolesionError
from sonolesion.server.bundles import BundleCatalogue, KnownBundle
from sonolesion.server.event_hub import EventHub
from sonolesion.server.inbox import read_inbox_file
from sonolesion.server.media import media_of
from sonolesion.server.tasks import ImageInput, Task, TaskKind, TaskResult
from sonolesion.server.worker_pool import WorkerPool
from sonolesion.store.cases import (
    CaseAnswer,
    CaseRecord,
    CaseState,
    NewCase,
    add_case,
    answer_case,
    claim_case,
    count_states,
    read_again,
    refuse_case,
    release_cases,
)
from sonolesion.store.database import Desk
from sonolesion.store.jobs import (
    JobItem,
    claim_job_item,
    fail_job_item,
    finish_case_items,
    has_work,
    release_job_items,
    set_item_case,
)
from sonolesion.store.settings import read_settings

log = logging.getLogger("sonolesion.server")

_POLL_S = 1.0
_FAULT_PAUSE_S = 2.0


class DeskReader:
    """Reads waiting cases in the background; `wake` it when one comes in.

    Args:
        desk: the store.
        pool: who reads.
        catalogue: with which model.
        hub: whom to tell.
        inbox: folder that jobs may read; None for none.
    """

    def __init__(
        self,
        desk: Desk,
        pool: WorkerPool,
        catalogue: BundleCatalogue,
        hub: EventHub,
        *,
        inbox: Path | None = None,
    ) -> None:
        self._inbox = inbox
        self._desk = desk
        self._pool = pool
        self._catalogue = catalogue
        self._hub = hub
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._done: queue.SimpleQueue[_Reading] = queue.SimpleQueue()
        self._in_flight = 0
        self._thread = threading.Thread(target=self._run, name="desk-reader", daemon=True)

    def start(self) -> None:
        """Let what was being read when the server was killed wait again, and begin."""
        with self._desk.writing() as connection:
            release_cases(connection)
            release_job_items(connection)
        self._thread.start()

    def wake(self) -> None:
        """Look at once whether something waits."""
        self._wake.set()

    def stop(self, timeout_s: float) -> None:
        """Take on nothing more, keep what is at work, and end."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not (self._stopping.is_set() and self._in_flight == 0):
            try:
                moved = self._keep_done() or self._take_on()
            except SonolesionError as error:  # e.g. a full disk: tried again after a pause
                log.error("%s: %s", error.code, error.message)
                if self._stopping.wait(_FAULT_PAUSE_S):
                    return  # what is not kept is read again at the next start
                continue
            if not moved:
                self._wake.wait(_POLL_S)
                self._wake.clear()

    def _take_on(self) -> bool:
        """Hand one waiting case to the workers; False where there is none or they have enough."""
        if self._stopping.is_set() or self._in_flight > self._pool.settings.workers:
            return False
        with self._desk.reading() as connection:
            waits = count_states(connection)[CaseState.WAITING] > 0
            has_job = has_work(connection)
        if not waits:
            return has_job and self._begin_job_item()
        with self._desk.writing() as connection:
            claimed = claim_case(connection)
            settings = read_settings(connection)
        if claimed is None:
            return False
        self._hub.publish("case", claimed.id)
        try:
            known = self._catalogue.get(settings.bundle)
            image = ImageInput(
                data=self._desk.images.get(claimed.image_sha256),
                name=f"case {claimed.id}",
                frame=claimed.frame,
                view=claimed.view,
                spacing_mm=claimed.spacing_mm,
            )
            task = Task(
                kind=TaskKind.CASE, image=image, bundle=known.place, precision=known.precision
            )
            future = self._pool.submit(task, background=True)
        except BusyError:  # the server is about to end; the case waits again at the next start
            return False
        except SonolesionError as error:
            self._refuse(claimed, error)
            return True
        self._in_flight += 1
        future.add_done_callback(lambda ended: self._on_done(_Reading(claimed, known, ended)))
        return True

    def _begin_job_item(self) -> bool:
        """Let the next image of a job wait to be read, taking it in from the inbox first."""
        with self._desk.writing() as connection:
            item = claim_job_item(connection)
            if item is not None and item.case_id is not None:
                read_again(connection, item.case_id)
        if item is None:
            return False
        if item.case_id is None:
            self._take_in(item)
        self._hub.publish("job", item.job_id)
        return True

    def _take_in(self, item: JobItem) -> None:
        try:
            data = read_inbox_file(self._inbox, item.path_sha256)
            self._desk.images.put(data)
        except SonolesionError as error:
            with self._desk.writing() as connection:
                fail_job_item(connection, item.id, error.code)
            return
        with self._desk.writing() as connection:
            new = NewCase(data=data, media=media_of(data))
            case = add_case(connection, self._desk, new)
            set_item_case(connection, item.id, case.id)
        self._hub.publish("case", case.id)

    def _on_done(self, reading: _Reading) -> None:
        """Called by a worker's thread, which must not wait for the disk."""
        self._done.put(reading)
        self._wake.set()

    def _keep_done(self) -> bool:
        """Keep what one task came to; False where none has ended."""
        try:
            reading = self._done.get_nowait()
        except queue.Empty:
            return False
        try:
            self._keep(reading)
        except SonolesionError:
            self._done.put(reading)
            raise
        self._in_flight -= 1
        return True

    def _keep(self, reading: _Reading) -> None:
        claimed = reading.claimed
        try:
            result = reading.future.result()
        except CancelledError:
            return
        except SonolesionError as error:
            self._refuse(claimed, error)
            return
        mask_png, picture_png = result.blobs
        info = reading.known.info
        answer = CaseAnswer(
            row=result.values["row"],
            notes=tuple(result.values["notes"]),
            n_warnings=int(result.values["n_warnings"]),
            mask_png=mask_png,
            picture_png=picture_png,
            bundle=info.label,
            bundle_sha256=info.onnx_sha256,
        )
        # forced to the disk before other writers are held up
        self._desk.masks.put(mask_png)
        self._desk.pictures.put(picture_png)
        with self._desk.writing() as connection:
            is_kept = answer_case(connection, self._desk, claimed, answer)
            jobs = finish_case_items(connection, claimed.id) if is_kept else frozenset()
        self._tell(claimed, jobs)

    def _refuse(self, claimed: CaseRecord, error: SonolesionError) -> None:
        with self._desk.writing() as connection:
            is_kept = refuse_case(connection, claimed, error)
            jobs = finish_case_items(connection, claimed.id) if is_kept else frozenset()
        self._tell(claimed, jobs)

    def _tell(self, claimed: CaseRecord, jobs: frozenset[str]) -> None:
        self._hub.publish("case", claimed.id)
        for job_id in jobs:
            self._hub.publish("job", job_id)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A case at work."""

    claimed: CaseRecord
    known: KnownBundle
    future: Future[TaskResult]
