"""Works off what is to be sent: one conversation with the PACS for all that is due."""

from __future__ import annotations

import time
from collections.abc import Callable

from sonolesion.errors import DeliveryError, PeerError
from sonolesion.node.backoff import Backoff
from sonolesion.node.destination import Conversation, Destination, ResultFile
from sonolesion.node.naming import LOGGER
from sonolesion.node.queue import SEND, Queue
from sonolesion.node.refusal import LOST, Reason, Refusal
from sonolesion.store.queue import QueueItem

_MOST_PER_CONVERSATION = 500
_LONGEST_PAUSE_S = 60.0
"""However long a result waits after its failures, the PACS is tried with another after a minute."""


class Sender:
    """Sends what is due. For one thread.

    A PACS that cannot be reached costs one result an attempt, not all of them: until the wait is
    over nothing else is tried.

    Args:
        queue: what waits.
        destination: where it goes.
        backoff: how long to wait after a failure.
        attempts: how often a result is tried before it is given up.
    """

    def __init__(
        self, queue: Queue, destination: Destination, *, backoff: Backoff, attempts: int
    ) -> None:
        self._queue = queue
        self._destination = destination
        self._backoff = backoff
        self._attempts = attempts
        self._failures = 0
        self._not_before = 0.0

    def work(self, *, stop: Callable[[], bool] = lambda: False) -> int:
        """Send what is due; return how many results have arrived.

        Args:
            stop: whether to end after the result that is being sent.
        """
        if time.monotonic() < self._not_before:
            return 0
        item = self._queue.claim(SEND)
        if item is None:
            return 0
        tried = arrived = 0
        try:
            with self._destination.open() as conversation:
                while item is not None:
                    arrived += self._send(item, conversation)
                    self._note_success()
                    tried += 1
                    is_over = stop() or tried == _MOST_PER_CONVERSATION
                    item = None if is_over else self._queue.claim(SEND)
        except PeerError as error:
            self._failures += 1
            wait_s = self._backoff.wait_s(self._failures)
            pause_s = min(wait_s, _LONGEST_PAUSE_S)
            self._not_before = time.monotonic() + pause_s
            LOGGER.warning("%s Next attempt in %.0f s.", error, pause_s)
            if item is not None:
                self._put_back(item, error, wait_s=wait_s)
        return arrived

    def _note_success(self) -> None:
        """What waits because the PACS could not be reached need not wait any longer."""
        if self._failures:
            self._failures = 0
            self._queue.hurry()

    def _send(self, item: QueueItem, conversation: Conversation) -> int:
        """Send one result; return 1 where it has arrived, 0 where the PACS did not take it."""
        assert item.file_sha256 is not None
        path = self._queue.files.path(item.file_sha256)
        uid = item.key.split(":")[1]
        if not path.is_file():
            self._queue.refuse(item, LOST)
            return 0
        try:
            conversation.send(ResultFile(item.detail["sop_class_uid"], uid, path))
        except PeerError:
            raise
        except DeliveryError as error:
            LOGGER.warning(
                "%s: %s not taken: %s", item.detail["object"], item.detail["kind"], error
            )
            self._put_back(item, error, wait_s=self._backoff.wait_s(item.attempts))
            return 0
        self._queue.mark_sent(item)
        LOGGER.info("%s: %s sent", item.detail["object"], item.detail["kind"])
        return 1

    def _put_back(self, item: QueueItem, error: DeliveryError, *, wait_s: float) -> None:
        refusal = Refusal(Reason.NOT_SENT, error.message, error.code)
        if item.attempts >= self._attempts:
            LOGGER.error("%s: %s given up", item.detail["object"], item.detail["kind"])
            self._queue.give_up(item, refusal)
        else:
            self._queue.postpone(item, refusal, wait_s=wait_s)
