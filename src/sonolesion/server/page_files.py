"""The page's files, at every path that is none of the interface."""

from __future__ import annotations

from starlette.routing import Match, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sonolesion.server.settings import STATIC_FOLDER

_INTERFACE = "/api/"


class PageFiles(Mount):
    """Files of the page at "/".

    A plain mount there would take a GET or HEAD of an interface's path that knows other methods
    only, and answer 404 where 405 is right.
    """

    def __init__(self) -> None:
        super().__init__("/", app=StaticFiles(directory=STATIC_FOLDER, html=True), name="page")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take any path but the interface's."""
        if scope["type"] == "http" and scope["path"].startswith(_INTERFACE):
            return Match.NONE, {}
        return super().matches(scope)
