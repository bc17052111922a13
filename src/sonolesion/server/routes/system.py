"""How the server is doing, its settings, its models, its log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

import sonolesion
from sonolesion.errors import AccessError, BusyError, NotFoundError
from sonolesion.server.case_view import view_case
from sonolesion.server.event_hub import DeskEvent
from sonolesion.server.messages import (
    BundleBody,
    BundleListBody,
    SettingsBody,
    SettingsChangeBody,
    StatusBody,
    TokenBody,
)
from sonolesion.server.routes.described import SOMEBODY, Reader, answered, errors
from sonolesion.server.routes.jobs import show_job
from sonolesion.server.safety import COOKIE, SESSION_S, Sessions
from sonolesion.server.services import Services, Shared
from sonolesion.store.audit import list_audit, read_head
from sonolesion.store.cases import CaseState, count_states, get_case
from sonolesion.store.jobs import get_job
from sonolesion.store.queue import count_items, list_items
from sonolesion.store.settings import DeskSettings, read_settings, write_settings
from sonolesion.types import RESEARCH_USE_ONLY

router = APIRouter(tags=["system"])
_HEARTBEAT_S = 10.0
_LOOK_S = 0.5


@router.get("/healthz", summary="Whether the process answers", responses=errors())
async def health() -> dict[str, str]:
    """Answer; nothing is asked of store or workers."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether work is taken", responses=errors())
def ready(services: Shared) -> dict[str, str]:
    """Answer 200 while a worker has its model, the store answers and the queue has room."""
    if services.ending.is_set():
        raise BusyError("the server is about to end.")
    if services.pool.figures().alive == 0:
        raise BusyError("no worker is ready yet.")
    if services.pool.is_full():
        raise BusyError("the queue is full.")
    with services.desk.reading() as connection:
        read_head(connection)
    return {"status": "ready"}


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses=answered("text/plain", {"type": "string"}, "Figures.") | errors(),
)
def metrics(services: Shared) -> Response:
    """Give figures in Prometheus's text format; no label holds an id."""
    media = "text/plain; version=0.0.4; charset=utf-8"
    return Response(services.metrics.text(), headers={"Content-Type": media})


@router.get("/api/v1/status", summary="How the desk is doing", responses=errors())
def status(services: Shared) -> StatusBody:
    """Count cases and workers; the head of the audit log is the hash of its newest row."""
    with services.desk.reading() as connection:
        states = count_states(connection)
        head = read_head(connection)
        settings = read_settings(connection)
    pool = services.pool.figures()
    return StatusBody(
        version=sonolesion.__version__,
        bundle=services.catalogue.get(settings.bundle).info.label,
        own_read_first=settings.own_read_first,
        cases_waiting=states[CaseState.WAITING],
        cases_reading=states[CaseState.READING],
        cases_read=states[CaseState.READ],
        cases_refused=states[CaseState.REFUSED],
        workers=pool.alive,
        workers_busy=pool.busy,
        tasks_waiting=pool.waiting,
        worker_crashes=pool.crashes + pool.timeouts,
        audit_rows=head.seq,
        audit_head=head.hash,
        has_inbox=services.settings.inbox is not None,
        research_use_only=RESEARCH_USE_ONLY,
    )


@router.get("/api/v1/settings", summary="The desk's settings", responses=errors())
def show_settings(services: Shared) -> SettingsBody:
    """Give the settings."""
    with services.desk.reading() as connection:
        return _settings(services, read_settings(connection))


@router.put("/api/v1/settings", summary="Change settings", responses=errors(404, 507))
def change_settings(
    body: SettingsChangeBody, services: Shared, reader: Reader = None
) -> SettingsBody:
    """Change what is given; each change stands in the audit log."""
    if body.bundle is not None:
        services.catalogue.get(body.bundle)
    with services.desk.writing() as connection:
        before = read_settings(connection)
        own_first = before.own_read_first if body.own_read_first is None else body.own_read_first
        after = DeskSettings(own_first, before.bundle if body.bundle is None else body.bundle)
        write_settings(connection, after, actor=reader or SOMEBODY)
    return _settings(services, after)


@router.get("/api/v1/bundles", summary="The models", responses=errors())
def bundles(services: Shared) -> BundleListBody:
    """List the models and what they are for."""
    found = services.catalogue
    shown = [
        BundleBody(
            name=known.name,
            version=known.info.version,
            is_default=known.name == found.default,
            sha256=known.info.onnx_sha256,
            description=known.info.description,
            licence=known.info.licence,
            intended_use=known.info.intended_use,
        )
        for known in found.bundles.values()
    ]
    return BundleListBody(bundles=shown)


@router.get("/api/v1/bundles/{name}", summary="The card of a model", responses=errors(404))
def card(
    name: Annotated[str, Path(max_length=100, description="Name of the model.")], services: Shared
) -> dict[str, Any]:
    """Give the whole bundle.json of a model."""
    from sonolesion.bundle.schema import bundle_info_to_json

    return bundle_info_to_json(services.catalogue.get(name).info)


@router.get("/api/v1/audit", summary="The audit log", responses=errors())
def audit(
    services: Shared,
    after: Annotated[int, Query(ge=0, le=2**62, description="Rows above this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """List rows of the log with their hashes; verify it with `sonolesion serve --verify-log`."""
    from dataclasses import asdict

    with services.desk.reading() as connection:
        rows = list_audit(connection, after=after, limit=limit)
        head = read_head(connection)
    return {"rows": [asdict(row) for row in rows], "head": asdict(head)}


@router.get("/api/v1/queue", summary="The DICOM node's queue", responses=errors())
def queue(services: Shared, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> dict[str, Any]:
    """Count what waits, was done, failed or was refused, and list what changed last."""
    with services.desk.reading() as connection:
        counts = count_items(connection)
        items = list_items(connection, limit=limit)
    names = ("id", "kind", "state", "attempts", "created_at", "changed_at", "error_code",
             "error_message", "destination")  # fmt: skip
    return {
        "counts": [
            {"kind": kind, "state": state.value, "items": n} for (kind, state), n in counts.items()
        ],
        "items": [{name: getattr(item, name) for name in names} for item in items],
    }


@router.post(
    "/api/v1/session",
    status_code=204,
    response_class=Response,
    summary="Exchange the token for a cookie",
    responses=errors(),
)
async def log_in(body: TokenBody, services: Shared) -> Response:
    """Set a cookie that a browser sends by itself and no script can read."""
    token = services.settings.token
    answer = Response(status_code=204)
    if token is None:
        return answer
    sessions = Sessions(token)
    if not sessions.is_token(body.token):
        await asyncio.sleep(0.5)
        raise AccessError("this is not the server's token.")
    answer.set_cookie(
        COOKIE, sessions.new_session(), max_age=SESSION_S, httponly=True, samesite="strict"
    )
    return answer


@router.delete(
    "/api/v1/session",
    status_code=204,
    response_class=Response,
    summary="Forget the cookie",
    responses=errors(),
)
async def log_out() -> Response:
    """Let the browser forget the cookie."""
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


@router.get(
    "/api/v1/events",
    summary="Changes as they happen (server-sent events)",
    response_class=StreamingResponse,
    responses=answered("text/event-stream", {"type": "string"}, "event: case or job") | errors(),
)
async def events(services: Shared, reader: Reader = None) -> StreamingResponse:
    """Tell of changes until the client goes or the server ends; asking again works as well."""
    stream = _follow(services, reader)
    # the first part is made here, so that a refusal is an answer and not a broken stream
    first = await anext(stream)

    async def whole() -> AsyncIterator[str]:
        try:
            yield first
            async for part in stream:
                yield part
        finally:
            await stream.aclose()

    return StreamingResponse(whole(), media_type="text/event-stream")


async def _follow(services: Services, reader: str | None) -> Any:
    with services.hub.listen() as queue:
        yield ": open\n\n"
        silent_s = 0.0
        while not services.ending.is_set():
            try:
                event = await asyncio.wait_for(queue.get(), _LOOK_S)
            except TimeoutError:
                silent_s += _LOOK_S
                if silent_s >= _HEARTBEAT_S:
                    silent_s = 0.0
                    yield ": still here\n\n"
                continue
            data = await run_in_threadpool(_describe, services, event, reader)
            yield f"event: {event.kind}\ndata: {data}\n\n"


def _describe(services: Services, event: DeskEvent, reader: str | None) -> str:
    with services.desk.reading() as connection:
        try:
            if event.kind == "job":
                return show_job(get_job(connection, event.id)).model_dump_json()
            case = get_case(connection, event.id)
        except NotFoundError:
            return json.dumps({"id": event.id, "state": "removed"})
        return view_case(connection, case, reader=reader).model_dump_json()


def _settings(services: Services, found: DeskSettings) -> SettingsBody:
    bundle = services.catalogue.get(found.bundle).name
    return SettingsBody(own_read_first=found.own_read_first, bundle=bundle)
