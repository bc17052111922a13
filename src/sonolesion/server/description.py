"""The interface's OpenAPI: FastAPI's, without the shape of errors that this server never gives."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.routing import compile_path

_FOREIGN = ("HTTPValidationError", "ValidationError")


def describe_own_errors(app: FastAPI) -> None:
    """Let the description say what is true: a wrong parameter is 400 in the one shape."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = without_foreign_errors(original())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def without_foreign_errors(described: dict[str, Any]) -> dict[str, Any]:
    """Take FastAPI's own 422 out of a description, in place."""
    for methods in described["paths"].values():
        for route in methods.values():
            answer = route["responses"].get("422", {})
            schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if str(schema.get("$ref", "")).endswith(_FOREIGN):
                del route["responses"]["422"]
    for name in _FOREIGN:
        described.get("components", {}).get("schemas", {}).pop(name, None)
    return described


def find_methods(app: FastAPI, path: str) -> tuple[str, ...]:
    """Return the methods that are described at a path; none for a path that is not described.

    The router itself knows only those of the first route that fits.
    """
    if not hasattr(app.state, "described_methods"):
        app.state.described_methods = [
            (compile_path(pattern)[0], tuple(sorted(name.upper() for name in methods)))
            for pattern, methods in app.openapi()["paths"].items()
        ]
    found: set[str] = set()
    for regex, methods in app.state.described_methods:
        if regex.match(path):
            found.update(methods)
    return tuple(sorted(found))
