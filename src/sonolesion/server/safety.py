"""Who may ask: host name, origin and token are checked before anything of a request is read.

A page of another site can make a browser send requests to this machine. It is told by its `Origin`
(or `Sec-Fetch-Site`), and when it made its own name point here, by the `Host` it was called by.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sonolesion.errors import AccessError, ForeignRequestError, SonolesionError
from sonolesion.server.failures import failure, status_of
from sonolesion.server.settings import ServerSettings, is_loopback

COOKIE = "sonolesion_session"
SESSION_S = 12 * 3600
API = "/api/"
_CLOSED_PATHS = ("/metrics", "/docs", "/openapi.json")
_OPEN_PATHS = ("/api/v1/session",)
POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class SafeHeaders:
    """Puts the headers of safety on every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class RequestGuard:
    """Refuses requests under a foreign name, from a foreign page, or without the token."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in settings.names)
        self._any_address = not is_loopback(settings.host)
        self._sessions = None if settings.token is None else Sessions(settings.token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the refusal."""
        if scope["type"] == "http":
            try:
                self._check(scope)
            except SonolesionError as error:
                await failure(status_of(error), error)(scope, receive, send)
                return
        elif scope["type"] == "websocket":
            return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_known(hosts[0]):
            raise ForeignRequestError(
                "this server is not called by that name. Use its address, or start it with "
                "--name NAME."
            )
        origins = headers.getlist("origin")
        if any(not _is_same_site(origin, hosts[0]) for origin in origins):
            raise ForeignRequestError("a page of another site may not ask this server.")
        from_elsewhere = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        # a person may follow a link to the page, but no other site may use the interface
        is_link = scope["method"] in ("GET", "HEAD") and not scope["path"].startswith(API)
        if from_elsewhere and not origins and not is_link:
            raise ForeignRequestError("a page of another site may not ask this server.")
        if self._sessions is not None and self._needs_token(scope["path"]):
            self._sessions.require(headers)

    def _is_known(self, host: str) -> bool:
        name = _host_name(host)
        if name in self._names or is_loopback(name):
            return True
        return self._any_address and _is_address(name)

    @staticmethod
    def _needs_token(path: str) -> bool:
        if path in _OPEN_PATHS:
            return False
        return path.startswith((API, *_CLOSED_PATHS))


class Sessions:
    """The token, and signed cookies in its place that end after twelve hours.

    A cookie is no copy of the token; it stays valid over a restart, and not over a new token.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._key = hashlib.sha256(b"sonolesion session\0" + self._token).digest()

    def require(self, headers: Headers) -> None:
        """Check the token or the cookie of a request.

        Raises:
            AccessError: neither is there and right.
        """
        given = headers.get("authorization", "")
        scheme, _, token = given.partition(" ")
        if scheme.lower() == "bearer" and self.is_token(token.strip()):
            return
        cookies = cookie_parser(headers.get("cookie", ""))
        if COOKIE in cookies and self._is_session(cookies[COOKIE]):
            return
        raise AccessError("this server needs its token: send Authorization: Bearer TOKEN.")

    def is_token(self, given: str) -> bool:
        """Whether a text is the token; takes the same time whatever it is."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token)

    def new_session(self) -> str:
        """Make the value of a cookie."""
        content = f"{int(time.time()) + SESSION_S}.{secrets.token_hex(8)}"
        return f"{content}.{self._sign(content)}"

    def _is_session(self, value: str) -> bool:
        content, _, signature = value.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(content).encode()):
            return False
        return int(content.partition(".")[0]) > time.time()

    def _sign(self, content: str) -> str:
        return hmac.new(self._key, content.encode(), hashlib.sha256).hexdigest()


def allowed_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names in lower case, without empty ones."""
    return tuple(name.strip().lower() for name in names if name.strip())


def _host_name(host: str) -> str:
    """The name of a Host header, without the port.

    >>> _host_name("[::1]:8765"), _host_name("LOCALHOST:8765")
    ('::1', 'localhost')
    """
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_same_site(origin: str, host: str) -> bool:
    scheme, _, place = origin.strip().lower().partition("://")
    return scheme in ("http", "https") and place == host.strip().lower()
