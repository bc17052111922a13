"""A small client of the HTTP interface.

>>> with DeskClient("http://127.0.0.1:8765") as desk:       # doctest: +SKIP
...     row = desk.predict(Path("scan.png").read_bytes())
...     row["label"]
'benign'
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from sonolesion import errors
from sonolesion.errors import BusyError, DeskError, SonolesionError
from sonolesion.server.tasks import TaskKind

_BASE = "/api/v1"
_POLL_S = 0.1
_CLASSES: dict[str, type[SonolesionError]] = {
    getattr(errors, name).code: getattr(errors, name) for name in errors.__all__
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """How an image is to be read.

    Attributes:
        frame, view: which image of the file, from 1.
        mm_per_px: size of a pixel in mm, as "0.08" or "0.08x0.1".
        bundle: name of the model.
    """

    frame: int | None = None
    view: int | None = None
    mm_per_px: str | None = None
    bundle: str | None = None

    def query(self) -> dict[str, str]:
        """Return what was given, as parameters."""
        names = ("frame", "view", "mm_per_px", "bundle")
        return {n: str(getattr(self, n)) for n in names if getattr(self, n) is not None}


AS_IT_IS = ImageOptions()
"""The only image of a file, with its own scale and the desk's model."""


class DeskClient:
    """Asks a reading desk; errors come out as the server's own, of `sonolesion.errors`.

    Args:
        address: e.g. "http://127.0.0.1:8765".
        token: of the server, if it has one.
        reader: who reads; goes along with each request about a case.
        timeout_s: of one request.
        transport: of httpx, for tests.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | None = None,
        reader: str | None = None,
        timeout_s: float = 120.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._reader = {} if reader is None else {"reader": reader}
        # what the environment says of proxies is not for an address of this machine
        self._http = httpx.Client(
            base_url=address, headers=headers, timeout=timeout_s, trust_env=False,
            transport=transport,
        )  # fmt: skip

    def predict(self, data: bytes, options: ImageOptions = AS_IT_IS) -> dict[str, Any]:
        """Return the documented prediction row of an image; nothing is kept.

        Raises:
            SonolesionError: as the server answered.
        """
        return self._json("POST", "/predictions", content=data, params=options.query())

    def predict_file(self, data: bytes, kind: TaskKind, options: ImageOptions = AS_IT_IS) -> bytes:
        """Return another answer to an image, e.g. `TaskKind.MASK`."""
        path = f"/predictions/{kind.value}"
        return self._ask("POST", path, content=data, params=options.query()).content

    def add_case(self, data: bytes, *, label: str = "", **query: str | int) -> dict[str, Any]:
        """Keep an image as a case; it is read in the background."""
        more = {"label": label} if label else {}
        return self._json("POST", "/cases", content=data, params=self._reader | more | query)

    def case(self, case_id: str) -> dict[str, Any]:
        """Return a case as the reader may see it."""
        return self._json("GET", f"/cases/{case_id}", params=self._reader)

    def wait_for_case(self, case_id: str, *, timeout_s: float = 60.0) -> dict[str, Any]:
        """Wait until a case was read or refused, and return it.

        Raises:
            BusyError: not in that time.
        """
        end = time.monotonic() + timeout_s
        while (found := self.case(case_id))["state"] in ("waiting", "reading"):
            if time.monotonic() > end:
                raise BusyError(f"the case was not read within {timeout_s:g} s.")
            time.sleep(_POLL_S)
        return found

    def case_file(self, case_id: str, name: str) -> bytes:
        """Return a file of a case by its name in the interface, e.g. "report.pdf"."""
        return self._ask("GET", f"/cases/{case_id}/{name}", params=self._reader).content

    def add_read(self, case_id: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what the reader saw or said; see `sonolesion.server.messages.NewReadBody`."""
        body = self._reader | dict(event)
        return self._json("POST", f"/cases/{case_id}/reads", json=body)

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Return the JSON of any path below /api/v1."""
        return self._json("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send JSON to any path below /api/v1 and return the answer."""
        return self._json("POST", path, json=dict(body))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._ask(method, path, **request).json()
        return found

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, _BASE + path, **request)
        except httpx.HTTPError as error:
            raise DeskError(
                f"the desk does not answer ({type(error).__name__}). Check that it runs."
            ) from error
        if answer.is_success:
            return answer
        try:
            told = answer.json()["error"]
            kind = _CLASSES.get(told["id"], DeskError)
        except (ValueError, KeyError, TypeError):
            raise DeskError(f"the desk answered {answer.status_code}.") from None
        raise kind(told["message"])
