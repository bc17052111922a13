"""The server itself: one process, one event loop, ends in order."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from sonolesion.errors import InvalidInputError
from sonolesion.server.connections import PromptConnection
from sonolesion.server.settings import ServerSettings

MAX_HEADER_BYTES = 32 * 1024
KEEP_ALIVE_S = 10
DRAIN_S = 25


class DeskServer(uvicorn.Server):
    """Tells the application at once when it is asked to end, so that streams end, too.

    Args:
        config: uvicorn's.
        app: the application.
        on_started: called with the port when requests are taken.
    """

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, on_started: Callable[[int], None] | None
    ) -> None:
        super().__init__(config)
        self._desk_app = app
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started and self._on_started is not None and sockets:
            self._on_started(int(sockets[0].getsockname()[1]))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begin to end: nothing new is taken, what was begun comes to its end.

        uvicorn would raise the signal once more afterwards, and the process would end as killed.
        """
        services = getattr(self._desk_app.state, "services", None)
        if services is not None:
            services.ending.set()
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def serve(
    app: FastAPI, settings: ServerSettings, *, on_started: Callable[[int], None] | None = None
) -> bool:
    """Serve until the process is asked to end (SIGTERM, SIGINT); False where it did not start.

    Raises:
        InvalidInputError: the address cannot be listened on.
    """
    logging.getLogger("uvicorn.error").addFilter(without_values)
    listener = _listen(settings)
    config = uvicorn.Config(
        app,
        http=PromptConnection,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )
    server = DeskServer(config, app, on_started)
    with listener:
        server.run([listener])
    return server.started


def without_values(record: logging.LogRecord) -> bool:
    """Take traceback and text of an exception out of a log record: they may quote an upload."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = f"fault: {record.exc_info[0].__name__}", ()
        record.exc_info = record.exc_text = None
    return True


def _listen(settings: ServerSettings) -> socket.socket:
    """Open the socket ourselves, so that a port in use is one line and not a traceback.

    The protocol is named because asyncio sends at once (TCP_NODELAY) on such sockets only; on
    others each answer on a kept connection waits 40 ms for the client's acknowledgement.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host.strip("[]"), settings.port))
    except OSError as error:
        listener.close()
        raise InvalidInputError(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror or error}). "
            "Choose another --port or --host."
        ) from error
    return listener
