"""A DICOMweb service: QIDO-RS to find, WADO-RS to fetch, STOW-RS to store (PS3.18)."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from sonolesion.errors import ConfigError, DeliveryError, PeerError
from sonolesion.node.destination import ResultFile
from sonolesion.node.multipart import Related, take_first_part
from sonolesion.node.naming import is_uid
from sonolesion.node.settings import WebSettings, is_loopback

_PAGE = 100
_MAX_PAGES = 1000
_MAX_ANSWER_BYTES = 50_000_000
_DUPLICATE = 0x0111
_STUDY, _SERIES, _INSTANCE, _CLASS = "0020000D", "0020000E", "00080018", "00080016"
_MODALITY, _FAILED, _REASON = "00080060", "00081198", "00081197"


@dataclass(frozen=True, slots=True)
class Found:
    """An instance that a service has: UIDs of study, series, instance and class (or empty)."""

    study_uid: str
    series_uid: str
    sop_instance_uid: str
    sop_class_uid: str = ""


class DicomWeb:
    """A service. Certificates are verified; redirects and proxies are not followed.

    Args:
        settings: root, login, time limit.
        max_object_bytes: of an object that is fetched.
        transport: what carries requests; None for the network.

    Raises:
        ConfigError: no such address, or a login that cannot be read.
    """

    def __init__(
        self,
        settings: WebSettings,
        *,
        max_object_bytes: int,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._root = _check_root(settings)
        self._max_object_bytes = max_object_bytes
        self._client = httpx.Client(
            auth=_basic(settings),
            headers=_bearer(settings),
            timeout=settings.timeout_s,
            verify=_certificates(settings),
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    @contextlib.contextmanager
    def open(self) -> Iterator[DicomWeb]:
        """Give the service itself: each request stands alone."""
        yield self

    def find_recent(self, modality: str, *, days: int) -> Iterator[Found]:
        """Find the instances of a modality in studies of the last days.

        Asked study by study and series by series, which every service offers.

        Args:
            modality: such as "US".
            days: 0 for today's studies.

        Raises:
            PeerError: no answer, or none that can be read.
        """
        today = date.today()  # noqa: DTZ011 - a study has the date of the place
        window = f"{today - timedelta(days=days):%Y%m%d}-{today + timedelta(days=1):%Y%m%d}"
        query = {"ModalitiesInStudy": modality, "StudyDate": window}
        for study in self._search("/studies", query):
            yield from self.find_in_study(_uid(study, _STUDY), modality)

    def find_in_study(self, study_uid: str, modality: str) -> Iterator[Found]:
        """Find the instances of a modality in one study.

        Raises:
            PeerError: no answer, or none that can be read.
        """
        for series in self._search(f"/studies/{study_uid}/series", {"Modality": modality}):
            if _first(series, _MODALITY) not in (modality, ""):
                continue  # a service may ignore what it does not know to ask for
            uid = _uid(series, _SERIES)
            path = f"/studies/{study_uid}/series/{uid}/instances"
            for one in self._search(path, {}):
                yield Found(study_uid, uid, _uid(one, _INSTANCE), _first(one, _CLASS))

    def fetch(self, found: Found) -> bytes:
        """Fetch an instance as a file, in whatever transfer syntax it is kept.

        Raises:
            PeerError: no answer, or none that can be read.
            DeliveryError: the service does not give it, or it is too large.
        """
        path = (
            f"/studies/{found.study_uid}/series/{found.series_uid}"
            f"/instances/{found.sop_instance_uid}"
        )
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        with _explained(self._root):
            request = self._client.build_request(
                "GET", self._root + path, headers={"Accept": accept}
            )
            answer = self._client.send(request, stream=True)
            try:
                self._check(answer, "WADO-RS")
                body = self._read(answer, self._max_object_bytes)
            finally:
                answer.close()
        try:
            return take_first_part(body, answer.headers.get("Content-Type", ""))
        except ValueError as error:
            raise PeerError(f"{self._root}: answered WADO-RS with {error}.") from None

    def send(self, result: ResultFile) -> None:
        """Store a result; see `Conversation`."""
        body = Related(result.path)
        headers = {
            "Content-Type": body.content_type,
            "Content-Length": str(body.length),
            "Accept": "application/dicom+json",
        }
        with _explained(self._root):
            answer = self._client.post(
                f"{self._root}/studies", content=body.blocks(), headers=headers
            )
        if answer.status_code in (200, 202, 409) and _is_stored(answer):
            return
        self._check(answer, "STOW-RS")
        raise DeliveryError(f"{self._root} did not store an object (STOW-RS).")

    def _search(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """Ask page by page, until a page brings nothing new; each match is given once."""
        seen: set[str] = set()
        for page in range(_MAX_PAGES):
            asked = {**query, "limit": str(_PAGE), "offset": str(page * _PAGE)}
            matches = self._ask(path, asked)
            new = [match for match in matches if repr(match) not in seen]
            seen.update(repr(match) for match in new)
            yield from new
            if len(matches) < _PAGE or not new:
                return

    def _ask(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        headers = {"Accept": "application/dicom+json"}
        with _explained(self._root):
            request = self._client.build_request(
                "GET", self._root + path, params=dict(query), headers=headers
            )
            answer = self._client.send(request, stream=True)
            try:
                if answer.status_code == httpx.codes.NO_CONTENT:
                    return []
                self._check(answer, "QIDO-RS")
                answer_body = self._read(answer, _MAX_ANSWER_BYTES)
            finally:
                answer.close()
        try:
            found = json.loads(answer_body) if answer_body else []
        except ValueError:
            raise PeerError(f"{self._root}: answered QIDO-RS with what is no JSON.") from None
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise PeerError(f"{self._root}: answered QIDO-RS with what is no list of objects.")
        return found

    def _read(self, answer: httpx.Response, most: int) -> bytearray:
        body = bytearray()
        for block in answer.iter_bytes():
            body += block
            if len(body) > most:
                raise DeliveryError(f"{self._root}: an answer of over {most // 10**6} MB.")
        return body

    def _check(self, answer: httpx.Response, service: str) -> None:
        """Tell what is wrong with the service from what is wrong with one object."""
        code = answer.status_code
        if code in (401, 403):
            raise PeerError(f"{self._root} answered {service} with {code}: check user or token.")
        if code >= 500 or code in (408, 429):
            raise PeerError(f"{self._root} answered {service} with {code}.")
        if code >= 300:
            raise DeliveryError(f"{self._root} answered {service} with {code}.")


def _is_stored(answer: httpx.Response) -> bool:
    """Whether an answer to STOW-RS says that the one object is there; without a body 200 does."""
    try:
        failed = answer.json().get(_FAILED, {}).get("Value", [])
        codes = [int(_first(item, _REASON) or 0) for item in failed]
    except (ValueError, AttributeError, TypeError):
        return answer.status_code == httpx.codes.OK
    return all(code == _DUPLICATE for code in codes)


def _first(match: Mapping[str, Any], number: str) -> str:
    values = match.get(number, {})
    values = values.get("Value") if isinstance(values, dict) else None
    return str(values[0]) if isinstance(values, list) and values else ""


def _uid(match: Mapping[str, Any], number: str) -> str:
    """A UID of an answer; it becomes a part of a path, so nothing else passes."""
    text = _first(match, number)
    if not is_uid(text):
        raise PeerError("the service answered QIDO-RS without a valid UID.")
    return text


@contextlib.contextmanager
def _explained(root: str) -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        # not its text: it may hold the address with UIDs
        raise PeerError(f"{root} cannot be reached ({type(error).__name__}).") from None


def _check_root(settings: WebSettings) -> str:
    try:
        url = httpx.URL(settings.url)
    except httpx.InvalidURL:
        raise ConfigError("setting web.url: not an address.") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise ConfigError(
            "setting web.url: expected https://HOST/PATH without a user; see web.user."
        )
    if url.scheme == "http" and not (settings.plain_http or is_loopback(url.host)):
        raise ConfigError(
            "setting web.url: by http others may read along. Use https, or set web.plain_http."
        )
    return str(url).rstrip("/")


def _basic(settings: WebSettings) -> httpx.BasicAuth | None:
    if not settings.user:
        return None
    secret = _secret(settings.password_file, settings.password_env, "web.password")
    return httpx.BasicAuth(settings.user, secret)


def _bearer(settings: WebSettings) -> dict[str, str]:
    if not (settings.token_file or settings.token_env):
        return {}
    secret = _secret(settings.token_file, settings.token_env, "web.token")
    return {"Authorization": f"Bearer {secret}"}


def _secret(file: str, variable: str, name: str) -> str:
    if file:
        try:
            secret = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"setting {name}_file: the file cannot be read.") from None
    else:
        secret = os.environ.get(variable, "") if variable else ""
    if not secret:
        raise ConfigError(f"setting {name}_file or {name}_env: there is nothing in it.")
    return secret


def _certificates(settings: WebSettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_file:
        try:
            context.load_verify_locations(settings.ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigError("setting web.ca_file: no certificates can be read there.") from None
    return context
