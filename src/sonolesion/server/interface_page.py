"""/docs: the interface described on one page, made from its OpenAPI; nothing is fetched or run.

Swagger UI and ReDoc would come from another site, or need inline script and styles; a page that
is written on the server needs neither, and a policy without exceptions holds for it, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse

from sonolesion.types import RESEARCH_USE_ONLY


@dataclass(frozen=True, slots=True)
class DescribedRoute:
    """One method of one path, as the page shows it.

    Attributes:
        method, path, summary, text: what it is.
        parameters: name, place, what it may be, meaning.
        body: media types that are taken.
        answers: status and meaning.
        example: a command line that runs as it is, `ADDRESS` put in.
    """

    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[tuple[str, str, str, str], ...]
    body: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    example: str


def add_interface_page(app: FastAPI) -> None:
    """Serve the page and its style."""

    @app.get("/docs", include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        address = str(request.base_url).rstrip("/")
        groups = describe_routes(app.openapi(), address)
        text = _template().render(title=app.title, groups=groups, notice=RESEARCH_USE_ONLY)
        return HTMLResponse(text)

    @app.get("/docs.css", include_in_schema=False)
    def style() -> Response:
        return Response(_style(), media_type="text/css")


def describe_routes(
    openapi: Mapping[str, Any], address: str
) -> dict[str, tuple[DescribedRoute, ...]]:
    """Return the routes by their first tag, in the order in which they were made."""
    groups: dict[str, list[DescribedRoute]] = {}
    for path, methods in openapi["paths"].items():
        for method, route in methods.items():
            tag = (route.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_describe(method.upper(), path, route, address))
    return {tag: tuple(routes) for tag, routes in groups.items()}


def _describe(method: str, path: str, route: Mapping[str, Any], address: str) -> DescribedRoute:
    parameters = tuple(
        (p["name"], p["in"], _kind(p.get("schema", {})), p.get("description", ""))
        for p in route.get("parameters", ())
    )
    body = tuple(route.get("requestBody", {}).get("content", {}))
    answers = tuple((s, a.get("description", "")) for s, a in route["responses"].items())
    return DescribedRoute(
        method=method,
        path=path,
        summary=route.get("summary", ""),
        text=route.get("description", ""),
        parameters=parameters,
        body=body,
        answers=answers,
        example=_example(method, path, body, address),
    )


def _kind(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        kinds = (_kind(part) for part in schema["anyOf"] if part.get("type") != "null")
        return " or ".join(kinds)
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    return str(schema.get("type", schema.get("$ref", "").rpartition("/")[2]))


def _example(method: str, path: str, body: tuple[str, ...], address: str) -> str:
    words = ["curl"] if method == "GET" else ["curl", "-X", method]
    if "multipart/form-data" in body:
        words += ["-F", "file=@scan.png"]
    elif "image/png" in body:
        words += ["-H", "'Content-Type: image/png'", "--data-binary", "@mask.png"]
    elif "application/json" in body:
        words += ["-H", "'Content-Type: application/json'", "-d", "@body.json"]
    shown = path.replace("{file_name}", "overlay.png").replace("{name}", "fast")
    for name, variable in (("case_id", "CASE"), ("job_id", "JOB"), ("study_id", "STUDY")):
        shown = shown.replace("{" + name + "}", f"${variable}")
    if shown.endswith((".png", ".pdf", ".dcm", ".zip", "/outline")) and method in ("GET", "POST"):
        words += ["-o", shown.rpartition("/")[2]]
    return " ".join([*words, f'"{address}{shown}"'])


@cache
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sonolesion.server", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("interface.html.j2")


@cache
def _style() -> bytes:
    from importlib.resources import files

    return (files("sonolesion.server") / "templates" / "interface.css").read_bytes()
