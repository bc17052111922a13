"""All cases at once, and one case as a whole."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, Literal, cast

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from sonolesion.files import csv_text
from sonolesion.server.case_tables import CASE_COLUMNS, case_rows, case_to_row, case_values
from sonolesion.server.case_view import require_answer
from sonolesion.server.routes.described import (
    SOMEBODY,
    CaseIdPath,
    Reader,
    StudyQuery,
    answered,
    errors,
    file_answer,
)
from sonolesion.server.services import Shared
from sonolesion.server.training_export import write_training_set
from sonolesion.store.case_export import export_case
from sonolesion.store.cases import CaseState, get_case

router = APIRouter(prefix="/api/v1", tags=["exports"])
_PART_BYTES = 2**18


@router.get(
    "/cases/{case_id}/export.zip",
    summary="All that belongs to one case",
    response_class=Response,
    responses=file_answer("application/zip", 404, 409, 507),
)
def one(
    case_id: CaseIdPath, services: Shared, reader: Reader = None, study: StudyQuery = None
) -> Response:
    """Give image, answer, reads, outlines and log rows; the image as it came, names and all."""
    with services.desk.writing() as connection:
        case = get_case(connection, case_id)
        if case.state is CaseState.READ:
            require_answer(connection, case, reader=reader, study=study)
        data = export_case(connection, services.desk, case_id, actor=reader or SOMEBODY)
    headers = {"Content-Disposition": f'attachment; filename="case-{case_id[:6]}.zip"'}
    return Response(data, media_type="application/zip", headers=headers)


@router.get(
    "/cases/{case_id}/row.csv",
    summary="One case as a table of one row",
    response_class=Response,
    responses=answered("text/csv", {"type": "string"}, "One row.") | errors(404, 409),
)
def one_row(
    case_id: CaseIdPath, services: Shared, reader: Reader = None, study: StudyQuery = None
) -> Response:
    """Give the case's row of cases.csv."""
    with services.desk.reading() as connection:
        case = get_case(connection, case_id)
        if case.state is CaseState.READ:
            require_answer(connection, case, reader=reader, study=study)
        text = csv_text(CASE_COLUMNS, [case_to_row(case_values(connection, case))])
    return Response(text, media_type="text/csv")


@router.get(
    "/export/cases.csv",
    summary="All cases as a table",
    response_class=Response,
    responses=answered("text/csv", {"type": "string"}, "One row per case.") | errors(),
)
def table(services: Shared) -> Response:
    """Give one row per case, with the edited outline's measurements where there is one."""
    with services.desk.reading() as connection:
        text = csv_text(CASE_COLUMNS, map(case_to_row, case_rows(connection)))
    return Response(text, media_type="text/csv")


@router.get(
    "/export/cases.jsonl",
    summary="All cases, one JSON object a line",
    response_class=Response,
    responses=answered("application/jsonl", {"type": "string"}, "One line per case.") | errors(),
)
def lines(services: Shared) -> StreamingResponse:
    """Give case, documented row, edited outline and reads of each case."""

    def parts() -> Iterator[str]:
        with services.desk.reading() as connection:
            for values in case_rows(connection):
                yield json.dumps(values, ensure_ascii=False, allow_nan=False) + "\n"

    return StreamingResponse(parts(), media_type="application/jsonl")


@router.get(
    "/export/dataset.zip",
    summary="Corrected outlines as a data set",
    response_class=Response,
    responses=file_answer("application/zip", 507),
)
def training_set(
    services: Shared,
    which: Annotated[
        Literal["edited", "all"],
        Query(description="Cases whose outline a reader edited, or every case that was read."),
    ] = "edited",
) -> StreamingResponse:
    """Give images and masks in BUSI's layout, which `sonolesion prepare` reads.

    labels.csv in it says where each class comes from: a reader's opinion is no pathology.
    """
    file: Any = tempfile.TemporaryFile(dir=services.desk.folder)  # noqa: SIM115  closed below
    try:
        write_training_set(services.desk, file, only_edited=which == "edited")
    except BaseException:
        file.close()
        raise
    file.seek(0)
    headers = {"Content-Disposition": 'attachment; filename="dataset.zip"'}
    return StreamingResponse(
        _stream(cast(BinaryIO, file)), media_type="application/zip", headers=headers
    )


def _stream(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART_BYTES):
            yield part
