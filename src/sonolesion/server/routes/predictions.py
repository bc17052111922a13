"""One image in, an answer out; nothing is kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from sonolesion.errors import NotFoundError
from sonolesion.server.answers import file_response
from sonolesion.server.routes.described import (
    IMAGE_BODY,
    BundleName,
    Frame,
    Responses,
    Spacing,
    View,
    answered,
    errors,
    spacing_of,
)
from sonolesion.server.services import Services, Shared
from sonolesion.server.tasks import FILE_MEDIA, ImageInput, Task, TaskKind
from sonolesion.server.uploads import read_upload

router = APIRouter(prefix="/api/v1/predictions", tags=["predictions"])
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_ANY_FILE: Responses = {
    200: {
        "description": "The file.",
        "content": dict.fromkeys(sorted(set(FILE_MEDIA.values())), _BINARY),
    }
}
FILE_NAMES = tuple(kind.value for kind in FILE_MEDIA)


@router.post(
    "",
    summary="The documented prediction row of one image",
    openapi_extra=IMAGE_BODY,
    responses=answered("application/json", {"type": "object"}, "One line of predictions.jsonl.")
    | errors(404, 409, 422, 501),
)
async def predict(
    request: Request,
    services: Shared,
    frame: Frame = None,
    view: View = None,
    mm_per_px: Spacing = None,
    bundle: BundleName = None,
) -> JSONResponse:
    """Predict one image, and give the row that `sonolesion predict` writes of it."""
    task = await _task(
        request, services, TaskKind.ROW, (frame, view), mm_per_px=mm_per_px, bundle=bundle
    )
    return JSONResponse((await services.do(task)).values)


@router.post(
    "/{file_name}",
    summary="Another answer to one image",
    openapi_extra=IMAGE_BODY,
    response_class=Response,
    responses=_ANY_FILE | errors(404, 409, 422, 501),
)
async def predict_file(
    request: Request,
    services: Shared,
    file_name: Annotated[
        str, Path(description="What is wanted.", json_schema_extra={"enum": list(FILE_NAMES)})
    ],
    frame: Frame = None,
    view: View = None,
    mm_per_px: Spacing = None,
    bundle: BundleName = None,
) -> Response:
    """Predict one image, and give mask, overlay, explanation, report or DICOM object of it."""
    if file_name not in FILE_NAMES:
        raise NotFoundError(f"no such answer; there are {', '.join(FILE_NAMES)}.")
    kind = TaskKind(file_name)
    task = await _task(request, services, kind, (frame, view), mm_per_px=mm_per_px, bundle=bundle)
    return file_response(kind, await services.do(task))


async def _task(
    request: Request,
    services: Services,
    kind: TaskKind,
    part: tuple[int | None, int | None],
    *,
    mm_per_px: str | None,
    bundle: str | None,
) -> Task:
    known = services.catalogue.get(bundle)
    spacing = spacing_of(mm_per_px)
    upload = await read_upload(request)
    frame, view = part
    image = ImageInput(data=upload.data, frame=frame, view=view, spacing_mm=spacing)
    return Task(
        kind=kind, image=image, bundle=known.place, precision=known.precision, options={"why": True}
    )
