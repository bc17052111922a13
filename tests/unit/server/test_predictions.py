"""One image in, an answer out: the same as offline, and every fault one shape."""

from __future__ import annotations

import io
import re
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from desk_server import PNG, Desk, scan_png
from PIL import Image

from sonolesion.inference import Predictor, load_predictor
from sonolesion.writers.prediction_row import make_row, row_to_json

LATELY = ("seconds", "stem", "source", "sha256")


@pytest.fixture(scope="module")
def predictor(desk: Desk) -> Predictor:
    return load_predictor(desk.settings.bundle)


def without_times(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in LATELY}


@pytest.mark.parametrize("as_form", [False, True])
def test_the_row_is_the_offline_one(desk: Desk, predictor: Predictor, as_form: bool) -> None:
    data = scan_png(3)
    sent: dict[str, Any] = {"content": data, "headers": PNG}
    if as_form:
        sent = {"files": {"file": ("../../Mrs Smith.png", data)}}
    answer = desk.api("POST", "/predictions", **sent)
    assert answer.status_code == 200, answer.text
    offline = row_to_json(make_row(predictor.predict(data), stem="", files={}))
    assert without_times(answer.json()) == without_times(offline)
    assert "Smith" not in answer.text


def test_the_mask_is_the_offline_one(desk: Desk, predictor: Predictor) -> None:
    data = scan_png(4)
    answer = desk.api("POST", "/predictions/mask.png", content=data, headers=PNG)
    found = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert np.array_equal(found == 255, predictor.predict(data).mask)
    assert set(np.unique(found)) <= {0, 255}


@pytest.mark.parametrize(
    ("name", "media", "start"),
    [
        ("overlay.png", "image/png", b"\x89PNG"),
        ("explanation.png", "image/png", b"\x89PNG"),
        ("report.html", "text/html", b"<!doctype html>"),
        ("report.pdf", "application/pdf", b"%PDF"),
    ],
)
def test_other_answers(desk: Desk, name: str, media: str, start: bytes) -> None:
    answer = desk.api("POST", f"/predictions/{name}", content=scan_png(5), headers=PNG)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(media)
    assert answer.content[: len(start)].lower() == start.lower()
    if name == "report.html":
        assert "sandbox" in answer.headers["content-security-policy"]
    if name == "explanation.png":
        caption = answer.headers["x-sonolesion-caption"]
        # every per cent sign is written as %25, so that it can be read back
        assert re.sub(r"%[0-9A-F]{2}", "", caption).count("%") == 0
        assert "does not show where disease is" in unquote(caption)


def test_the_scale_by_hand(desk: Desk) -> None:
    answer = desk.api(
        "POST", "/predictions", content=scan_png(), headers=PNG, params={"mm_per_px": "0.1x0.2"}
    )
    assert answer.json()["spacing_mm"] == [0.1, 0.2]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ({"content": b"", "headers": PNG}, 422, "E-IMG-002"),
        ({"content": b"<html>", "headers": PNG}, 422, "E-IMG-002"),
        ({"content": scan_png()[:2000], "headers": PNG}, 422, "E-IMG-002"),
        ({"content": scan_png(), "headers": {"Content-Type": "text/plain"}}, 400, "E-DSK-004"),
        ({"files": {"other": ("x.png", scan_png())}}, 400, "E-DSK-004"),
        ({"data": {"file": "text"}}, 400, "E-DSK-004"),
        ({"content": b"x" * (10**6 + 1), "headers": PNG}, 413, "E-LIM-001"),
        ({"content": (b"x" * 10**5 for _ in range(11)), "headers": PNG}, 413, "E-LIM-001"),
        ({"content": b"x", "headers": PNG | {"Content-Encoding": "gzip"}}, 400, "E-DSK-004"),
        ({"content": scan_png(), "headers": PNG, "params": {"frame": "0"}}, 400, "E-ARG-001"),
        ({"content": scan_png(), "headers": PNG, "params": {"frame": "9"}}, 422, "E-IMG-003"),
        ({"content": scan_png(), "headers": PNG, "params": {"mm_per_px": "no"}}, 400, "E-ARG-001"),
        ({"content": scan_png(), "headers": PNG, "params": {"mm_per_px": "0"}}, 400, "E-ARG-001"),
        ({"content": scan_png(), "headers": PNG, "params": {"bundle": "../x"}}, 404, "E-DSK-001"),
        (
            {"files": [("file", ("a", b"x")), ("file", ("b", b"x"))]}, 400, "E-DSK-004",
        ),
        ({"files": [(f"f{n}", (None, b"x")) for n in range(1000)]}, 400, "E-DSK-004"),
    ],
)  # fmt: skip
def test_faults(desk: Desk, sent: dict[str, Any], status: int, code: str) -> None:
    answer = desk.api("POST", "/predictions", **sent)
    assert (answer.status_code, answer.json()["error"]["id"]) == (status, code), answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"id", "message"}


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("seg.dcm", 409, "E-DSK-003"), ("nothing.txt", 404, "E-DSK-001")],
)
def test_what_there_is_not(desk: Desk, name: str, status: int, code: str) -> None:
    answer = desk.api("POST", f"/predictions/{name}", content=scan_png(), headers=PNG)
    assert (answer.status_code, answer.json()["error"]["id"]) == (status, code)
