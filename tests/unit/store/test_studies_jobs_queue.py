"""Plans of studies, jobs that go on, a queue in which one thing is done once."""

from __future__ import annotations

import pytest
from desk_cases import add_read_case, add_waiting

from sonolesion.errors import ConflictError, InvalidInputError, NotFoundError, OutputWriteError
from sonolesion.store import jobs as j
from sonolesion.store import queue as q
from sonolesion.store.database import Desk
from sonolesion.store.removal import remove_case
from sonolesion.store.studies import (
    ROW_COLUMNS,
    Arm,
    NewStudy,
    NewStudyAnswer,
    add_study,
    add_study_answer,
    cases_read_alone,
    next_read,
    plan_reader,
    study_rows,
)

CASES = [f"{n:016x}" for n in range(7)]


def test_plan_gives_each_case_once_per_arm_and_session() -> None:
    new = NewStudy(name="s", cases=CASES, readers=["ann", "bob"], seed=5)
    plan = plan_reader(new, "ann")
    assert plan == plan_reader(new, "ann")
    assert plan != [row | {"reader": "ann"} for row in plan_reader(new, "bob")]
    for session, n_alone in ((1, 4), (2, 3)):
        rows = [row for row in plan if row["session"] == session]
        assert sorted(row["case_id"] for row in rows) == CASES
        assert [row["order"] for row in rows] == list(range(1, 8))
        assert sum(row["arm"] == "alone" for row in rows) == n_alone
    arms = {(row["case_id"], row["arm"]) for row in plan}
    assert len(arms) == 14


def answer(study_id: str, desk: Desk, **change: object) -> object:
    with desk.writing() as connection:
        asked = next_read(connection, study_id, "ann")
        values = {
            "reader": "ann", "case_id": asked.case_id, "arm": asked.arm, "birads": "4A",
            "malignant_percent": 60.0, "seconds": 3.0,
        }  # fmt: skip
        return add_study_answer(connection, study_id, NewStudyAnswer(**values | change))  # type: ignore[arg-type]


def test_a_study_from_first_to_last_answer(desk: Desk) -> None:
    ids = [add_read_case(desk, level).id for level in (1, 2)]
    new = NewStudy(name="=s", cases=ids, readers=["ann"], truth={ids[0]: True})
    with desk.writing() as connection:
        study = add_study(connection, new, actor="lead")
        assert len(cases_read_alone(connection, "ann")) == 2
    with pytest.raises(ConflictError):
        answer(study.id, desk, case_id="0" * 16)
    for done in range(1, 5):
        assert answer(study.id, desk).done == done  # type: ignore[attr-defined]
    with desk.reading() as connection:
        assert next_read(connection, study.id, "ann").case_id is None
        assert cases_read_alone(connection, "ann") == frozenset()
        rows = study_rows(connection, study.id)
    assert len(rows) == 4
    assert set(rows[0]) == set(ROW_COLUMNS)
    assert {(row["case"], row["truth"]) for row in rows} == {(ids[0], 1), (ids[1], "")}
    assert all(row["malignant_call"] == 1 and row["score"] == 60.0 for row in rows)
    with pytest.raises(ConflictError):
        answer(study.id, desk, case_id=ids[0], arm=Arm.WITH)


def test_wash_out(desk: Desk) -> None:
    ids = [add_read_case(desk).id]
    with desk.writing() as connection:
        new = NewStudy(name="s", cases=ids, readers=["ann"], washout_days=2.0)
        study = add_study(connection, new, actor="lead")
    after = answer(study.id, desk)
    assert (after.case_id, after.done, after.total) == (None, 1, 2)  # type: ignore[attr-defined]
    assert after.not_before is not None  # type: ignore[attr-defined]


def test_a_removed_case_leaves_the_study(desk: Desk) -> None:
    ids = [add_read_case(desk, level).id for level in (1, 2)]
    with desk.writing() as connection:
        study = add_study(connection, NewStudy(name="s", cases=ids, readers=["ann"]), actor="x")
        remove_case(connection, ids[0], actor="x")
        asked = next_read(connection, study.id, "ann")
    assert (asked.case_id, asked.total) == (ids[1], 2)


@pytest.mark.parametrize("change", [{"cases": []}, {"readers": ["a", "a"]}, {"arms": []}])
def test_senseless_studies_are_refused(desk: Desk, change: dict[str, list[str]]) -> None:
    values = {"name": "s", "cases": [add_read_case(desk).id], "readers": ["ann"]}
    with pytest.raises(InvalidInputError), desk.writing() as connection:
        add_study(connection, NewStudy(**values | change), actor="x")  # type: ignore[arg-type]
    with pytest.raises(NotFoundError), desk.reading() as connection:
        next_read(connection, "0" * 16, "ann")


def test_a_job_of_cases(desk: Desk) -> None:
    ids = [add_waiting(desk, level).id for level in (1, 2, 3)]
    with desk.writing() as connection:
        job = j.add_job(connection, cases=ids, actor="ann")
        first = j.claim_job_item(connection)
        assert first is not None
        assert first.case_id == ids[0]
        assert j.finish_case_items(connection, ids[0]) == {job.id}
        assert j.cancel_job(connection, job.id, actor="ann").state is j.JobState.CANCELLED
        assert j.claim_job_item(connection) is None
        assert not j.has_work(connection)
        j.resume_job(connection, job.id, actor="ann")
        for case_id in ids[1:]:
            assert j.claim_job_item(connection) is not None
            j.finish_case_items(connection, case_id)
        done = j.get_job(connection, job.id)
        assert (done.state, done.done, done.total) == (j.JobState.DONE, 3, 3)
        with pytest.raises(ConflictError):
            j.cancel_job(connection, job.id, actor="ann")
        assert [found.id for found in j.list_jobs(connection)] == [job.id]


def test_a_job_of_files_goes_on_after_a_kill(desk: Desk) -> None:
    case = add_waiting(desk)
    with desk.writing() as connection:
        job = j.add_job(connection, path_hashes=["a" * 64, "b" * 64], actor="ann")
        first = j.claim_job_item(connection)
        assert first is not None
        assert j.release_job_items(connection) == 1
        again = j.claim_job_item(connection)
        assert again == first
        j.set_item_case(connection, first.id, case.id)
        assert j.release_job_items(connection) == 0
        second = j.claim_job_item(connection)
        assert second is not None
        j.fail_job_item(connection, second.id, "E-IMG-002")
        j.finish_case_items(connection, case.id)
        done = j.get_job(connection, job.id)
    assert (done.state, done.done, done.failed) == (j.JobState.DONE, 1, 1)


def test_a_job_needs_something(desk: Desk) -> None:
    with desk.writing() as connection:
        with pytest.raises(InvalidInputError):
            j.add_job(connection, actor="ann")
        with pytest.raises(NotFoundError):
            j.add_job(connection, cases=["0" * 16], actor="ann")


def test_queue_does_one_thing_once(desk: Desk) -> None:
    new = q.NewItem(key="1.2.3", kind="send", destination="PACS")
    with desk.writing() as connection:
        item = q.add_item(connection, new)
        assert item is not None
        assert q.add_item(connection, new) is None
        assert q.claim_item(connection, "read") is None
        assert q.claim_item(connection, "send", destination="other") is None
        claimed = q.claim_item(connection, "send")
        assert claimed is not None
        assert (claimed.state, claimed.attempts) == (q.QueueState.WORKING, 1)
        assert q.claim_item(connection, "send") is None
        q.put_back(connection, item.id, after_s=3600, error=OutputWriteError("no PACS"))
        assert q.claim_item(connection, "send") is None
        assert q.get_item(connection, item.id).error_code == "E-OUT-002"
        q.put_back(connection, item.id, after_s=0)
        assert q.claim_item(connection, "send") is not None
        assert q.release_items(connection) == 1
        q.claim_item(connection, "send")
        q.finish_item(connection, item.id, detail={"sent": 3})
        assert q.add_item(connection, new) is None
        assert q.count_items(connection) == {("send", q.QueueState.DONE): 1}
        assert q.list_items(connection, state=q.QueueState.DONE)[0].detail == {"sent": 3}


def test_queue_failures_can_be_tried_again(desk: Desk) -> None:
    with desk.writing() as connection:
        ids = [
            q.add_item(connection, q.NewItem(key=k, kind="read")).id  # type: ignore[union-attr]
            for k in "ab"
        ]
        q.fail_item(connection, ids[0], OutputWriteError("x"))
        q.refuse_item(connection, ids[1], OutputWriteError("x"))
        assert q.retry_failed(connection) == 1
        assert q.get_item(connection, ids[1]).state is q.QueueState.REFUSED
