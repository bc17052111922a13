"""The node itself: listener, reader, sender and poller, each in a thread, until it is stopped."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sonolesion.bundle import DEFAULT_BUNDLE, load_bundle
from sonolesion.errors import ConfigError, SonolesionError
from sonolesion.files import explain_write_errors, lock_file, make_folder
from sonolesion.node.backoff import Backoff
from sonolesion.node.destination import Destination
from sonolesion.node.dicomweb import DicomWeb
from sonolesion.node.listener import Listener
from sonolesion.node.naming import LOGGER
from sonolesion.node.pacs import Pacs
from sonolesion.node.poller import Poller
from sonolesion.node.queue import Queue
from sonolesion.node.reader import Reader
from sonolesion.node.reader_process import ReaderProcess
from sonolesion.node.room import Room
from sonolesion.node.sender import Sender
from sonolesion.node.settings import NodeSettings
from sonolesion.store.database import Desk
from sonolesion.writers.dicom.identifiers import model_hash

LOCK_NAME = "node.lock"
_LOOK_S = 1.0
_HOLD_S = 1.0
_TIDY_S = 60.0
_SWEEP_S = 3600.0
_AFTER_TROUBLE_S = 10.0
_DRAIN_S = 20.0
_BYTES_PER_MB = 1_000_000


class Node:
    """A node on an open store.

    Args:
        settings: all of them; see `check_ways`.
        desk: the store.

    Raises:
        BundleError: no such bundle.
        ConfigError: a login that cannot be read.
    """

    def __init__(self, settings: NodeSettings, desk: Desk) -> None:
        self._settings = settings
        bundle = load_bundle(settings.read.bundle or DEFAULT_BUNDLE).info
        self.queue = Queue(desk, model_hash(bundle))
        self._desk = desk
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._next_sweep = 0.0
        self._room = Room(settings.keep, self.queue, desk.folder)
        self._web: DicomWeb | None = None
        if settings.web.url:
            limit = settings.listen.max_object_mb * _BYTES_PER_MB
            self._web = DicomWeb(settings.web, max_object_bytes=limit)
        self.listener = Listener(settings.listen, self.queue, room=self._room, wake=self._wake)

    def stop(self) -> None:
        """Ask the node to end: callers may finish, and so does what is being read and sent."""
        self._stop.set()
        self._wake.set()

    def pull_study(self, study_uid: str) -> int:
        """Fetch the images of a study into the queue; return how many were new.

        Raises:
            ConfigError: there is no DICOMweb service.
            SonolesionError: see `Poller.pull_study`.
        """
        return self._make_poller().pull_study(study_uid)

    def run(self, *, once: bool = False) -> bool:
        """Work until `stop`, or with `once` until nothing is due.

        Returns:
            Whether all went well; False where a part of the node ended by a fault of the program.

        Raises:
            ConfigError: another node works on this folder, or the address cannot be had.
        """
        settings = self._settings
        with hold_folder(self._desk.folder):
            self.queue.begin()
            process = ReaderProcess(settings.read)
            backoff = Backoff(settings.retry.first_s, settings.retry.cap_s)
            reader = Reader(
                self.queue, process, self._desk.folder / "node" / "work", backoff=backoff
            )
            sender = Sender(
                self.queue,
                self._make_destination(),
                backoff=backoff,
                attempts=settings.retry.attempts,
            )
            try:
                if once:
                    self._run_once(reader, sender)
                    return True
                return self._run_threads(reader, sender)
            finally:
                process.close(at_once=False)
                if self._web is not None:
                    self._web.close()

    def _run_once(self, reader: Reader, sender: Sender) -> None:
        if self._settings.poll.interval_s:
            self._make_poller().poll(stop=self._stop.is_set)
        while not self._stop.is_set() and reader.work():
            pass
        while not self._stop.is_set() and sender.work(stop=self._stop.is_set):
            pass
        self._tidy()

    def _run_threads(self, reader: Reader, sender: Sender) -> bool:
        settings = self._settings
        if settings.listen.enabled:
            self.listener.start()
            LOGGER.info("listening on %s:%d", settings.listen.host, self.listener.port)
        jobs: list[tuple[str, Callable[[], object], float]] = [
            ("reader", lambda: _while_true(reader.work, self._stop), _LOOK_S),
            ("sender", lambda: sender.work(stop=self._stop.is_set), _LOOK_S),
            ("tidying", self._tidy, _TIDY_S),
        ]
        if settings.poll.interval_s:
            poller = self._make_poller()
            poll_s = settings.poll.interval_s
            jobs.append(("poller", lambda: poller.poll(stop=self._stop.is_set), poll_s))
        threads = [
            threading.Thread(target=self._repeat, args=job, name=job[0], daemon=True)
            for job in jobs
        ]
        for thread in threads:
            thread.start()
        while not self._stop.wait(_LOOK_S) and all(thread.is_alive() for thread in threads):
            pass
        all_well = self._stop.is_set()
        self.stop()
        self.listener.stop(wait_s=_DRAIN_S)
        for thread in threads:
            thread.join()
        self._tidy()
        LOGGER.info("stopped; %d objects and results wait", self.queue.count_waiting())
        return all_well

    def _repeat(self, name: str, job: Callable[[], object], every_s: float) -> None:
        """Do a job again and again; what goes wrong on purpose does not end it."""
        while not self._stop.is_set():
            began = time.monotonic()
            wait_s = every_s
            try:
                job()
            except SonolesionError as error:
                LOGGER.error("%s: %s", name, error)
                wait_s = max(every_s, _AFTER_TROUBLE_S)
            self._pause(began + wait_s, wakes=name == "reader")

    def _pause(self, until: float, *, wakes: bool) -> None:
        wait_s = max(0.0, until - time.monotonic())
        if wakes:
            self._wake.wait(wait_s)
            if not self._stop.is_set():
                self._wake.clear()
        else:
            self._stop.wait(wait_s)

    def _tidy(self) -> None:
        self.queue.tidy(keep_s=self._settings.keep.objects_h * 3600.0)
        if time.monotonic() >= self._next_sweep:
            self.queue.sweep()
            self._next_sweep = time.monotonic() + _SWEEP_S

    def _make_destination(self) -> Destination:
        if self._settings.send.way == "stow":
            return self._need_web()
        return Pacs(self._settings.pacs)

    def _make_poller(self) -> Poller:
        return Poller(self._settings.poll, self._need_web(), self.queue, room=self._room)

    def _need_web(self) -> DicomWeb:
        if self._web is None:
            raise ConfigError("setting web.url: which service? Give the DICOMweb root.")
        return self._web


@contextlib.contextmanager
def hold_folder(folder: Path, *, wait_s: float = _HOLD_S) -> Iterator[None]:
    """Keep other nodes from working on a folder.

    Args:
        folder: the data folder.
        wait_s: how long to wait for it; a look at the status holds it for a moment, too.

    Raises:
        ConfigError: another node has it.
    """
    path = make_folder(folder) / LOCK_NAME
    with explain_write_errors(path):
        file = path.open("ab")
    end = time.monotonic() + wait_s
    with file:
        while not lock_file(file):
            if time.monotonic() >= end:
                raise ConfigError(
                    f"another node works on {folder}. Stop it, or give another --data."
                )
            time.sleep(_HOLD_S / 20)
        yield


def is_held(folder: Path) -> bool:
    """Whether a node works on a folder."""
    try:
        with hold_folder(folder, wait_s=0.0):
            return False
    except ConfigError:
        return True


def _while_true(step: Callable[[], bool], stop: threading.Event) -> None:
    while not stop.is_set() and step():
        pass
