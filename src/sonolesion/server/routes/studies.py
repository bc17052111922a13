"""Reader studies: made, read case by case, given out as one row per answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from sonolesion.errors import ConflictError, InvalidInputError
from sonolesion.files import csv_text
from sonolesion.server.case_view import view_case
from sonolesion.server.messages import (
    ID_PATTERN,
    NewStudyAnswerBody,
    NewStudyBody,
    NextReadBody,
    StudyBody,
    StudyListBody,
)
from sonolesion.server.routes.described import (
    SOMEBODY,
    Reader,
    ReaderNeeded,
    answered,
    errors,
)
from sonolesion.server.services import Services, Shared
from sonolesion.store.cases import get_case
from sonolesion.store.studies import (
    ROW_COLUMNS,
    Arm,
    NewStudy,
    NewStudyAnswer,
    NextRead,
    StudyRecord,
    add_study,
    add_study_answer,
    get_study,
    list_studies,
    next_read,
    study_rows,
)

router = APIRouter(prefix="/api/v1/studies", tags=["studies"])
StudyId = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the study.")]


@router.post("", status_code=201, summary="Make a study", responses=errors(404, 507))
def add(body: NewStudyBody, services: Shared, reader: Reader = None) -> StudyBody:
    """Make a study; each reader's order is drawn now and kept."""
    unknown = set(body.truth) - set(body.cases)
    if unknown:
        raise InvalidInputError("truth: names a case that is not in the study.")
    new = NewStudy(
        name=body.name,
        cases=body.cases,
        readers=body.readers,
        arms=[Arm(arm) for arm in body.arms],
        seed=body.seed,
        washout_days=body.washout_days,
        truth=body.truth,
    )
    with services.desk.writing() as connection:
        return _show(add_study(connection, new, actor=reader or SOMEBODY))


@router.get("", summary="All studies", responses=errors())
def show_all(services: Shared) -> StudyListBody:
    """List the studies, oldest first."""
    with services.desk.reading() as connection:
        return StudyListBody(studies=[_show(found) for found in list_studies(connection)])


@router.get("/{study_id}", summary="One study", responses=errors(404))
def show(study_id: StudyId, services: Shared) -> StudyBody:
    """Show one study and how far each reader is."""
    with services.desk.reading() as connection:
        return _show(get_study(connection, study_id))


@router.get("/{study_id}/next", summary="What a reader reads next", responses=errors(404))
def show_next(study_id: StudyId, services: Shared, reader: ReaderNeeded) -> NextReadBody:
    """Give the next case; null when all is done or the wash-out goes on."""
    with services.desk.reading() as connection:
        asked = next_read(connection, study_id, reader)
    return _show_next(services, study_id, reader, asked)


@router.post(
    "/{study_id}/answers",
    status_code=201,
    summary="Answer the case that was asked for",
    responses=errors(404, 409, 507),
)
def answer(
    study_id: StudyId, body: NewStudyAnswerBody, services: Shared, reader: Reader = None
) -> NextReadBody:
    """Keep an answer and give the next case; an answer is never changed."""
    if reader is not None and reader != body.reader:
        raise InvalidInputError("reader: query and body name two different readers.")
    new = NewStudyAnswer(
        reader=body.reader,
        case_id=body.case,
        arm=Arm(body.arm),
        birads=body.birads,
        malignant_percent=body.probability,
        seconds=body.seconds,
        malignant_call=body.malignant_call,
    )
    with services.desk.writing() as connection:
        asked = next_read(connection, study_id, body.reader)
        if body.session is not None and asked.session != body.session:
            raise ConflictError("this session is not the one that is read now.")
        after = add_study_answer(connection, study_id, new)
    return _show_next(services, study_id, body.reader, after)


@router.get(
    "/{study_id}/rows.csv",
    summary="One row per answer",
    response_class=Response,
    responses=answered("text/csv", {"type": "string"}, "Rows that `sonolesion study` takes.")
    | errors(404),
)
def rows(study_id: StudyId, services: Shared) -> Response:
    """Give the answers in the layout that multi-reader multi-case software takes."""
    with services.desk.reading() as connection:
        text = csv_text(ROW_COLUMNS, study_rows(connection, study_id))
    return Response(text, media_type="text/csv")


def _show(found: StudyRecord) -> StudyBody:
    return StudyBody(
        id=found.id,
        name=found.name,
        created=found.created_at,
        seed=found.seed,
        cases=list(found.cases),
        readers=list(found.readers),
        arms=[arm.value for arm in found.arms],
        washout_days=found.washout_days,
        done=dict(found.done),
        total=dict(found.total),
    )


def _show_next(services: Services, study_id: str, reader: str, asked: NextRead) -> NextReadBody:
    case = None
    if asked.case_id is not None:
        with services.desk.reading() as connection:
            found = get_case(connection, asked.case_id)
            case = view_case(connection, found, reader=reader, study=study_id)
    return NextReadBody(
        case=case,
        arm=None if asked.arm is None else asked.arm.value,
        session=asked.session,
        order=asked.order,
        done=asked.done,
        total=asked.total,
        not_before=asked.not_before,
    )
