"""Jobs: many cases to be read, with progress, cancel and resume."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from sonolesion.errors import InvalidInputError
from sonolesion.server.inbox import list_inbox
from sonolesion.server.messages import ID_PATTERN, JobBody, JobListBody, NewJobBody
from sonolesion.server.routes.described import SOMEBODY, Reader, errors
from sonolesion.server.services import Services, Shared
from sonolesion.store.jobs import (
    JobRecord,
    add_job,
    cancel_job,
    get_job,
    list_jobs,
    resume_job,
)

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])
JobId = Annotated[str, Path(pattern=ID_PATTERN, description="Id of the job.")]


@router.post("", status_code=201, summary="Have many cases read", responses=errors(404, 409, 507))
def add(body: NewJobBody, services: Shared, reader: Reader = None) -> JobBody:
    """Read cases again, e.g. with another model, or take in the images of the inbox."""
    if body.inbox == bool(body.cases):
        raise InvalidInputError("a job needs cases, or inbox true; and not both.")
    hashes = list_inbox(services.settings.inbox) if body.inbox else ()
    if body.inbox and not hashes:
        raise InvalidInputError("the inbox holds no image.")
    with services.desk.writing() as connection:
        job = add_job(connection, cases=body.cases, path_hashes=hashes, actor=reader or SOMEBODY)
    return _told(services, job)


@router.get("", summary="The newest jobs", responses=errors())
def show_all(services: Shared, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> JobListBody:
    """List jobs, newest first."""
    with services.desk.reading() as connection:
        return JobListBody(jobs=[show_job(job) for job in list_jobs(connection, limit=limit)])


@router.get("/{job_id}", summary="How far a job is", responses=errors(404))
def show(job_id: JobId, services: Shared) -> JobBody:
    """Show one job."""
    with services.desk.reading() as connection:
        return show_job(get_job(connection, job_id))


@router.post("/{job_id}/cancel", summary="Stop a job", responses=errors(404, 409, 507))
def cancel(job_id: JobId, services: Shared, reader: Reader = None) -> JobBody:
    """Begin nothing more of a job; what is at work comes to its end."""
    with services.desk.writing() as connection:
        job = cancel_job(connection, job_id, actor=reader or SOMEBODY)
    return _told(services, job)


@router.post("/{job_id}/resume", summary="Go on with a job", responses=errors(404, 409, 507))
def resume(job_id: JobId, services: Shared, reader: Reader = None) -> JobBody:
    """Go on with a job that was stopped. After a restart jobs go on by themselves."""
    with services.desk.writing() as connection:
        job = resume_job(connection, job_id, actor=reader or SOMEBODY)
    return _told(services, job)


def show_job(job: JobRecord) -> JobBody:
    """Show one job."""
    return JobBody(
        id=job.id,
        created=job.created_at,
        source=job.source.value,
        state=job.state.value,
        total=job.total,
        waiting=job.waiting + job.working,
        done=job.done,
        failed=job.failed,
    )


def _told(services: Services, job: JobRecord) -> JobBody:
    services.reader.wake()
    services.hub.publish("job", job.id)
    return show_job(job)
