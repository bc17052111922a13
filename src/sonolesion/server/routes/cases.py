"""Cases: uploads, the work list, changes, removal."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from sonolesion.errors import InvalidInputError, UnreadableImageError
from sonolesion.imaging.spacing import check_spacing
from sonolesion.server.case_view import view_case, view_cases
from sonolesion.server.media import UNKNOWN
from sonolesion.server.messages import (
    ID_PATTERN,
    LABEL_PATTERN,
    CaseBody,
    CaseChangeBody,
    CaseListBody,
)
from sonolesion.server.routes.described import (
    IMAGE_BODY,
    SOMEBODY,
    CaseIdPath,
    Frame,
    Reader,
    Spacing,
    StudyQuery,
    View,
    errors,
    spacing_of,
)
from sonolesion.server.services import Services, Shared
from sonolesion.server.uploads import read_upload
from sonolesion.store.cases import (
    CaseChange,
    CaseOrder,
    CaseQuery,
    CaseState,
    NewCase,
    add_case,
    change_case,
    count_cases,
    get_case,
    list_cases,
)
from sonolesion.store.removal import remove_case, sweep_files

router = APIRouter(prefix="/api/v1/cases", tags=["cases"])


@router.post(
    "",
    status_code=201,
    summary="Keep an image as a new case",
    openapi_extra=IMAGE_BODY,
    responses=errors(404, 422, 507),
)
async def add(
    request: Request,
    services: Shared,
    reader: Reader = None,
    label: Annotated[
        str, Query(max_length=200, pattern=LABEL_PATTERN, description="What to call it.")
    ] = "",
    frame: Frame = None,
    view: View = None,
    mm_per_px: Spacing = None,
    earlier: Annotated[
        str | None, Query(pattern=ID_PATTERN, description="Case of the earlier visit.")
    ] = None,
) -> CaseBody:
    """Keep an upload; it is read in the background. Its file name is not kept.

    What is no image by its first bytes is refused at once (422); a damaged one becomes a case that
    is refused.
    """
    spacing = spacing_of(mm_per_px)
    upload = await read_upload(request)
    if upload.media == UNKNOWN:
        raise UnreadableImageError(
            "upload: its first bytes are those of no PNG, JPEG, BMP, TIFF or DICOM image; it was "
            "not kept. Give the image file itself."
        )
    typed = upload.fields.get("label", label)
    if len(typed) > 200 or not typed.isprintable():
        raise InvalidInputError("label: expected at most 200 printable characters.")
    new = NewCase(
        data=upload.data,
        media=upload.media,
        label=typed,
        frame=frame,
        view=view,
        spacing_mm=spacing,
        earlier_id=earlier,
    )
    return await run_in_threadpool(_add, services, new, reader)


def _add(services: Services, new: NewCase, reader: str | None) -> CaseBody:
    services.desk.images.put(new.data)
    with services.desk.writing() as connection:
        case = add_case(connection, services.desk, new, actor=reader or SOMEBODY)
        body = view_case(connection, case, reader=reader)
    services.reader.wake()
    services.hub.publish("case", case.id)
    return body


@router.get("", summary="The work list", responses=errors())
def show_all(
    services: Shared,
    reader: Reader = None,
    sort: Annotated[CaseOrder, Query(description="Most urgent or newest first.")] = CaseOrder.TIME,
    state: Annotated[CaseState | None, Query(description="Only cases in this state.")] = None,
    q: Annotated[str, Query(max_length=200, description="Part of the label or id.")] = "",
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> CaseListBody:
    """List cases. Before a reader's own read nothing of the model's answer stands in it."""
    query = CaseQuery(order=sort, state=state, text=q, offset=offset, limit=limit)
    with services.desk.reading() as connection:
        cases = list_cases(connection, query)
        total = count_cases(connection, query)
        return CaseListBody(cases=view_cases(connection, cases, reader=reader), total=total)


@router.get("/{case_id}", summary="One case", responses=errors(404))
def show(
    case_id: CaseIdPath, services: Shared, reader: Reader = None, study: StudyQuery = None
) -> CaseBody:
    """Show one case."""
    with services.desk.reading() as connection:
        return view_case(connection, get_case(connection, case_id), reader=reader, study=study)


@router.patch("/{case_id}", summary="Change a case", responses=errors(404, 507))
def change(
    case_id: CaseIdPath, body: CaseChangeBody, services: Shared, reader: Reader = None
) -> CaseBody:
    """Change label, size of a pixel or earlier visit; with another size it is read again."""
    given = body.model_fields_set
    mm = body.mm_per_px
    spacing = None
    if mm is not None:
        spacing = check_spacing([mm, mm] if isinstance(mm, float) else mm)
    wanted = CaseChange(
        label=body.label,
        spacing_mm=spacing,
        forget_spacing="mm_per_px" in given and mm is None,
        earlier_id=(body.earlier or "") if "earlier" in given else None,
    )
    with services.desk.writing() as connection:
        case = change_case(connection, case_id, wanted, actor=reader or SOMEBODY)
        shown = view_case(connection, case, reader=reader)
    services.reader.wake()
    services.hub.publish("case", case_id)
    return shown


@router.delete(
    "/{case_id}",
    status_code=204,
    response_class=Response,
    summary="Remove a case and all that belongs to it",
    responses=errors(404, 507),
)
def remove(case_id: CaseIdPath, services: Shared, reader: Reader = None) -> Response:
    """Remove image, answer, reads and outlines; the audit log keeps that the case was there."""
    with services.desk.writing() as connection:
        remove_case(connection, case_id, actor=reader or SOMEBODY)
    sweep_files(services.desk)
    services.hub.publish("case", case_id)
    return Response(status_code=204)
