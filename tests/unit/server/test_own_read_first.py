"""No route gives the model's answer before the reader's own read; a new one is to be judged here.

`HELD` are answered with E-READ-001 until then. `FREE` answer, and hold nothing of the answer. The
two are all routes of the application, so a new one fails until somebody says which it is.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk_server import PNG, Desk, make_desk, mask_png, scan_png
from fastapi.routing import APIRoute
from PIL import Image

CASE = "/api/v1/cases/{case_id}"
HELD = {
    f"GET {CASE}/{name}"
    for name in (
        "prediction", "mask.png", "overlay.png", "explanation.png", "report.html", "report.pdf",
        "seg.dcm", "sr.dcm", "sc.dcm", "change", "change.png", "outline", "outlines", "row.csv",
        "export.zip",
    )
}  # fmt: skip
FREE = {
    "GET /api/v1/cases": "the answer is null, and the order by urgency does not know it",
    f"GET {CASE}": "the answer is null",
    f"GET {CASE}/image.png": "the image alone",
    f"GET {CASE}/reads": "of the reader who asks; all readers' are held back",
    f"POST {CASE}/reads": "what the reader sent",
    f"POST {CASE}/measurements": "of the mask that came; the network is not asked",
    f"PUT {CASE}/outline": "of the mask that came",
    f"DELETE {CASE}/outline": "no body",
    f"PATCH {CASE}": "the answer is null",
    f"DELETE {CASE}": "no body",
    "POST /api/v1/cases": "not read yet",
    "GET /api/v1/export/cases.csv": "the case without its answer, held_back",
    "GET /api/v1/export/cases.jsonl": "the case without its answer, held_back",
    "GET /api/v1/export/dataset.zip": "the case is left out",
    "GET /api/v1/events": "the case as in the list",
    "GET /api/v1/jobs": "counts",
    "GET /api/v1/jobs/{job_id}": "counts",
    "POST /api/v1/jobs": "counts",
    "POST /api/v1/jobs/{job_id}/cancel": "counts",
    "POST /api/v1/jobs/{job_id}/resume": "counts",
    "GET /api/v1/audit": "who did what, without values",
    "GET /api/v1/queue": "states",
    "GET /api/v1/status": "counts",
    "GET /metrics": "counts",
    "GET /api/v1/studies": "ids and counts",
    "GET /api/v1/studies/{study_id}": "ids and counts",
    "GET /api/v1/studies/{study_id}/next": "as the arm allows",
    "GET /api/v1/studies/{study_id}/rows.csv": "readers' answers",
    "POST /api/v1/studies": "ids and counts",
    "POST /api/v1/studies/{study_id}/answers": "as the arm allows",
    "POST /api/v1/predictions": "of an upload, about no case: for programs",
    "POST /api/v1/predictions/{file_name}": "of an upload, about no case: for programs",
    "GET /api/v1/settings": "about no case",
    "PUT /api/v1/settings": "about no case",
    "GET /api/v1/bundles": "about no case",
    "GET /api/v1/bundles/{name}": "about no case",
    "GET /healthz": "about no case",
    "GET /readyz": "about no case",
    "POST /api/v1/session": "about no case",
    "DELETE /api/v1/session": "about no case",
}


@dataclass(frozen=True)
class Read:
    """A case that the model read and whose outline a reader edited; what nobody else may see."""

    desk: Desk
    case_id: str
    job_id: str
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory, tiny_bundle_folder: Path) -> Iterator[Read]:
    with make_desk(tmp_path_factory.mktemp("held"), tiny_bundle_folder) as desk:
        earlier, case_id = desk.add_case(), desk.add_case(label="left")
        job = desk.api("POST", "/jobs", json={"cases": [case_id]}).json()["id"]
        desk.wait(case_id)
        desk.api("PATCH", f"/cases/{case_id}", json={"earlier": earlier})
        for one in (earlier, case_id):
            desk.own_read(one)
        query = {"reader": "ann"}
        row = desk.api("GET", f"/cases/{case_id}/prediction", params=query).json()
        path = f"/cases/{case_id}/outline"
        desk.api("PUT", path, content=mask_png(20, 30, 37), headers=PNG, params=query)
        said = {"reader": "ann", "event": "final_read", "birads": "5", "probability": 87.625}
        assert desk.api("POST", f"/cases/{case_id}/reads", json=said).status_code == 201
        secrets = (
            *(repr(prob) for prob in row["class_prob"].values()),
            repr(row["lesions"][0]["size"]["longest_px"]),
            str(row["mask_px"]),
            str(37 * 37),
            "87.625",
        )
        assert all(len(secret) >= 4 for secret in secrets), secrets
        yield Read(desk, case_id, job, secrets)


def routes(desk: Desk) -> set[str]:
    app: Any = desk.http.app
    described = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    undescribed = {
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute) and not route.include_in_schema
        for method in route.methods
    }
    return described | undescribed - {"GET /docs", "GET /docs.css"}


def test_every_route_is_judged(read: Read) -> None:
    assert routes(read.desk) == HELD | set(FREE)
    assert not HELD & set(FREE)


@pytest.mark.parametrize("route", sorted(HELD))
def test_held_until_the_own_read(read: Read, route: str) -> None:
    path = route.removeprefix("GET ").format(case_id=read.case_id)
    for query in ({}, {"reader": "new"}):
        refused = read.desk.http.get(path, params=query)
        assert refused.json()["error"]["id"] == "E-READ-001", path
        assert not any(secret in refused.text for secret in read.secrets)
    allowed = read.desk.http.get(path, params={"reader": "ann"})
    is_dicom = path.endswith(".dcm")  # of a PNG there is none
    assert allowed.status_code == (409 if is_dicom else 200)
    if is_dicom:
        assert allowed.json()["error"]["id"] == "E-DSK-003"


ASKED = [
    route
    for route in sorted(FREE)
    if route.startswith("GET")
    and not route.endswith(("/events", "/{name}"))
    and "study_id" not in route
]
"""Events never end and have a test of their own; a model's card and studies tell of no case."""


@pytest.mark.parametrize("route", ASKED)
def test_what_is_free_holds_nothing_of_the_answer(read: Read, route: str) -> None:
    names = {"case_id": read.case_id, "job_id": read.job_id}
    path = route.removeprefix("GET ").format(**names)
    for query in ({"reader": "new"}, {}):
        answer = read.desk.http.get(path, params=query)
        if route.endswith("/reads") and not query:
            assert answer.json()["error"]["id"] == "E-READ-001"
            continue
        assert answer.status_code == 200, answer.text
        text = answer.text + (unpacked(answer.content) if path.endswith(".zip") else "")
        assert not [secret for secret in read.secrets if secret in text]
        assert read.case_id not in text or route.endswith(
            ("/cases", "/{case_id}", ".csv", ".jsonl", "/audit")
        )


def unpacked(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return " ".join(archive.namelist()) + archive.read("labels.csv").decode()


def test_events_are_those_of_the_reader(read: Read) -> None:
    from sonolesion.server.event_hub import DeskEvent
    from sonolesion.server.routes import system

    event = DeskEvent("case", read.case_id)
    for reader, is_shown in (("new", False), (None, False), ("ann", True)):
        told = json.loads(system._describe(read.desk.services, event, reader))
        assert (told["answer"] is not None) == is_shown


def test_exports_give_what_was_uncovered_and_no_more(read: Read) -> None:
    for reader, is_held in (("new", True), ("ann", False)):
        lines = read.desk.api("GET", "/export/cases.jsonl", params={"reader": reader}).text
        (found,) = (
            line for line in map(json.loads, lines.splitlines())
            if line["case"]["id"] == read.case_id
        )  # fmt: skip
        assert found["held_back"] == is_held
        assert (found["prediction"] is None, found["outline"] is None) == (is_held, is_held)
        assert [one["event"] for one in found["reads"]] == (
            [] if is_held else ["own_read", "final_read"]
        )
        packed = read.desk.api("GET", "/export/dataset.zip", params={"reader": reader}).content
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            assert ("are left out" in archive.read("README.txt").decode()) == is_held
            assert (read.case_id in archive.read("labels.csv").decode()) != is_held


def test_an_own_read_of_this_visit_does_not_uncover_the_earlier_one(read: Read) -> None:
    read.desk.own_read(read.case_id, reader="half")
    query = {"reader": "half"}
    assert read.desk.api("GET", f"/cases/{read.case_id}/mask.png", params=query).is_success
    for name in ("change", "change.png"):
        refused = read.desk.api("GET", f"/cases/{read.case_id}/{name}", params=query)
        assert refused.json()["error"]["id"] == "E-READ-001"


def test_a_case_that_is_read_again_keeps_its_old_answer_covered(
    tmp_path: Path, tiny_bundle_folder: Path
) -> None:
    with make_desk(tmp_path / "again", tiny_bundle_folder) as desk:
        case_id = desk.add_case()
        desk.services.reader.stop(10)
        again = desk.api("PATCH", f"/cases/{case_id}", json={"mm_per_px": 0.1}).json()
        assert again["state"] == "waiting"
        for name in ("export.zip", "row.csv", "prediction"):
            refused = desk.api("GET", f"/cases/{case_id}/{name}", params={"reader": "new"})
            assert refused.json()["error"]["id"] == "E-READ-001", name


def test_the_order_by_urgency_does_not_tell_the_answer(
    tmp_path: Path, tiny_bundle_folder: Path
) -> None:
    with make_desk(tmp_path / "order", tiny_bundle_folder) as desk:
        empty = io.BytesIO()
        Image.fromarray(np.full((128, 160), 120, np.uint8)).save(empty, "PNG")
        added = [scan_png(1), empty.getvalue(), scan_png(2), empty.getvalue()]
        ids = [
            desk.wait(desk.api("POST", "/cases", content=data, headers=PNG).json()["id"])
            for data in added
        ]

        def order(**query: str) -> list[str]:
            shown = desk.api("GET", "/cases", params={"sort": "urgency"} | query).json()["cases"]
            return [case["id"] for case in shown if case["state"] == "read"]

        ready = order()
        newest_first = [case_id for case_id in reversed(ids) if case_id in ready]
        assert order(reader="new") == ready == newest_first
        desk.api("PUT", "/settings", json={"own_read_first": False})
        by_answer = order(reader="new")
        assert set(by_answer) == set(ready)
        assert by_answer != newest_first
        # a study that has them read alone keeps them covered whatever the switch says
        body = {"name": "x", "cases": ready, "readers": ["kim"], "arms": ["alone"]}
        assert desk.api("POST", "/studies", json=body).status_code == 201
        assert order(reader="kim") == newest_first
        # what was read on one's own takes its place by the answer
        desk.api("PUT", "/settings", json={"own_read_first": True})
        for case_id in ready:
            desk.own_read(case_id, reader="new")
        assert order(reader="new") == by_answer
