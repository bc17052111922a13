"""Reader studies: a list of cases in random order per reader, with and without the model.

With two arms each reader reads each case twice, in two sessions: in the first session a random half
of the cases alone and the others with the model, in the second the other way round, in another
order. The plan is made once and kept, so that a study goes on where a reader stopped.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select

from sonolesion.errors import ConflictError, InvalidInputError, NotFoundError
from sonolesion.store.audit import append_audit
from sonolesion.store.cases import get_case
from sonolesion.store.clock import new_id, now_text, parse_time
from sonolesion.store.tables import study, study_answer, study_case, study_plan

ROW_COLUMNS = (
    "study", "reader", "case", "arm", "session", "order", "birads", "score", "malignant_call",
    "seconds", "truth",
)  # fmt: skip
"""Columns of rows.csv, which `sonolesion study` takes."""

MALIGNANT_CATEGORIES = frozenset({"4", "4A", "4B", "4C", "5", "6"})
"""Categories that count as a call of malignant where a reader does not say it otherwise."""


class Arm(StrEnum):
    """How a case is read."""

    ALONE = "alone"
    WITH = "with"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStudy:
    """A study to be made.

    Attributes:
        name: for people.
        cases: ids, each once.
        readers: names, each once.
        arms: one or both.
        seed: of the orders.
        washout_days: between a reader's last answer of the first session and the second one.
        truth: case id -> malignant or not, where it is known.
    """

    name: str
    cases: Sequence[str]
    readers: Sequence[str]
    arms: Sequence[Arm] = (Arm.ALONE, Arm.WITH)
    seed: int = 0
    washout_days: float = 0.0
    truth: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord:
    """A study.

    Attributes:
        id: 16 hex digits.
        created_at: when it was made.
        name, seed, readers, arms, washout_days: see `NewStudy`.
        cases: ids of the cases that are still there.
        done, total: reader -> answers given, answers planned.
    """

    id: str
    created_at: str
    name: str
    seed: int
    readers: tuple[str, ...]
    arms: tuple[Arm, ...]
    washout_days: float
    cases: tuple[str, ...]
    done: Mapping[str, int]
    total: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRead:
    """What a reader has to read next.

    Attributes:
        case_id: the case; None where all is done, or the wash-out goes on.
        arm, session, order: of this read; None likewise.
        done, total: answers given and planned.
        not_before: end of the wash-out; None outside of it.
    """

    case_id: str | None
    arm: Arm | None
    session: int | None
    order: int | None
    done: int
    total: int
    not_before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStudyAnswer:
    """What a reader answered.

    Attributes:
        reader, case_id, arm: must be what `next_read` said.
        birads: category.
        malignant_percent: 0 to 100.
        seconds: from showing the case to the answer.
        malignant_call: None to take it from the category.
    """

    reader: str
    case_id: str
    arm: Arm
    birads: str
    malignant_percent: float
    seconds: float
    malignant_call: bool | None = None


def add_study(connection: Connection, new: NewStudy, *, actor: str) -> StudyRecord:
    """Make a study and its plan.

    Raises:
        NotFoundError: a case is not there.
        InvalidInputError: no case, reader or arm, or one of them twice.
    """
    for name, items in (("cases", new.cases), ("readers", new.readers), ("arms", new.arms)):
        if not items or len(set(items)) != len(items):
            raise InvalidInputError(f"{name}: expected at least one, and each of them once.")
    for case_id in new.cases:
        get_case(connection, case_id)
    study_id = new_id()
    connection.execute(
        insert(study).values(
            id=study_id,
            created_at=now_text(),
            name=new.name,
            seed=new.seed,
            arms=[arm.value for arm in new.arms],
            readers=list(new.readers),
            washout_days=new.washout_days,
        )
    )
    truth = {case_id: int(value) for case_id, value in new.truth.items()}
    connection.execute(
        insert(study_case),
        [
            {"study_id": study_id, "case_id": c, "position": n, "truth": truth.get(c)}
            for n, c in enumerate(new.cases)
        ],
    )
    plan = [row for reader in new.readers for row in plan_reader(new, reader)]
    connection.execute(insert(study_plan), [row | {"study_id": study_id} for row in plan])
    detail = {"cases": len(new.cases), "readers": len(new.readers)}
    append_audit(connection, "study.made", f"study {study_id}", actor=actor, detail=detail)
    return get_study(connection, study_id)


def plan_reader(new: NewStudy, reader: str) -> list[dict[str, Any]]:
    """Return one reader's plan: rows of reader, session, order (from 1), case_id, arm.

    Depends on seed, reader and cases only. Of an odd number of cases one more is read alone first.
    """
    digest = hashlib.sha256(f"{new.seed}\n{reader}".encode()).digest()
    rng = random.Random(digest)  # noqa: S311  an order, no secret
    shuffled = list(new.cases)
    rng.shuffle(shuffled)
    if len(new.arms) == 1:
        sessions = [[(case_id, new.arms[0]) for case_id in shuffled]]
    else:
        half = (len(shuffled) + 1) // 2
        first = [(c, Arm.ALONE if n < half else Arm.WITH) for n, c in enumerate(shuffled)]
        other = {Arm.ALONE: Arm.WITH, Arm.WITH: Arm.ALONE}
        sessions = [first, [(c, other[arm]) for c, arm in first]]
        for session in sessions:
            rng.shuffle(session)
    return [
        {"reader": reader, "session": s, "order": o, "case_id": case_id, "arm": arm.value}
        for s, session in enumerate(sessions, 1)
        for o, (case_id, arm) in enumerate(session, 1)
    ]


def get_study(connection: Connection, study_id: str) -> StudyRecord:
    """Return one study.

    Raises:
        NotFoundError: there is none of this id.
    """
    found = connection.execute(select(study).where(study.c.id == study_id)).first()
    if found is None:
        raise NotFoundError("there is no such study.")
    return _record(connection, found)


def list_studies(connection: Connection) -> tuple[StudyRecord, ...]:
    """Return all studies, oldest first."""
    rows = connection.execute(select(study).order_by(study.c.created_at, study.c.id))
    return tuple(_record(connection, row) for row in rows.all())


def next_read(connection: Connection, study_id: str, reader: str) -> NextRead:
    """Return what a reader has to read next.

    Raises:
        NotFoundError: no such study, or no such reader in it.
    """
    of_study = get_study(connection, study_id)
    if reader not in of_study.readers:
        raise NotFoundError("this reader is not one of the study's.")
    done, total = of_study.done[reader], of_study.total[reader]
    planned = connection.execute(
        _open_plan(reader)
        .where(study_plan.c.study_id == study_id)
        .order_by(study_plan.c.session, study_plan.c.order)
        .limit(1)
    ).first()
    nothing = NextRead(case_id=None, arm=None, session=None, order=None, done=done, total=total)
    if planned is None:
        return nothing
    end = _end_of_washout(connection, of_study, reader, planned.session)
    if end is not None and end > datetime.now(UTC):
        seconds = (end - datetime.now(UTC)).total_seconds()
        return NextRead(
            case_id=None, arm=None, session=None, order=None, done=done, total=total,
            not_before=now_text(seconds),
        )  # fmt: skip
    return NextRead(
        case_id=planned.case_id,
        arm=Arm(planned.arm),
        session=planned.session,
        order=planned.order,
        done=done,
        total=total,
    )


def add_study_answer(connection: Connection, study_id: str, new: NewStudyAnswer) -> NextRead:
    """Keep an answer, and return what comes next.

    Raises:
        NotFoundError: no such study, or no such reader in it.
        ConflictError: this is not what the reader has to read now; answers are never changed.
    """
    expected = next_read(connection, study_id, new.reader)
    if (new.case_id, new.arm) != (expected.case_id, expected.arm):
        raise ConflictError(
            "this is not the read that is asked for now: it was answered already, or another one "
            "comes first. Ask for the next one."
        )
    call = new.malignant_call
    if call is None:
        call = new.birads in MALIGNANT_CATEGORIES
    result = connection.execute(
        insert(study_answer).values(
            study_id=study_id,
            case_id=new.case_id,
            reader=new.reader,
            arm=new.arm.value,
            session=expected.session,
            order=expected.order,
            birads=new.birads,
            score=new.malignant_percent,
            malignant_call=int(call),
            seconds=new.seconds,
            at=now_text(),
        )
    )
    (number,) = result.inserted_primary_key or (0,)
    detail = {"answer": int(number), "case": new.case_id}
    subject = f"study {study_id}"
    append_audit(connection, "study.answered", subject, actor=new.reader, detail=detail)
    return next_read(connection, study_id, new.reader)


def study_rows(connection: Connection, study_id: str) -> list[dict[str, object]]:
    """Return one row per answer, by the names of `ROW_COLUMNS`; an unknown truth is "".

    Raises:
        NotFoundError: no such study.
    """
    of_study = get_study(connection, study_id)
    joined = study_answer.join(
        study_case,
        and_(
            study_case.c.study_id == study_answer.c.study_id,
            study_case.c.case_id == study_answer.c.case_id,
        ),
    )
    rows = connection.execute(
        select(study_answer, study_case.c.truth)
        .select_from(joined)
        .where(study_answer.c.study_id == study_id)
        .order_by(study_answer.c.reader, study_answer.c.session, study_answer.c.order)
    ).mappings()
    return [
        {name: row[name] for name in ROW_COLUMNS[4:-1]}
        | {
            "study": of_study.name,
            "reader": row["reader"],
            "case": row["case_id"],
            "arm": row["arm"],
            "truth": "" if row["truth"] is None else row["truth"],
        }
        for row in rows
    ]


def cases_read_alone(connection: Connection, reader: str) -> frozenset[str]:
    """Return the cases that a reader still has to read alone in a study: no answer is shown."""
    plan = _open_plan(reader).where(study_plan.c.arm == Arm.ALONE.value).subquery()
    return frozenset(connection.execute(select(plan.c.case_id)).scalars())


def _open_plan(reader: str) -> Any:
    """What a reader has not answered of any study."""
    answered = and_(
        study_answer.c.study_id == study_plan.c.study_id,
        study_answer.c.reader == study_plan.c.reader,
        study_answer.c.case_id == study_plan.c.case_id,
        study_answer.c.arm == study_plan.c.arm,
    )
    return (
        select(study_plan)
        .select_from(study_plan.outerjoin(study_answer, answered))
        .where(study_plan.c.reader == reader, study_answer.c.id.is_(None))
    )


def _end_of_washout(
    connection: Connection, of_study: StudyRecord, reader: str, session: int
) -> datetime | None:
    if session == 1:
        return None
    last = connection.execute(
        select(func.max(study_answer.c.at)).where(
            study_answer.c.study_id == of_study.id,
            study_answer.c.reader == reader,
            study_answer.c.session < session,
        )
    ).scalar()
    return None if last is None else parse_time(last) + timedelta(days=of_study.washout_days)


def _record(connection: Connection, row: Row[Any]) -> StudyRecord:
    cases = connection.execute(
        select(study_case.c.case_id)
        .where(study_case.c.study_id == row.id)
        .order_by(study_case.c.position)
    )
    counts = []
    for table in (study_answer, study_plan):
        found = connection.execute(
            select(table.c.reader, func.count())
            .where(table.c.study_id == row.id)
            .group_by(table.c.reader)
        )
        counts.append(dict.fromkeys(row.readers, 0) | {str(reader): int(n) for reader, n in found})
    return StudyRecord(
        id=row.id,
        created_at=row.created_at,
        name=row.name,
        seed=row.seed,
        readers=tuple(row.readers),
        arms=tuple(Arm(arm) for arm in row.arms),
        washout_days=row.washout_days,
        cases=tuple(cases.scalars()),
        done=counts[0],
        total=counts[1],
    )
