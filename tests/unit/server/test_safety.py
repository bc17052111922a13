"""Who may ask, what an answer says to a browser, and what a log keeps to itself."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from desk_server import HERE, PNG, Desk, make_desk, scan_png

from sonolesion.errors import InvalidInputError
from sonolesion.server.settings import ServerSettings, is_loopback

TOKEN = "0123456789abcdef0123"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8765"}, 200),
        ({"Host": "[::1]:8765"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:8765"}, 403),
        ({"Host": "192.168.1.5:8765"}, 403),
        ({"Origin": HERE}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_host_and_origin(desk: Desk, headers: dict[str, str], status: int) -> None:
    answer = desk.http.get("/api/v1/status", headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["id"] == "E-ACC-002"


def test_a_foreign_page_cannot_upload(desk: Desk) -> None:
    headers = PNG | {"Origin": "http://evil.example"}
    assert desk.api("POST", "/cases", content=scan_png(), headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/api/v1/status", "/docs", "/nothing", "/api/v1/cases/x"])
def test_headers_of_every_answer(desk: Desk, path: str) -> None:
    headers = desk.http.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'self'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing/at/all", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/cases/..%2f..%2fetc", 404),
        ("GET", "/api/v1/cases/NOTHEX", 400),
        ("DELETE", "/api/v1/status", 405),
        ("OPTIONS", "/api/v1/cases", 405),
        ("HEAD", "/api/v1/cases", 405),
        ("GET", "/api/v1/predictions", 405),
        ("GET", "/api/v1/session", 405),
    ],
)
def test_wrong_paths_and_methods(desk: Desk, method: str, path: str, status: int) -> None:
    answer = desk.http.request(method, path)
    assert answer.status_code == status
    if method != "HEAD":
        assert set(answer.json()["error"]) == {"id", "message"}


def test_a_wrong_method_names_all_that_there_are(desk: Desk) -> None:
    answer = desk.http.request("OPTIONS", "/api/v1/cases/0123456789abcdef")
    assert answer.headers["allow"] == "DELETE, GET, PATCH"


def test_the_interface_page_is_clean(desk: Desk) -> None:
    page = desk.http.get("/docs").text
    assert "<script" not in page
    assert "style=" not in page
    assert "https://" not in page
    assert "/api/v1/predictions" in page
    assert "Research use only" in page
    assert desk.http.get("/docs.css").headers["content-type"].startswith("text/css")


@pytest.fixture(scope="module")
def guarded(
    tmp_path_factory: pytest.TempPathFactory, tiny_bundle_folder: Path
) -> pytest.FixtureRequest:
    folder = tmp_path_factory.mktemp("guarded")
    with make_desk(
        folder, tiny_bundle_folder, host="0.0.0.0", token=TOKEN, names=("desk.example.org",)
    ) as found:
        yield found  # type: ignore[misc]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer {TOKEN}"}, 200),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer \xff"}, 401),
        ({"Cookie": "sonolesion_session=1.2.3"}, 401),
        ({"Cookie": "sonolesion_session=99999999999.aa.bb"}, 401),
    ],
)
def test_token(guarded: Desk, headers: dict[str, str], status: int) -> None:
    sent = {name: value.encode("latin-1") for name, value in headers.items()}
    for path in ("/api/v1/status", "/metrics", "/openapi.json", "/docs"):
        answer = guarded.http.get(path, headers=sent)  # type: ignore[arg-type]
        assert answer.status_code == status, path
    assert guarded.http.get("/healthz").status_code == 200


def test_names_of_a_guarded_server(guarded: Desk) -> None:
    for host, status in (("desk.example.org", 200), ("10.0.0.7:8765", 200), ("other.org", 403)):
        assert guarded.http.get("/healthz", headers={"Host": host}).status_code == status


def test_a_cookie_in_place_of_the_token(guarded: Desk) -> None:
    assert guarded.api("POST", "/session", json={"token": "wrong"}).status_code == 401
    answer = guarded.api("POST", "/session", json={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 204
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    assert TOKEN not in cookie
    assert guarded.api("GET", "/status").status_code == 200
    changed = cookie.partition("=")[2].partition(";")[0][:-1] + "0"
    guarded.http.cookies.clear()
    sent = {"Cookie": f"sonolesion_session={changed}x"}
    assert guarded.api("GET", "/status", headers=sent).status_code == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "::", "desk.example.org"])
def test_other_addresses_need_a_token(tmp_path: Path, host: str) -> None:
    with pytest.raises(InvalidInputError, match="token"):
        ServerSettings(data=tmp_path, host=host)
    assert not is_loopback(host)


@pytest.mark.parametrize("token", ["short", "", "with\nline" * 4])
def test_weak_tokens_are_refused(tmp_path: Path, token: str) -> None:
    with pytest.raises(InvalidInputError):
        ServerSettings(data=tmp_path, token=token)


def test_logs_and_metrics_keep_names_and_ids_back(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="sonolesion")
    files = {"file": ("Jane Doe 1970.png", scan_png(77))}
    added = desk.api(
        "POST", "/cases", files=files, data={"label": "Jane"}, params={"reader": "Eve"}
    )
    case_id = desk.wait(added.json()["id"])
    desk.own_read(case_id, "Eve")
    desk.api("GET", f"/cases/{case_id}/prediction", params={"reader": "Eve"})
    desk.http.get(f"/Jane/{case_id}")
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("sonolesion"))
    assert "/api/v1/cases/{case_id}/prediction" in ours
    for text in (ours, desk.http.get("/metrics").text):
        for secret in ("Jane", "Eve", case_id):
            assert secret not in text


def test_a_fault_of_ours_is_an_answer_without_a_trace(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("Jane Doe")

    monkeypatch.setattr("sonolesion.server.routes.system.count_states", fail)
    answer = desk.api("GET", "/status")
    assert (answer.status_code, answer.json()["error"]["id"]) == (500, "E-GEN-001")
    assert "Jane" not in answer.text
    ours = [r.getMessage() for r in caplog.records if r.name == "sonolesion.server"]
    assert any("ValueError" in line for line in ours)
    assert "Jane" not in "".join(ours)
