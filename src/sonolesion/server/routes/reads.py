"""Reads: what each reader saw and said of a case."""

from __future__ import annotations

from fastapi import APIRouter

from sonolesion.errors import InvalidInputError
from sonolesion.server.messages import NewReadBody, ReadBody, ReadListBody
from sonolesion.server.routes.described import CaseIdPath, Reader, errors
from sonolesion.server.services import Shared
from sonolesion.store.reads import NewRead, ReadEvent, ReadKind, add_read, list_reads
from sonolesion.store.settings import read_settings

router = APIRouter(prefix="/api/v1/cases/{case_id}/reads", tags=["reads"])


@router.post("", status_code=201, summary="Keep a read", responses=errors(404, 409, 507))
def add(
    case_id: CaseIdPath, body: NewReadBody, services: Shared, reader: Reader = None
) -> ReadBody:
    """Keep what a reader saw or said; when the answer comes, it is on the disk."""
    if reader is not None and reader != body.reader:
        raise InvalidInputError("reader: query and body name two different readers.")
    new = NewRead(
        reader=body.reader,
        kind=ReadKind(body.event),
        birads=body.birads,
        malignant_percent=body.probability,
        seconds=body.seconds,
        decision=body.decision,
        calipers_px=body.calipers_px or (),
        outline_px=body.outline_px or (),
    )
    with services.desk.writing() as connection:
        own_first = read_settings(connection).own_read_first
        kept = add_read(connection, case_id, new, own_read_first=own_first)
    services.hub.publish("case", case_id)
    return show_read(kept)


@router.get("", summary="The reads of a case", responses=errors(404))
def show(case_id: CaseIdPath, services: Shared, reader: Reader = None) -> ReadListBody:
    """List a reader's events, oldest first; all readers' where none is named."""
    with services.desk.reading() as connection:
        found = list_reads(connection, case_id, reader=reader)
    return ReadListBody(reads=[show_read(event) for event in found])


def show_read(event: ReadEvent) -> ReadBody:
    """Show one event."""
    return ReadBody(
        id=event.id,
        at=event.at,
        reader=event.reader,
        event=event.kind.value,
        birads=event.birads,
        probability=event.malignant_percent,
        calipers_px=list(event.calipers_px) or None,
        outline_px=list(event.outline_px) or None,
        seconds=event.seconds,
        decision=event.decision,
    )
