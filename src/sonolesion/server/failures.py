"""Errors as HTTP answers: one shape, the ids of `sonolesion.errors`, no stack trace."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from sonolesion import errors
from sonolesion.errors import (
    InvalidInputError,
    MalformedRequestError,
    NotFoundError,
    SonolesionError,
    StoreError,
)
from sonolesion.server.description import find_methods

log = logging.getLogger("sonolesion.server")

RETRY_AFTER_S = 2
_STATUSES: tuple[tuple[type[SonolesionError], int], ...] = (
    (errors.AccessError, 401),
    (errors.ForeignRequestError, 403),
    (errors.NotFoundError, 404),
    (errors.SlowRequestError, 408),
    (errors.ConflictError, 409),
    (errors.TooLargeError, 413),
    (errors.BusyError, 503),
    (errors.NotOfferedError, 409),
    (errors.MissingExtraError, 501),
    (errors.MalformedRequestError, 400),
    (errors.InvalidInputError, 400),
    (errors.ImageError, 422),
    (errors.OutputWriteError, 507),
)
_HIDDEN = "the server could not do this; its log says why."


def status_of(error: SonolesionError) -> int:
    """Return the HTTP status of an error; 500 where it is the server's own fault."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def failure(
    status: int, error: SonolesionError, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Make the answer: ``{"error": {"id": ..., "message": ...}}``."""
    message = _HIDDEN if isinstance(error, StoreError) or status == 507 else error.message
    more = dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        more["Retry-After"] = str(RETRY_AFTER_S)
    if status == HTTPStatus.UNAUTHORIZED:
        more["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": {"id": error.code, "message": message}}, status, headers=more)


def add_failures(app: FastAPI) -> None:
    """Let every error of an application come out in the one shape."""
    app.add_exception_handler(SonolesionError, _on_own)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_fault)


def _on_own(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SonolesionError)
    status = status_of(error)
    if status in (500, 507):
        log.error("%s: %s", error.code, error.message)
    return failure(status, error)


def _on_validation(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return failure(400, InvalidInputError(_explain(error)))


def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return failure(404, NotFoundError("there is nothing at this path."))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        told = MalformedRequestError(f"{request.method} is not possible at this path.")
        methods = find_methods(request.app, request.url.path)
        return failure(405, told, {"Allow": ", ".join(methods)} if methods else error.headers)
    phrase = HTTPStatus(error.status_code).phrase.lower()
    return failure(error.status_code, MalformedRequestError(f"{phrase}."), error.headers)


def _on_fault(_request: Request, error: Exception) -> JSONResponse:
    """What nobody foresaw: the log names type and place, and no value."""
    place: Any = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "?"
    if place is not None:
        where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
    log.error("fault: %s at %s", type(error).__name__, where)
    return failure(500, SonolesionError("an internal fault; please report it."))


def _explain(error: RequestValidationError) -> str:
    """Say which field is wrong and why, without the value that came."""
    parts = []
    for item in error.errors()[:5]:
        place = ".".join(str(step) for step in item["loc"] if step not in ("query", "body", "path"))
        parts.append(f"{place or 'body'}: {item['msg']}")
    return "; ".join(parts) + "."
