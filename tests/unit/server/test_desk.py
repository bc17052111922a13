"""Cases, reads, outlines, jobs, studies and exports over HTTP."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from desk_server import PNG, Desk, mask_png, scan_png
from PIL import Image

ANSWERS = (
    "prediction", "mask.png", "overlay.png", "explanation.png", "report.html", "report.pdf",
    "export.zip",
)  # fmt: skip


def code_of(answer: object) -> str:
    return str(answer.json()["error"]["id"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_come_after_the_own_read_only(desk: Desk, name: str) -> None:
    case_id = desk.add_case()
    path = f"/cases/{case_id}/{name}"
    for query in ({"reader": "ann"}, {}):
        refused = desk.api("GET", path, params=query)
        assert (refused.status_code, code_of(refused)) == (409, "E-READ-001")
    desk.own_read(case_id)
    assert desk.api("GET", path, params={"reader": "ann"}).status_code == 200
    assert desk.api("GET", path, params={"reader": "bob"}).status_code == 409


def test_the_list_keeps_the_answer_back(desk: Desk) -> None:
    case_id = desk.add_case(label="left", reader="ann")
    shown = desk.api("GET", "/cases", params={"reader": "ann", "sort": "urgency", "q": case_id})
    assert shown.json()["total"] == 1
    case = shown.json()["cases"][0]
    assert (case["label"], case["state"], case["answer"]) == ("left", "read", None)
    assert (case["width_px"], case["height_px"], case["spacing_source"]) == (160, 128, "none")
    assert "malignant" not in shown.text.replace('"malignant_alert"', "")
    desk.own_read(case_id)
    case = desk.api("GET", f"/cases/{case_id}", params={"reader": "ann"}).json()
    assert case["own_read_done"]
    assert case["answer"]["label"] in ("normal", "benign", "malignant")


def test_the_switch(desk: Desk) -> None:
    case_id = desk.add_case()
    assert desk.api("PUT", "/settings", json={"own_read_first": False}).status_code == 200
    try:
        assert desk.api("GET", f"/cases/{case_id}/prediction").status_code == 200
    finally:
        desk.api("PUT", "/settings", json={"own_read_first": True})
    assert desk.api("GET", "/settings").json() == {"own_read_first": True, "bundle": "tiny"}
    assert desk.api("PUT", "/settings", json={"bundle": "none"}).status_code == 404


def test_the_picture_needs_no_read(desk: Desk) -> None:
    case_id = desk.add_case()
    picture = desk.api("GET", f"/cases/{case_id}/image.png")
    assert Image.open(io.BytesIO(picture.content)).size == (160, 128)


def test_what_is_no_image_is_not_kept(desk: Desk) -> None:
    before = desk.api("GET", "/cases").json()["total"]
    refused = desk.api("POST", "/cases", content=b"no image", headers=PNG)
    assert (refused.status_code, code_of(refused)) == (422, "E-IMG-002")
    assert desk.api("GET", "/cases").json()["total"] == before


def test_a_damaged_upload_is_a_refused_case(desk: Desk) -> None:
    added = desk.api("POST", "/cases", content=scan_png()[:3000], headers=PNG).json()
    desk.wait(added["id"])
    case = desk.api("GET", f"/cases/{added['id']}").json()
    assert (case["state"], case["error"]["id"]) == ("refused", "E-IMG-002")
    desk.own_read(added["id"])
    refused = desk.api("GET", f"/cases/{added['id']}/prediction", params={"reader": "ann"})
    assert (refused.status_code, code_of(refused)) == (409, "E-DSK-002")


def test_changes_of_a_case(desk: Desk) -> None:
    first, second = desk.add_case(), desk.add_case()
    body = {"label": "right", "mm_per_px": 0.1, "earlier": first}
    assert desk.api("PATCH", f"/cases/{second}", json=body).json()["label"] == "right"
    desk.wait(second)
    case = desk.api("GET", f"/cases/{second}").json()
    assert (case["spacing_mm"], case["spacing_source"], case["earlier"]) == (
        [0.1, 0.1], "hand", first,
    )  # fmt: skip
    desk.own_read(first)
    desk.own_read(second)
    change = desk.api("GET", f"/cases/{second}/change", params={"reader": "ann"}).json()
    assert change["unit"] == "px"
    picture = desk.api("GET", f"/cases/{second}/change.png", params={"reader": "ann"})
    assert picture.content.startswith(b"\x89PNG")
    for body in ({"earlier": second}, {"mm_per_px": -1}, {"other": 1}, {"label": "a\x00b"}):
        assert desk.api("PATCH", f"/cases/{second}", json=body).status_code == 400
    desk.api("PATCH", f"/cases/{second}", json={"mm_per_px": None, "earlier": None})
    desk.wait(second)
    assert desk.api("GET", f"/cases/{second}").json()["spacing_source"] == "none"


def test_removal(desk: Desk) -> None:
    case_id = desk.add_case()
    assert desk.api("DELETE", f"/cases/{case_id}", params={"reader": "ann"}).status_code == 204
    assert code_of(desk.api("GET", f"/cases/{case_id}")) == "E-DSK-001"
    rows = desk.api("GET", "/audit", params={"limit": 1000}).json()["rows"]
    assert [r["action"] for r in rows if r["subject"] == f"case {case_id}"][-1] == "case.removed"


def test_an_edited_outline_goes_into_every_export(desk: Desk) -> None:
    case_id = desk.add_case()
    desk.own_read(case_id)
    measured = desk.api(
        "POST", f"/cases/{case_id}/measurements", content=mask_png(20, 30, 40), headers=PNG
    )
    assert measured.json()["mask_px"] == 1600
    size = measured.json()["lesions"][0]["size"]
    assert (size["width_px"], size["height_px"], size["area_px"]) == (40, 40, 1600)
    query = {"reader": "ann"}
    path = f"/cases/{case_id}/outline"
    assert desk.api("GET", path, params=query).status_code == 404
    put = desk.api("PUT", path, content=mask_png(20, 30, 40), headers=PNG, params=query)
    assert put.json() == measured.json()
    mask = Image.open(
        io.BytesIO(desk.api("GET", f"/cases/{case_id}/mask.png", params=query).content)
    )
    assert np.asarray(mask).astype(bool).sum() == 1600
    model = desk.api("GET", f"/cases/{case_id}/mask.png", params=query | {"of": "model"})
    assert np.asarray(Image.open(io.BytesIO(model.content))).astype(bool).sum() != 1600
    page = desk.api("GET", f"/cases/{case_id}/report.html", params=query)
    assert "outline edited by a reader" in page.text
    table = desk.api("GET", "/export/cases.csv", params=query).text
    rows = list(csv.DictReader(io.StringIO(table)))
    (row,) = (row for row in rows if row["id"] == case_id)
    assert (row["outline"], row["area_px"], row["last_birads"]) == ("reader", "1600.0", "4A")
    single = desk.api("GET", f"/cases/{case_id}/row.csv", params=query)
    assert list(csv.DictReader(io.StringIO(single.text))) == [row]
    assert desk.api("GET", f"/cases/{case_id}/row.csv", params={"reader": "bob"}).status_code == 409
    lines = desk.api("GET", "/export/cases.jsonl", params=query).text.splitlines()
    line = next(found for found in map(json.loads, lines) if found["case"]["id"] == case_id)
    assert line["outline"]["measured"]["mask_px"] == 1600
    assert desk.api("GET", f"/cases/{case_id}", params=query).json()["is_edited"]
    assert desk.api("DELETE", path, params=query).status_code == 204
    assert desk.api("DELETE", path, params=query).status_code == 404
    versions = desk.api("GET", f"/cases/{case_id}/outlines", params=query).json()["outlines"]
    assert [v["is_withdrawal"] for v in versions] == [False, True]


@pytest.mark.parametrize(("data", "status"), [(mask_png(1, 1, 5, (10, 10)), 422), (b"no png", 422)])
def test_outlines_that_do_not_fit(desk: Desk, data: bytes, status: int) -> None:
    case_id = desk.add_case()
    desk.own_read(case_id)
    path, query = f"/cases/{case_id}/outline", {"reader": "ann"}
    assert desk.api("PUT", path, content=data, headers=PNG).status_code == status
    assert desk.api("GET", path, params=query).status_code == 404


def test_corrected_outlines_can_be_prepared(desk: Desk, tmp_path: Path) -> None:
    from sonolesion.data.prepare import PrepareSettings, prepare

    for percent in (80, 20, 81, 21, 82, 22):
        case_id = desk.add_case()
        desk.own_read(case_id, probability=percent)
        desk.api("PUT", f"/cases/{case_id}/outline", content=mask_png(30, 40, 30), headers=PNG)
    archive = desk.api("GET", "/export/dataset.zip", params={"reader": "ann"}).content
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(tmp_path / "set")
        labels = packed.read("labels.csv").decode()
    assert "reader's probability" in labels
    made = prepare(tmp_path / "set", tmp_path / "prepared", settings=PrepareSettings())
    found = {row.label.value for row in made.manifest.rows}
    assert found >= {"benign", "malignant"}


def test_reads_over_http(desk: Desk) -> None:
    case_id = desk.add_case()
    desk.own_read(case_id, calipers_px=[[[1, 2], [3, 4]]], seconds=2.5)
    found = desk.api("GET", f"/cases/{case_id}/reads", params={"reader": "ann"}).json()["reads"]
    assert found[0]["calipers_px"] == [[[1, 2], [3, 4]]]
    for body in (
        {"reader": "ann", "event": "own_read", "birads": "7"},
        {"reader": "ann", "event": "own_read", "probability": 101},
        {"reader": "", "event": "own_read"},
        {"event": "own_read"},
    ):
        assert desk.api("POST", f"/cases/{case_id}/reads", json=body).status_code == 400


def wait_for_job(desk: Desk, job_id: str) -> dict[str, object]:
    end = time.monotonic() + 60
    while True:
        job: dict[str, object] = desk.api("GET", f"/jobs/{job_id}").json()
        if job["state"] != "running" or time.monotonic() > end:
            return job
        time.sleep(0.05)


def test_a_job_over_the_inbox(desk: Desk) -> None:
    assert desk.settings.inbox is not None
    folder = desk.settings.inbox / "sub"
    folder.mkdir()
    for number in range(3):
        (folder / f"Jane Doe {number}.png").write_bytes(scan_png(100 + number))
    (folder / "Jane Doe 0_mask.png").write_bytes(mask_png(1, 1, 5))
    (folder / "bad.png").write_bytes(b"no image")
    made = desk.api("POST", "/jobs", json={"inbox": True})
    assert made.status_code == 201
    job = wait_for_job(desk, made.json()["id"])
    assert (job["state"], job["total"], job["done"], job["failed"]) == ("done", 4, 4, 0)
    raw = (desk.settings.data / "desk.db").read_bytes()
    raw += (desk.settings.data / "desk.db-wal").read_bytes()
    assert b"Jane" not in raw


def test_a_job_over_cases(desk: Desk) -> None:
    ids = [desk.add_case() for _ in range(2)]
    job = wait_for_job(desk, desk.api("POST", "/jobs", json={"cases": ids}).json()["id"])
    assert (job["state"], job["done"]) == ("done", 2)
    for body in ({}, {"cases": ids, "inbox": True}):
        assert desk.api("POST", "/jobs", json=body).status_code == 400
    assert desk.api("POST", "/jobs", json={"cases": ["0" * 16]}).status_code == 404
    assert desk.api("POST", f"/jobs/{job['id']}/cancel").status_code == 409


def test_a_study_over_http(desk: Desk) -> None:
    ids = [desk.add_case() for _ in range(2)]
    body = {"name": "first", "cases": ids, "readers": ["eve"], "truth": {ids[0]: True}}
    study = desk.api("POST", "/studies", json=body).json()
    path = f"/studies/{study['id']}"
    seen = []
    for _ in range(4):
        asked = desk.api("GET", f"{path}/next", params={"reader": "eve"}).json()
        case_id = asked["case"]["id"]
        query = {"reader": "eve", "study": study["id"]}
        answer = desk.api("GET", f"/cases/{case_id}/prediction", params=query)
        assert answer.status_code == (200 if asked["arm"] == "with" else 409)
        assert (asked["case"]["answer"] is not None) == (asked["arm"] == "with")
        seen.append((case_id, asked["arm"]))
        given = {
            "reader": "eve", "case": case_id, "arm": asked["arm"], "session": asked["session"],
            "birads": "3", "probability": 10, "seconds": 1.5,
        }  # fmt: skip
        assert desk.api("POST", f"{path}/answers", json=given).status_code == 201
        assert desk.api("POST", f"{path}/answers", json=given).status_code == 409
    assert len(set(seen)) == 4
    after = desk.api("GET", f"{path}/next", params={"reader": "eve"}).json()
    assert (after["case"], after["done"], after["total"]) == (None, 4, 4)
    rows = list(csv.DictReader(io.StringIO(desk.api("GET", f"{path}/rows.csv").text)))
    assert len(rows) == 4
    assert {row["truth"] for row in rows} == {"1", ""}
    assert desk.api("GET", f"{path}/next", params={"reader": "bob"}).status_code == 404


def test_reading_alone_cannot_be_gone_around(desk: Desk) -> None:
    case_id = desk.add_case()
    body = {"name": "x", "cases": [case_id], "readers": ["kim"], "arms": ["alone"]}
    assert desk.api("POST", "/studies", json=body).status_code == 201
    desk.own_read(case_id, "kim")
    refused = desk.api("GET", f"/cases/{case_id}/prediction", params={"reader": "kim"})
    assert (refused.status_code, code_of(refused)) == (409, "E-READ-001")


def test_status_bundles_queue(desk: Desk) -> None:
    status = desk.api("GET", "/status").json()
    assert len(status["audit_head"]) == 64
    names = [bundle["name"] for bundle in desk.api("GET", "/bundles").json()["bundles"]]
    assert "tiny" in names
    assert desk.api("GET", "/bundles/tiny").json()["description"] == "Calls dark regions lesion."
    assert desk.api("GET", "/bundles/none").status_code == 404
    assert desk.api("GET", "/queue").json() == {"counts": [], "items": []}
    figures = desk.http.get("/metrics").text
    assert 'sonolesion_requests_total{method="GET",route="/api/v1/status",status="200"}' in figures


def test_a_store_in_use_cannot_be_served_twice(desk: Desk) -> None:
    from sonolesion.errors import StoreError
    from sonolesion.server.app import start_services

    with pytest.raises(StoreError, match="another server"):
        start_services(desk.settings)
