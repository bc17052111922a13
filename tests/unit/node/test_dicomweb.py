"""DICOMweb against a service made here: what is asked, what is understood, what goes wrong."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from dicom_files import to_bytes
from node_peers import make_image

from sonolesion.errors import ConfigError, DeliveryError, OutputWriteError, PeerError
from sonolesion.node.destination import ResultFile
from sonolesion.node.dicomweb import DicomWeb, Found
from sonolesion.node.multipart import Related, take_first_part
from sonolesion.node.poller import Poller
from sonolesion.node.queue import READ, Queue
from sonolesion.node.room import Room
from sonolesion.node.settings import KeepSettings, NodeSettings, PollSettings, WebSettings
from sonolesion.store.database import Desk

ROOT = "https://pacs.example.org/dicom-web"
STUDY, SERIES = "1.2.3", "1.2.3.4"
US, SEG = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.66.4"
Handler = Callable[[httpx.Request], httpx.Response]


def web(handler: Handler, *, most: int = 10**7, **settings: object) -> DicomWeb:
    transport = httpx.MockTransport(handler)
    return DicomWeb(WebSettings(url=ROOT, **settings), max_object_bytes=most, transport=transport)


def element(**values: str) -> dict[str, object]:
    numbers = {"study": "0020000D", "series": "0020000E", "instance": "00080018",
               "kind": "00080016", "modality": "00080060"}  # fmt: skip
    return {numbers[name]: {"vr": "UI", "Value": [value]} for name, value in values.items()}


class Service:
    """One study with two series, of ultrasound and of segmentations."""

    def __init__(self, n_images: int = 2) -> None:
        self.images = {f"2.25.77{n}": make_image(n) for n in range(n_images)}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.path.removeprefix("/dicom-web")
        if path == "/studies":
            return httpx.Response(200, json=[element(study=STUDY)])
        if path == f"/studies/{STUDY}/series":
            series = [element(series=SERIES, modality="US"), element(series="9", modality="SEG")]
            return httpx.Response(200, json=series)
        if path.endswith("/instances"):
            offset, limit = (int(request.url.params[k]) for k in ("offset", "limit"))
            found = [element(instance=uid, kind=US) for uid in self.images]
            found.append(element(instance="1.9", kind=SEG))
            return httpx.Response(200, json=found[offset : offset + limit])
        body = to_bytes(self.images[path.rpartition("/")[2]])
        return multipart(body)


def multipart(body: bytes, kind: str = 'multipart/related; type="application/dicom"; boundary=xY'):  # type: ignore[no-untyped-def]
    content = b"--xY\r\nContent-Type: application/dicom\r\n\r\n" + body + b"\r\n--xY--\r\n"
    return httpx.Response(200, content=content, headers={"Content-Type": kind})


def test_new_images_are_found_and_fetched_once(desk: Desk, tmp_path: Path) -> None:
    service, queue = Service(), Queue(desk, "b" * 64)
    room = Room(KeepSettings(min_free_mb=0), queue, tmp_path)
    poller = Poller(PollSettings(interval_s=1.0, days=2), web(service), queue, room=room)
    assert poller.poll() == 2
    first = service.asked[0]
    assert first.url.params["ModalitiesInStudy"] == "US"
    low, high = first.url.params["StudyDate"].split("-")
    assert int(high) > int(low) > 20000101
    item = queue.claim(READ)
    assert item is not None
    assert queue.files.get(str(item.file_sha256)) == to_bytes(service.images["2.25.770"])
    assert item.detail["came_by"] == "dicomweb"
    before = len(service.asked)
    assert poller.poll() == 0
    assert len(service.asked) - before == 3  # studies, series, instances; no object
    assert poller.pull_study(STUDY) == 0
    asked = [request.url.path for request in service.asked]
    assert not [path for path in asked if path.endswith(("/9/instances", "/1.9"))]


def test_page_by_page(desk: Desk) -> None:
    service = Service(n_images=0)
    service.images = dict.fromkeys([f"2.25.{n}" for n in range(250)])  # type: ignore[assignment]
    found = list(web(service).find_in_study(STUDY, "US"))
    assert len(found) == 251
    offsets = [r.url.params["offset"] for r in service.asked if r.url.path.endswith("instances")]
    assert offsets == ["0", "100", "200"]


def test_a_service_that_ignores_pages_is_asked_twice_only() -> None:
    everything = [element(study=f"1.{n}") for n in range(150)]
    calls: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        calls.append(1)
        if request.url.path.endswith("/series"):
            return httpx.Response(204)
        return httpx.Response(200, json=everything)

    assert list(web(handler).find_recent("US", days=0)) == []
    assert len(calls) == 150 + 2


def answer(code: int, **named: object) -> Handler:
    return lambda request: httpx.Response(code, **named)  # type: ignore[arg-type]


def fail(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(f"cannot reach {request.url}")


FOUND = Found("1.2", "1.2.3", "1.2.3.987654321")


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (fail, PeerError),
        (answer(401), PeerError),
        (answer(500), PeerError),
        (answer(429), PeerError),
        (answer(404), DeliveryError),
        (answer(302, headers={"Location": "https://elsewhere.example.org"}), DeliveryError),
        (answer(200, content=b"x", headers={"Content-Type": "text/html"}), PeerError),
        (lambda r: multipart(b"x" * 2000), DeliveryError),
    ],
    ids=["down", "login", "fault", "busy", "gone", "elsewhere", "no multipart", "too large"],
)
def test_an_object_that_cannot_be_fetched(handler: Handler, error: type[Exception]) -> None:
    with pytest.raises(DeliveryError) as caught:
        web(handler, most=1000).fetch(FOUND)
    assert type(caught.value) is error
    assert "987654321" not in str(caught.value)


@pytest.mark.parametrize(
    "handler",
    [
        answer(200, content=b"<html>"),
        answer(200, json={"a": 1}),
        answer(200, json=[element(study="../../etc")]),
        answer(200, json=[{}]),
    ],
    ids=["no JSON", "no list", "no UID", "nothing"],
)
def test_an_answer_that_is_none(handler: Handler) -> None:
    with pytest.raises(PeerError):
        list(web(handler).find_recent("US", days=0))


def result_file(folder: Path) -> ResultFile:
    path = folder / "r.dcm"
    path.write_bytes(b"DICM" * 50_000)
    return ResultFile(SEG, "1.2.3.987654321", path)


def stored(codes: list[int]) -> dict[str, object]:
    items = [{"00081197": {"vr": "US", "Value": [code]}} for code in codes]
    return {"00081198": {"vr": "SQ", "Value": items}} if items else {}


def test_a_result_is_stored(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        asked.append(request)
        return httpx.Response(200, json=stored([]))

    result = result_file(tmp_path)
    web(handler).send(result)
    (request,) = asked
    assert (request.method, request.url.path) == ("POST", "/dicom-web/studies")
    kind = request.headers["Content-Type"]
    assert kind.startswith('multipart/related; type="application/dicom"; boundary=')
    assert take_first_part(request.content, kind) == result.path.read_bytes()
    assert len(request.content) == int(request.headers["Content-Length"])


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (answer(200), None),
        (answer(202, json=stored([0x0111])), None),
        (answer(409, json=stored([0x0111])), None),
        (answer(409, json=stored([0xA700])), DeliveryError),
        (answer(202, json=stored([0xC000])), DeliveryError),
        (answer(409), DeliveryError),
        (answer(415), DeliveryError),
        (answer(503), PeerError),
        (answer(403), PeerError),
        (fail, PeerError),
    ],
)
def test_answers_to_storing(
    handler: Handler, error: type[Exception] | None, tmp_path: Path
) -> None:
    if error is None:
        web(handler).send(result_file(tmp_path))
        return
    with pytest.raises(DeliveryError) as caught:
        web(handler).send(result_file(tmp_path))
    assert type(caught.value) is error
    assert "987654321" not in str(caught.value)


def test_logging_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization", ""))
        return httpx.Response(204)

    secret = tmp_path / "secret"
    secret.write_text("pass word\n")
    monkeypatch.setenv("TOKEN", "abc")
    for login in (
        {}, {"user": "u", "password_file": str(secret)}, {"token_env": "TOKEN"},
    ):  # fmt: skip
        list(web(handler, **login).find_recent("US", days=0))
    basic = base64.b64encode(b"u:pass word").decode()
    assert seen == ["", f"Basic {basic}", "Bearer abc"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"url": "ftp://a/b"}, "web.url"),
        ({"url": "pacs"}, "web.url"),
        ({"url": "https://u:p@pacs/x"}, "web.url"),
        ({"url": "http://pacs.example.org/x"}, "web.url"),
        ({"user": "u"}, "web.password"),
        ({"user": "u", "password_file": "no such file"}, "web.password_file"),
        ({"token_env": "NOT_SET_ANYWHERE"}, "web.token"),
        ({"ca_file": "no such file"}, "web.ca_file"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, str], name: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        DicomWeb(WebSettings(**({"url": ROOT} | changes)), max_object_bytes=1)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8042/x/", "http://localhost/x", "https://pacs/x"]
)
def test_settings_that_can_be(url: str) -> None:
    DicomWeb(WebSettings(url=url), max_object_bytes=1).close()
    DicomWeb(WebSettings(url="http://pacs/x", plain_http=True), max_object_bytes=1).close()


def test_certificates_are_verified() -> None:
    import ssl

    service = DicomWeb(WebSettings(url=ROOT), max_object_bytes=1)
    pool = service._client._transport._pool
    assert pool._ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert pool._ssl_context.check_hostname
    service.close()


def test_a_full_queue_stops_the_asking_before_an_object_is_fetched(
    desk: Desk, tmp_path: Path
) -> None:
    service, queue = Service(), Queue(desk, "b" * 64)
    room = Room(KeepSettings(min_free_mb=0, max_waiting=1), queue, tmp_path)
    poller = Poller(PollSettings(), web(service), queue, room=room)
    with pytest.raises(OutputWriteError, match="max_waiting"):
        poller.poll()
    assert queue.count_waiting() == 1


def test_an_object_that_cannot_be_fetched_does_not_stop_the_others(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service, queue = Service(), Queue(desk, "b" * 64)

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("2.25.770"):
            return httpx.Response(404)
        return service(request)

    room = Room(KeepSettings(min_free_mb=0), queue, tmp_path)
    poller = Poller(PollSettings(), web(handler), queue, room=room)
    with caplog.at_level(logging.WARNING, "sonolesion.node"):
        assert poller.poll() == 1
    assert "cannot be fetched" in caplog.text
    assert "2.25." not in caplog.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--b\r\n\r\nabc\r\n--b--", "text/plain; boundary=b"),
        (b"--b\r\n\r\nabc\r\n--b--", "multipart/related"),
        (b"--b\r\n\r\nabc", "multipart/related; boundary=b"),
        (b"", "multipart/related; boundary=b"),
        (b"--b\r\nabc", "multipart/related; boundary=b"),
    ],
)
def test_a_body_that_is_no_multipart(body: bytes, kind: str) -> None:
    with pytest.raises(ValueError, match=r"multipart|part without"):
        take_first_part(body, kind)


def test_multipart_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data in (b"", b"\r\n--\r\n", bytes(range(256)) * 1000):
        path.write_bytes(data)
        related = Related(path)
        body = b"".join(related.blocks())
        assert len(body) == related.length
        assert take_first_part(body, related.content_type) == data
    quoted = b"preamble\r\n--a b\r\nX: y\r\n\r\n1\r\n--a b\r\n\r\n2\r\n--a b--"
    assert take_first_part(quoted, 'Multipart/Related; boundary="a b"') == b"1"


def test_the_settings_of_the_node_are_these(settings: Callable[..., NodeSettings]) -> None:
    assert json.loads(settings().model_dump_json())["web"]["url"] == ""
