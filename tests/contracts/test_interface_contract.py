"""The HTTP interface keeps to its own description, and no route leaves it unnoticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra [serve]")

from sonolesion.server.app import create_app
from sonolesion.server.interface_page import describe_routes
from sonolesion.server.settings import ServerSettings

ROUTES = """
DELETE /api/v1/cases/{case_id}
DELETE /api/v1/cases/{case_id}/outline
DELETE /api/v1/session
GET /api/v1/audit
GET /api/v1/bundles
GET /api/v1/bundles/{name}
GET /api/v1/cases
GET /api/v1/cases/{case_id}
GET /api/v1/cases/{case_id}/change
GET /api/v1/cases/{case_id}/change.png
GET /api/v1/cases/{case_id}/explanation.png
GET /api/v1/cases/{case_id}/export.zip
GET /api/v1/cases/{case_id}/image.png
GET /api/v1/cases/{case_id}/mask.png
GET /api/v1/cases/{case_id}/outline
GET /api/v1/cases/{case_id}/outlines
GET /api/v1/cases/{case_id}/overlay.png
GET /api/v1/cases/{case_id}/prediction
GET /api/v1/cases/{case_id}/reads
GET /api/v1/cases/{case_id}/report.html
GET /api/v1/cases/{case_id}/report.pdf
GET /api/v1/cases/{case_id}/row.csv
GET /api/v1/cases/{case_id}/sc.dcm
GET /api/v1/cases/{case_id}/seg.dcm
GET /api/v1/cases/{case_id}/sr.dcm
GET /api/v1/events
GET /api/v1/export/cases.csv
GET /api/v1/export/cases.jsonl
GET /api/v1/export/dataset.zip
GET /api/v1/jobs
GET /api/v1/jobs/{job_id}
GET /api/v1/queue
GET /api/v1/settings
GET /api/v1/status
GET /api/v1/studies
GET /api/v1/studies/{study_id}
GET /api/v1/studies/{study_id}/next
GET /api/v1/studies/{study_id}/rows.csv
GET /healthz
GET /metrics
GET /readyz
PATCH /api/v1/cases/{case_id}
POST /api/v1/cases
POST /api/v1/cases/{case_id}/measurements
POST /api/v1/cases/{case_id}/reads
POST /api/v1/jobs
POST /api/v1/jobs/{job_id}/cancel
POST /api/v1/jobs/{job_id}/resume
POST /api/v1/predictions
POST /api/v1/predictions/{file_name}
POST /api/v1/session
POST /api/v1/studies
POST /api/v1/studies/{study_id}/answers
PUT /api/v1/cases/{case_id}/outline
PUT /api/v1/settings
"""


@pytest.fixture(scope="module")
def openapi(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    settings = ServerSettings(data=tmp_path_factory.mktemp("desk"))
    described: dict[str, Any] = create_app(settings).openapi()
    return described


def operations(openapi: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", route)
        for path, methods in openapi["paths"].items()
        for method, route in methods.items()
    ]


def test_routes_are_exactly_these(openapi: dict[str, Any]) -> None:
    assert sorted(name for name, _ in operations(openapi)) == ROUTES.split("\n")[1:-1]


def test_every_route_describes_itself_and_its_errors(openapi: dict[str, Any]) -> None:
    for name, route in operations(openapi):
        assert route["summary"], name
        assert route["description"], name
        assert (
            "422" not in route["responses"] or "image" in (route["responses"]["422"]["description"])
        ), name
        for status in ("400", "403", "503"):
            schema = route["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorBody"}, name


def test_the_page_shows_every_route(openapi: dict[str, Any]) -> None:
    shown = [
        f"{route.method} {route.path}"
        for routes in describe_routes(openapi, "http://x").values()
        for route in routes
    ]
    assert sorted(shown) == sorted(name for name, _ in operations(openapi))


def test_the_description_is_json_and_names_no_folder(
    openapi: dict[str, Any], tmp_path: Path
) -> None:
    assert str(tmp_path.parent) not in json.dumps(openapi)
