"""Edited outlines, and measurements of a mask that is not kept."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from sonolesion.errors import ConflictError, MalformedRequestError, NotFoundError
from sonolesion.server.answers import png_response
from sonolesion.server.case_images import case_input
from sonolesion.server.messages import MeasuredBody, OutlineBody, OutlineListBody
from sonolesion.server.routes.described import (
    PNG_BODY,
    SOMEBODY,
    CaseIdPath,
    Reader,
    errors,
    file_answer,
)
from sonolesion.server.services import Services, Shared
from sonolesion.server.tasks import Task, TaskKind, TaskResult
from sonolesion.store.cases import CaseState, get_case
from sonolesion.store.outlines import (
    NewOutline,
    OutlineRecord,
    add_outline,
    list_outlines,
    newest_outline,
    withdraw_outline,
)

router = APIRouter(prefix="/api/v1/cases/{case_id}", tags=["outlines"])


@router.post(
    "/measurements",
    summary="Measure a mask",
    openapi_extra=PNG_BODY,
    responses=errors(404, 409, 422, 501),
)
async def measure(case_id: CaseIdPath, request: Request, services: Shared) -> MeasuredBody:
    """Measure the lesions of a mask on the case's image, with the draft in BI-RADS words.

    Nothing is kept, and nothing of the model's answer is in it.
    """
    result = await _measure(services, case_id, await _read_png(request))
    return MeasuredBody.model_validate(result.values)


@router.put(
    "/outline",
    summary="Keep an edited outline",
    openapi_extra=PNG_BODY,
    responses=errors(404, 409, 422, 501, 507),
)
async def put(
    case_id: CaseIdPath, request: Request, services: Shared, reader: Reader = None
) -> MeasuredBody:
    """Keep a mask as the newest outline of the case, and give its measurements."""
    result = await _measure(services, case_id, await _read_png(request))
    new = NewOutline(
        reader=reader or SOMEBODY,
        mask_png=result.blobs[0],
        area_px=int(result.values["mask_px"]),
        measured=dict(result.values),
    )
    await run_in_threadpool(_keep, services, case_id, new)
    services.hub.publish("case", case_id)
    return MeasuredBody.model_validate(result.values)


def _keep(services: Services, case_id: str, new: NewOutline) -> None:
    services.desk.masks.put(new.mask_png)
    with services.desk.writing() as connection:
        add_outline(connection, services.desk, case_id, new)


@router.get(
    "/outline",
    summary="The edited outline",
    response_class=Response,
    responses=file_answer("image/png", 404),
)
def show(case_id: CaseIdPath, services: Shared) -> Response:
    """Give the newest edited outline as a mask; 404 where the model's counts."""
    with services.desk.reading() as connection:
        found = newest_outline(connection, case_id)
    if found is None or found.mask_sha256 is None:
        raise NotFoundError("this case has no edited outline.")
    return png_response(services.desk.masks.get(found.mask_sha256))


@router.delete(
    "/outline",
    status_code=204,
    response_class=Response,
    summary="Go back to the model's outline",
    responses=errors(404, 507),
)
def withdraw(case_id: CaseIdPath, services: Shared, reader: Reader = None) -> Response:
    """Let the model's outline count again; the edited ones stay in the history."""
    with services.desk.writing() as connection:
        withdraw_outline(connection, case_id, reader=reader or SOMEBODY)
    services.hub.publish("case", case_id)
    return Response(status_code=204)


@router.get("/outlines", summary="All versions of the outline", responses=errors(404))
def history(case_id: CaseIdPath, services: Shared) -> OutlineListBody:
    """List the versions, oldest first: by whom, when, and on which it was based."""
    with services.desk.reading() as connection:
        found = list_outlines(connection, case_id)
    return OutlineListBody(outlines=[_show(record) for record in found])


def _show(record: OutlineRecord) -> OutlineBody:
    return OutlineBody(
        id=record.id,
        reader=record.reader,
        at=record.at,
        based_on=record.based_on,
        area_px=record.area_px,
        is_withdrawal=record.mask_sha256 is None,
    )


async def _read_png(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "image/png":
        raise MalformedRequestError("expected the mask itself, as image/png.")
    return await request.body()


async def _measure(services: Services, case_id: str, mask_png: bytes) -> TaskResult:
    task = await run_in_threadpool(_measurement, services, case_id, mask_png)
    return await services.do(task)


def _measurement(services: Services, case_id: str, mask_png: bytes) -> Task:
    from dataclasses import replace

    with services.desk.reading() as connection:
        case = get_case(connection, case_id)
        if case.state is CaseState.REFUSED:
            raise ConflictError(f"the case was refused ({case.error_code}): {case.error_message}")
        image = case_input(connection, services.desk, case, is_edited=False)
    place = services.catalogue.get(None).place
    return Task(kind=TaskKind.MEASURE, image=replace(image, mask_png=mask_png), bundle=place)
