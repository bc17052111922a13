"""HTTP connections that may not stay silent: a header has to come in time, and not all may wait.

uvicorn limits how long a connection may idle after a request, but not how long the first header
may take. Two hundred clients that send one byte a minute would hold two hundred connections.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from sonolesion.errors import MalformedRequestError

HEADER_TIMEOUT_S = 10.0
MAX_CONNECTIONS = 512


class PromptConnection(H11Protocol):
    """uvicorn's HTTP/1.1 with a limit of time for the header, and of connections in all."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a header; where too many wait, the one that waits longest goes."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            _close_longest_waiting(self)
        self._wait_for_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came; a complete header ends the waiting."""
        super().data_received(data)
        if not self.is_waiting:
            self._stop_waiting()
        elif self._deadline is None:
            self._wait_for_header()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  its text is uvicorn's own
        """Refuse what is no HTTP in the one shape of errors."""
        error = MalformedRequestError("this is no HTTP/1.1 request, or its header is too long.")
        body = json.dumps({"error": {"id": error.code, "message": error.message}}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        events = (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event))
        self.transport.close()

    @property
    def is_waiting(self) -> bool:
        """Whether no complete header of a next request has come."""
        return bool(self.conn.their_state is h11.IDLE)

    def _wait_for_header(self) -> None:
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(HEADER_TIMEOUT_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.is_waiting and not self.transport.is_closing():
            self.transport.close()


def _close_longest_waiting(newest: PromptConnection) -> None:
    waiting = [
        c
        for c in newest.connections
        if isinstance(c, PromptConnection) and c is not newest and c._deadline is not None
    ]
    if waiting:
        min(waiting, key=lambda c: c._deadline.when() if c._deadline else 0.0).transport.close()
    else:
        newest.transport.close()
