"""How much may come in: bytes of a body, time for it, and bytes of all bodies together."""

from __future__ import annotations

import asyncio
import contextlib
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonolesion.errors import (
    BusyError,
    MalformedRequestError,
    SlowRequestError,
    SonolesionError,
    TooLargeError,
)
from sonolesion.server.failures import failure, status_of
from sonolesion.server.settings import ServerSettings

MAX_BODIES = 16
"""So many largest bodies may be held at the same time."""

_DRAIN_S = 3.0


class BodyLimit:
    """Counts a body while it comes, and refuses what is too large, too slow or packed."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._limit = settings.max_body_bytes
        self._timeout_s = settings.body_timeout_s
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a body that stops at the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = _CountedBody(self._limit, self._timeout_s, receive)
        waits = headers.get("expect", "").lower() == "100-continue"

        async def send_after_body(message: Message) -> None:
            # a client that is still sending would not read the answer
            if message["type"] == "http.response.start" and not (waits and body.is_untouched):
                await body.drop_rest()
            await send(message)

        try:
            length = _check_headers(headers, self._limit)
            if length and self._held + length > MAX_BODIES * self._limit:
                raise BusyError("too many images come in at the same time. Try again shortly.")
        except SonolesionError as error:
            answer = failure(status_of(error), error, {"Connection": "close"})
            await answer(scope, body.receive, send_after_body)
            return
        self._held += length
        try:
            await self._app(scope, body.receive, send_after_body)
        finally:
            self._held -= length


class _CountedBody:
    def __init__(self, limit: int, timeout_s: float, receive: Receive) -> None:
        self._limit = limit
        self._end = time.monotonic() + timeout_s
        self._receive = receive
        self._count = 0
        self._complete = False
        # a streamed answer waits for the client to go while the rest of the body is dropped: were
        # both to ask for the body's last part, one would wait for it without end
        self._turn = asyncio.Lock()
        self.is_untouched = True

    async def receive(self) -> Message:
        """Receive the next part; after the body, whatever else comes, without a limit of time.

        Raises:
            SlowRequestError, TooLargeError: the body is.
        """
        self.is_untouched = False
        async with self._turn:
            if not self._complete:
                return await self._next_part()
        return await self._receive()

    async def _next_part(self) -> Message:
        try:
            left = max(0.0, self._end - time.monotonic())
            message = await asyncio.wait_for(self._receive(), left)
        except TimeoutError:
            raise SlowRequestError("the body took too long to come. Send it again.") from None
        if message["type"] == "http.request":
            self._count += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._count > self._limit:
                raise _too_large(self._limit)
        else:
            self._complete = True
        return message

    async def drop_rest(self) -> None:
        """Take in what is on its way and forget it, for a few seconds and bytes at most."""
        if self._complete:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_S), self._turn:
                dropped = 0
                while not self._complete and dropped <= self._limit:
                    message = await self._receive()
                    dropped += len(message.get("body", b""))
                    self._complete = not message.get("more_body", False)


def _check_headers(headers: Headers, limit: int) -> int:
    """Return how many bytes will come; those of the limit where nothing says it."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise MalformedRequestError("packed bodies (Content-Encoding) are not taken.")
    given = headers.get("content-length")
    if given is None:
        return limit if "transfer-encoding" in headers else 0
    if not given.isdecimal():
        raise MalformedRequestError("Content-Length is no number.")
    if int(given) > limit:
        raise _too_large(limit)
    return int(given)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"a request may have {limit / 2**20:g} MB at most.")
