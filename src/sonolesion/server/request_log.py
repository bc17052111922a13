"""One line for each request: method, route, status, time. No path, no query, no address.

A path holds the id of a case, a query the name of a reader; the route ("/api/v1/cases/{case_id}")
holds neither.
"""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("sonolesion.server.requests")
NO_ROUTE = "-"


class RequestLog:
    """Logs each request, and counts it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", NO_ROUTE)
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            log.info("%s %s %d %.0f ms", method, route, status, 1000 * seconds)
            state = getattr(scope["app"], "state", None)
            services = getattr(state, "services", None)
            if services is not None:
                services.metrics.requests.labels(method, route, str(status)).inc()
                services.metrics.seconds.labels(route).observe(seconds)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
