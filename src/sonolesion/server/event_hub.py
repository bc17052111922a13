"""Changes of cases and jobs, told to whoever listens; a slow listener misses some, no one waits."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from sonolesion.errors import BusyError

MAX_LISTENERS = 32
_BACKLOG = 200


@dataclass(frozen=True, slots=True)
class DeskEvent:
    """Something changed.

    Attributes:
        kind: "case" or "job".
        id: of which.
    """

    kind: str
    id: str


class EventHub:
    """Passes events from any thread to listeners in the event loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[asyncio.Queue[DeskEvent], asyncio.AbstractEventLoop] = {}

    def publish(self, kind: str, subject_id: str) -> None:
        """Tell all listeners; safe in every thread."""
        event = DeskEvent(kind, subject_id)
        with self._lock:
            listeners = list(self._listeners.items())
        for queue, loop in listeners:
            with contextlib.suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(_put, queue, event)

    @contextlib.contextmanager
    def listen(self) -> Iterator[asyncio.Queue[DeskEvent]]:
        """Give a queue of the events from now on.

        Raises:
            BusyError: as many listen as may.
        """
        queue: asyncio.Queue[DeskEvent] = asyncio.Queue(_BACKLOG)
        with self._lock:
            if len(self._listeners) >= MAX_LISTENERS:
                raise BusyError("as many pages listen as may; ask again for changes instead.")
            self._listeners[queue] = asyncio.get_running_loop()
        try:
            yield queue
        finally:
            with self._lock:
                self._listeners.pop(queue, None)


def _put(queue: asyncio.Queue[DeskEvent], event: DeskEvent) -> None:
    with contextlib.suppress(asyncio.QueueFull):
        queue.put_nowait(event)
