"""Cases from upload to answer, their order, their removal."""

from __future__ import annotations

import pytest
from desk_cases import add_read_case, add_waiting, files_of, png, row

from sonolesion.errors import (
    InvalidInputError,
    NotFoundError,
    StoreError,
    UnreadableImageError,
)
from sonolesion.store.audit import list_audit
from sonolesion.store.cases import (
    CaseAnswer,
    CaseChange,
    CaseOrder,
    CaseQuery,
    CaseState,
    answer_case,
    change_case,
    claim_case,
    count_cases,
    count_states,
    get_case,
    list_cases,
    read_again,
    refuse_case,
    release_cases,
)
from sonolesion.store.database import Desk
from sonolesion.store.removal import remove_case, sweep_files
from sonolesion.store.urgency import urgency_of


def test_an_upload_waits_and_its_file_is_named_by_hash(desk: Desk) -> None:
    case = add_waiting(desk, label="left breast")
    assert (case.state, case.label) == (CaseState.WAITING, "left breast")
    assert desk.images.get(case.image_sha256) == png()
    assert files_of(desk.images.folder) == {case.image_sha256}


def test_the_same_bytes_are_two_cases_and_one_file(desk: Desk) -> None:
    first, second = add_waiting(desk), add_waiting(desk)
    assert first.id != second.id
    assert len(files_of(desk.images.folder)) == 1


def test_claimed_oldest_first_and_once(desk: Desk) -> None:
    ids = [add_waiting(desk, level).id for level in (1, 2)]
    with desk.writing() as connection:
        found = [claim_case(connection) for _ in range(3)]
    assert [c.id if c else None for c in found] == [*ids, None]


def test_what_was_being_read_at_a_kill_waits_again(desk: Desk) -> None:
    add_waiting(desk)
    with desk.writing() as connection:
        claim_case(connection)
        assert release_cases(connection) == 1
        assert claim_case(connection) is not None


def test_an_answer_with_an_outdated_scale_is_dropped(desk: Desk) -> None:
    case = add_waiting(desk)
    answer = CaseAnswer(
        row=row(), notes=(), n_warnings=0, mask_png=png(255), picture_png=png(),
        bundle="tiny 0.1", bundle_sha256="a" * 64,
    )  # fmt: skip
    with desk.writing() as connection:
        claimed = claim_case(connection)
        assert claimed is not None
        change_case(connection, case.id, CaseChange(spacing_mm=(0.1, 0.1)))
        assert claim_case(connection) is not None
        assert not answer_case(connection, desk, claimed, answer)
        assert get_case(connection, case.id).prediction is None


def test_an_answer_to_a_removed_case_is_dropped(desk: Desk) -> None:
    case = add_waiting(desk)
    with desk.writing() as connection:
        claimed = claim_case(connection)
        assert claimed is not None
        remove_case(connection, case.id, actor="ann")
        assert not refuse_case(connection, claimed, UnreadableImageError("damaged"))


def test_a_refused_case_says_why(desk: Desk) -> None:
    add_waiting(desk)
    with desk.writing() as connection:
        claimed = claim_case(connection)
        assert claimed is not None
        refuse_case(connection, claimed, UnreadableImageError("damaged"))
        case = get_case(connection, claimed.id)
    assert (case.state, case.error_code, case.urgency) == (CaseState.REFUSED, "E-IMG-002", 0.5)


def test_urgent_cases_stand_first(desk: Desk) -> None:
    low = add_read_case(desk, 1, malignant=0.1).id
    high = add_read_case(desk, 2, malignant=0.9).id
    unsure = add_read_case(desk, 3, malignant=0.2, unsure=True).id
    waiting = add_waiting(desk, 4).id
    with desk.reading() as connection:
        urgent = list_cases(connection, CaseQuery(order=CaseOrder.URGENCY))
        newest = list_cases(connection, CaseQuery(limit=1))
    assert [case.id for case in urgent] == [high, unsure, low, waiting]
    assert [case.id for case in newest] == [waiting]


@pytest.mark.parametrize(
    ("more", "n_warnings", "expected"),
    [
        ({}, 0, 0.1),
        ({"unsure": True}, 0, 0.5),
        ({"disagreement": True}, 0, 0.5),
        ({}, 1, 0.5),
        ({"malignant_alert": True}, 0, 0.75),
    ],
)
def test_urgency(more: dict[str, bool], n_warnings: int, expected: float) -> None:
    assert urgency_of(row(malignant=0.1, **more), n_warnings=n_warnings) == expected


def test_queries_take_signs_as_they_are(desk: Desk) -> None:
    add_waiting(desk, 1, label="100 % sure")
    add_waiting(desk, 2, label="100 sure")
    with desk.reading() as connection:
        assert count_cases(connection, CaseQuery(text="100 %")) == 1
        assert count_cases(connection, CaseQuery(text="SURE")) == 2
        assert count_cases(connection, CaseQuery(state=CaseState.READ)) == 0
        assert count_states(connection)[CaseState.WAITING] == 2


def test_changes(desk: Desk) -> None:
    earlier, case = add_read_case(desk, 1), add_read_case(desk, 2)
    with desk.writing() as connection:
        changed = change_case(connection, case.id, CaseChange(label="new", earlier_id=earlier.id))
        assert (changed.label, changed.earlier_id) == ("new", earlier.id)
        assert changed.state is CaseState.READ
        scaled = change_case(connection, case.id, CaseChange(spacing_mm=(0.1, 0.2)))
        assert (scaled.state, scaled.spacing_mm) == (CaseState.WAITING, (0.1, 0.2))
        assert change_case(connection, case.id, CaseChange(forget_spacing=True)).spacing_mm is None
        assert change_case(connection, case.id, CaseChange(earlier_id="")).earlier_id is None
        with pytest.raises(InvalidInputError, match="itself"):
            change_case(connection, case.id, CaseChange(earlier_id=case.id))
        with pytest.raises(NotFoundError):
            change_case(connection, case.id, CaseChange(earlier_id="0" * 16))
        assert read_again(connection, case.id).state is CaseState.WAITING


def test_removal_takes_all_but_the_fact(desk: Desk) -> None:
    case = add_read_case(desk, 7)
    other = add_waiting(desk, 8, earlier_id=case.id)
    with desk.writing() as connection:
        remove_case(connection, case.id, actor="ann")
    assert sweep_files(desk) == 3
    assert files_of(desk.images.folder) == {other.image_sha256}
    with desk.reading() as connection:
        assert get_case(connection, other.id).earlier_id is None
        with pytest.raises(NotFoundError):
            get_case(connection, case.id)
        last = list_audit(connection)[-1]
    assert (last.action, last.subject, last.actor) == ("case.removed", f"case {case.id}", "ann")
    assert last.detail == {}


def test_a_shared_file_stays_until_its_last_case_goes(desk: Desk) -> None:
    first, second = add_waiting(desk), add_waiting(desk)
    with desk.writing() as connection:
        remove_case(connection, first.id, actor="ann")
    sweep_files(desk)
    assert desk.images.get(second.image_sha256) == png()


def test_a_changed_file_is_not_given_out(desk: Desk) -> None:
    case = add_waiting(desk)
    desk.images.path(case.image_sha256).write_bytes(b"other")
    with pytest.raises(StoreError, match="changed on the disk"):
        desk.images.get(case.image_sha256)
    with pytest.raises(StoreError, match="64 hex digits"):
        desk.images.path("../../x")
