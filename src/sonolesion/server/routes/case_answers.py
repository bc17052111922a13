"""What the model answered to a case, in every form; only after the reader's own read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from sonolesion.errors import NotFoundError, OwnReadFirstError
from sonolesion.server.answers import file_response, png_response
from sonolesion.server.case_images import case_input, require_read
from sonolesion.server.case_view import require_answer
from sonolesion.server.routes.described import (
    CaseIdPath,
    Reader,
    Responses,
    StudyQuery,
    errors,
    file_answer,
)
from sonolesion.server.services import Services, Shared
from sonolesion.server.tasks import FILE_MEDIA, Task, TaskKind
from sonolesion.store.cases import get_case
from sonolesion.store.outlines import newest_outline

router = APIRouter(prefix="/api/v1/cases/{case_id}", tags=["answers"])
_ANSWER_ERRORS = (404, 409, 422, 501)


@router.get(
    "/image.png",
    summary="The image as it is shown",
    response_class=Response,
    responses=file_answer("image/png", 404, 409),
)
def picture(case_id: CaseIdPath, services: Shared) -> Response:
    """Give the image as 8-bit grey, upright, on the pixel grid of the prediction."""
    with services.desk.reading() as connection:
        case = get_case(connection, case_id)
    require_read(case)
    assert case.picture_sha256 is not None
    return png_response(services.desk.pictures.get(case.picture_sha256))


@router.get("/prediction", summary="The documented prediction row", responses=errors(404, 409))
def prediction(
    case_id: CaseIdPath, services: Shared, reader: Reader = None, study: StudyQuery = None
) -> dict[str, Any]:
    """Give the row of predictions.jsonl, as the model answered."""
    with services.desk.reading() as connection:
        case = get_case(connection, case_id)
        require_answer(connection, case, reader=reader, study=study)
        require_read(case)
    assert case.prediction is not None
    return dict(case.prediction)


@router.get(
    "/mask.png",
    summary="The outline as a mask",
    response_class=Response,
    responses=file_answer("image/png", 404, 409),
)
def mask(
    case_id: CaseIdPath,
    services: Shared,
    of: Annotated[
        Literal["model", "newest"],
        Query(description="The model's own, or the edited one where there is one."),
    ] = "newest",
    reader: Reader = None,
    study: StudyQuery = None,
) -> Response:
    """Give the mask as 8-bit grey, 0 or 255."""
    with services.desk.reading() as connection:
        case = get_case(connection, case_id)
        require_answer(connection, case, reader=reader, study=study)
        require_read(case)
        edited = newest_outline(connection, case_id) if of == "newest" else None
    digest = case.mask_sha256 if edited is None else edited.mask_sha256
    assert digest is not None
    return png_response(services.desk.masks.get(digest))


@router.get(
    "/change",
    summary="What changed since the earlier visit",
    responses=errors(*_ANSWER_ERRORS),
)
async def change(
    case_id: CaseIdPath, services: Shared, reader: Reader = None, study: StudyQuery = None
) -> dict[str, Any]:
    """Give the fields of comparison.json; edited outlines count."""
    asked = _Asked(case_id, reader, study)
    task = await run_in_threadpool(_comparison, services, asked, TaskKind.CHANGE)
    return dict((await services.do(task)).values)


@router.get(
    "/change.png",
    summary="Both visits side by side",
    response_class=Response,
    responses=file_answer("image/png", *_ANSWER_ERRORS),
)
async def change_picture(
    case_id: CaseIdPath, services: Shared, reader: Reader = None, study: StudyQuery = None
) -> Response:
    """Give the picture of comparison.png."""
    asked = _Asked(case_id, reader, study)
    task = await run_in_threadpool(_comparison, services, asked, TaskKind.CHANGE_PICTURE)
    return png_response((await services.do(task)).blobs[0])


def _add_file_routes() -> None:
    for kind in FILE_MEDIA:
        if kind is TaskKind.MASK:
            continue
        _add_file_route(kind)


def _add_file_route(kind: TaskKind) -> None:
    async def give(
        case_id: CaseIdPath, services: Shared, reader: Reader = None, study: StudyQuery = None
    ) -> Response:
        asked = _Asked(case_id, reader, study)
        task = await run_in_threadpool(_file, services, asked, kind)
        result = await services.do(task)
        return file_response(kind, result, name=f"case-{case_id[:6]}")

    described: Responses = file_answer(FILE_MEDIA[kind], *_ANSWER_ERRORS)
    router.get(
        f"/{kind.value}",
        name=kind.value,
        summary=_SUMMARIES[kind],
        description="Made again by the model that read the case; an edited outline counts.",
        response_class=Response,
        responses=described,
    )(give)


_SUMMARIES = {
    TaskKind.OVERLAY: "Outline and diameters on the image",
    TaskKind.EXPLANATION: "What the class rests on",
    TaskKind.HTML_REPORT: "Report as one page",
    TaskKind.PDF_REPORT: "Report as PDF",
    TaskKind.SEG: "DICOM segmentation",
    TaskKind.SR: "DICOM structured report",
    TaskKind.SC: "DICOM secondary capture",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks for which case."""

    case_id: str
    reader: str | None
    study: str | None


def _file(services: Services, asked: _Asked, kind: TaskKind) -> Task:
    with services.desk.reading() as connection:
        case = get_case(connection, asked.case_id)
        require_answer(connection, case, reader=asked.reader, study=asked.study)
        require_read(case)
        known = services.catalogue.by_hash(case.bundle_sha256)
        image = case_input(connection, services.desk, case)
    options = {"why": True, "label": case.label or f"Case {case.id[:6]}"}
    return Task(
        kind=kind, image=image, bundle=known.place, precision=known.precision, options=options
    )


def _comparison(services: Services, asked: _Asked, kind: TaskKind) -> Task:
    with services.desk.reading() as connection:
        case = get_case(connection, asked.case_id)
        require_answer(connection, case, reader=asked.reader, study=asked.study)
        require_read(case)
        if case.earlier_id is None:
            raise NotFoundError("this case has no earlier visit. Name one with PATCH.")
        before = get_case(connection, case.earlier_id)
        # the comparison tells the earlier visit's answer as well
        try:
            require_answer(connection, before, reader=asked.reader)
        except OwnReadFirstError as error:
            raise OwnReadFirstError(f"the earlier visit: {error.message}") from None
        require_read(before)
        known = services.catalogue.by_hash(case.bundle_sha256)
        image = case_input(connection, services.desk, case)
        earlier = case_input(connection, services.desk, before)
    return Task(
        kind=kind, image=image, earlier=earlier, bundle=known.place, precision=known.precision
    )


_add_file_routes()
