"""Jobs: many cases to be read, worked through one by one, resumed after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from sonolesion.errors import ConflictError, InvalidInputError, NotFoundError
from sonolesion.store.audit import append_audit
from sonolesion.store.cases import get_case
from sonolesion.store.clock import new_id, now_text
from sonolesion.store.tables import job, job_item


class JobSource(StrEnum):
    """Where the images of a job come from."""

    CASES = "cases"
    INBOX = "inbox"


class JobState(StrEnum):
    """What has become of a job."""

    RUNNING = "running"
    CANCELLED = "cancelled"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job and how far it is.

    Attributes:
        id: 16 hex digits.
        created_at, changed_at: times.
        source, state: see there.
        waiting, working, done, failed: items in each state; an image that was refused counts as
            done, a file that could not be read as failed.
    """

    id: str
    created_at: str
    changed_at: str
    source: JobSource
    state: JobState
    waiting: int
    working: int
    done: int
    failed: int

    @property
    def total(self) -> int:
        """Items in all."""
        return self.waiting + self.working + self.done + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class JobItem:
    """One image of a job.

    Attributes:
        id: its number.
        job_id: of which job.
        path_sha256: hash of the path in the inbox, whose name is not kept; None of a case.
        case_id: the case; None of a file that was not taken in yet.
    """

    id: int
    job_id: str
    path_sha256: str | None
    case_id: str | None


def add_job(
    connection: Connection,
    *,
    cases: Sequence[str] = (),
    path_hashes: Sequence[str] = (),
    actor: str,
) -> JobRecord:
    """Make a job of cases, or of files in the inbox by the hashes of their paths.

    Raises:
        InvalidInputError: nothing to do, or both.
        NotFoundError: a case is not there.
    """
    if bool(cases) == bool(path_hashes):
        raise InvalidInputError("a job needs cases, or files in the inbox; and not both.")
    for case_id in cases:
        get_case(connection, case_id)
    source = JobSource.CASES if cases else JobSource.INBOX
    job_id, at = new_id(), now_text()
    connection.execute(
        insert(job).values(
            id=job_id,
            created_at=at,
            changed_at=at,
            source=source.value,
            state=JobState.RUNNING.value,
        )
    )
    items: list[dict[str, Any]] = [{"case_id": c, "path_sha256": None} for c in cases]
    items += [{"case_id": None, "path_sha256": p} for p in path_hashes]
    connection.execute(
        insert(job_item), [item | {"job_id": job_id, "state": "waiting"} for item in items]
    )
    detail = {"source": source.value, "items": len(items)}
    append_audit(connection, "job.made", f"job {job_id}", actor=actor, detail=detail)
    return get_job(connection, job_id)


def get_job(connection: Connection, job_id: str) -> JobRecord:
    """Return one job.

    Raises:
        NotFoundError: there is none of this id.
    """
    found = connection.execute(select(job).where(job.c.id == job_id)).first()
    if found is None:
        raise NotFoundError("there is no such job.")
    return _record(connection, found)


def list_jobs(connection: Connection, *, limit: int = 100) -> tuple[JobRecord, ...]:
    """Return the newest jobs, newest first."""
    chosen = select(job).order_by(job.c.created_at.desc(), job.c.id).limit(limit)
    return tuple(_record(connection, row) for row in connection.execute(chosen).all())


def cancel_job(connection: Connection, job_id: str, *, actor: str) -> JobRecord:
    """Begin no further item; what is at work comes to its end.

    Raises:
        NotFoundError: no such job.
        ConflictError: it is done.
    """
    return _switch(connection, job_id, JobState.CANCELLED, actor=actor)


def resume_job(connection: Connection, job_id: str, *, actor: str) -> JobRecord:
    """Go on with a job that was cancelled.

    Raises:
        NotFoundError: no such job.
        ConflictError: it is done.
    """
    return _switch(connection, job_id, JobState.RUNNING, actor=actor)


def has_work(connection: Connection) -> bool:
    """Whether an item of a running job waits."""
    return connection.execute(_next_item()).first() is not None


def claim_job_item(connection: Connection) -> JobItem | None:
    """Take the next waiting item of the oldest running job; None where none waits."""
    found = connection.execute(_next_item()).first()
    if found is None:
        return None
    connection.execute(update(job_item).where(job_item.c.id == found.id).values(state="working"))
    return JobItem(
        id=found.id,
        job_id=found.job_id,
        path_sha256=found.path_sha256,
        case_id=found.case_id,
    )


def release_job_items(connection: Connection) -> int:
    """Let items whose file was not taken in when the server was killed wait again."""
    return connection.execute(
        update(job_item)
        .where(job_item.c.state == "working", job_item.c.case_id.is_(None))
        .values(state="waiting")
    ).rowcount


def set_item_case(connection: Connection, item_id: int, case_id: str) -> None:
    """Say which case a file of the inbox became."""
    connection.execute(update(job_item).where(job_item.c.id == item_id).values(case_id=case_id))


def fail_job_item(connection: Connection, item_id: int, code: str) -> frozenset[str]:
    """Say that a file could not be read; return the jobs that changed."""
    found = connection.execute(select(job_item).where(job_item.c.id == item_id)).first()
    if found is None:
        return frozenset()
    connection.execute(
        update(job_item).where(job_item.c.id == item_id).values(state="failed", error_code=code)
    )
    _finish(connection, found.job_id)
    return frozenset({found.job_id})


def finish_case_items(connection: Connection, case_id: str) -> frozenset[str]:
    """Say that a case was read or refused; return the jobs that changed."""
    chosen = (job_item.c.case_id == case_id) & (job_item.c.state == "working")
    jobs = frozenset(connection.execute(select(job_item.c.job_id).where(chosen)).scalars())
    connection.execute(update(job_item).where(chosen).values(state="done"))
    for job_id in jobs:
        _finish(connection, job_id)
    return jobs


def _next_item() -> Any:
    return (
        select(job_item)
        .join(job, job.c.id == job_item.c.job_id)
        .where(job.c.state == JobState.RUNNING.value, job_item.c.state == "waiting")
        .order_by(job.c.created_at, job_item.c.id)
        .limit(1)
    )


def _finish(connection: Connection, job_id: str) -> None:
    """Close a running job of which nothing is left."""
    record = get_job(connection, job_id)
    values: dict[str, Any] = {"changed_at": now_text()}
    if record.waiting == record.working == 0:
        values["state"] = JobState.DONE.value
    connection.execute(update(job).where(job.c.id == job_id).values(**values))


def _switch(connection: Connection, job_id: str, state: JobState, *, actor: str) -> JobRecord:
    record = get_job(connection, job_id)
    if record.state is JobState.DONE:
        raise ConflictError("this job is done.")
    connection.execute(
        update(job).where(job.c.id == job_id).values(state=state.value, changed_at=now_text())
    )
    append_audit(connection, f"job.{state.value}", f"job {job_id}", actor=actor)
    return get_job(connection, job_id)


def _record(connection: Connection, row: Row[Any]) -> JobRecord:
    counted = connection.execute(
        select(job_item.c.state, func.count())
        .where(job_item.c.job_id == row.id)
        .group_by(job_item.c.state)
    )
    counts = {str(state): int(count) for state, count in counted}
    return JobRecord(
        id=row.id,
        created_at=row.created_at,
        changed_at=row.changed_at,
        source=JobSource(row.source),
        state=JobState(row.state),
        **{name: counts.get(name, 0) for name in ("waiting", "working", "done", "failed")},
    )
