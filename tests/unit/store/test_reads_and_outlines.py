"""The own read comes first, everything is kept, and the newest outline counts."""

from __future__ import annotations

import pytest
from desk_cases import add_read_case, add_waiting, png

from sonolesion.errors import ConflictError, NotFoundError, OwnReadFirstError, StoreError
from sonolesion.store.database import Desk
from sonolesion.store.outlines import (
    NewOutline,
    add_outline,
    cases_with_outline,
    list_outlines,
    newest_outline,
    withdraw_outline,
)
from sonolesion.store.reads import (
    NewRead,
    ReadEvent,
    ReadKind,
    add_read,
    kinds_by_case,
    list_reads,
    require_own_read,
)
from sonolesion.store.settings import DeskSettings, read_settings, write_settings


def say(
    desk: Desk, case_id: str, kind: ReadKind, *, first: bool = True, **more: object
) -> ReadEvent:
    new = NewRead(reader="ann", kind=kind, **more)  # type: ignore[arg-type]
    with desk.writing() as connection:
        return add_read(connection, case_id, new, own_read_first=first)


def test_the_whole_way(desk: Desk) -> None:
    case = add_read_case(desk)
    say(desk, case.id, ReadKind.OPENED)
    say(desk, case.id, ReadKind.OWN_READ, birads="3", malignant_percent=10.0, seconds=4.5)
    say(desk, case.id, ReadKind.OWN_READ, birads="4A", calipers_px=[[[1.0, 2.0], [3.0, 4.0]]])
    say(desk, case.id, ReadKind.UNCOVERED)
    say(desk, case.id, ReadKind.FINAL_READ, birads="4B", decision="changed")
    with desk.reading() as connection:
        events = list_reads(connection, case.id, reader="ann")
        assert list_reads(connection, case.id, reader="bob") == ()
        assert set(kinds_by_case(connection, "ann")[case.id]) == set(ReadKind)
    assert [event.birads for event in events] == [None, "3", "4A", None, "4B"]
    assert events[1].seconds == 4.5
    assert events[2].calipers_px == ([[1.0, 2.0], [3.0, 4.0]],)
    assert events[1].bundle_sha256 == "a" * 64


@pytest.mark.parametrize("kind", [ReadKind.UNCOVERED, ReadKind.FINAL_READ])
def test_nothing_before_the_own_read(desk: Desk, kind: ReadKind) -> None:
    case = add_read_case(desk)
    with pytest.raises(OwnReadFirstError):
        say(desk, case.id, kind)
    assert say(desk, case.id, kind, first=False).kind is kind


def test_no_own_read_after_uncovering(desk: Desk) -> None:
    case = add_read_case(desk)
    say(desk, case.id, ReadKind.OWN_READ)
    say(desk, case.id, ReadKind.UNCOVERED)
    with pytest.raises(ConflictError, match="no own read"):
        say(desk, case.id, ReadKind.OWN_READ)


def test_nothing_to_uncover(desk: Desk) -> None:
    case = add_waiting(desk)
    say(desk, case.id, ReadKind.OWN_READ)
    with pytest.raises(ConflictError, match="nothing to uncover"):
        say(desk, case.id, ReadKind.UNCOVERED)
    with pytest.raises(NotFoundError):
        say(desk, "0" * 16, ReadKind.OPENED)


def test_another_reader_has_not_read(desk: Desk) -> None:
    case = add_read_case(desk)
    say(desk, case.id, ReadKind.OWN_READ)
    with desk.reading() as connection:
        require_own_read(connection, case.id, "ann")
        for reader in ("bob", None):
            with pytest.raises(OwnReadFirstError):
                require_own_read(connection, case.id, reader)


def test_events_are_never_changed(desk: Desk) -> None:
    from sqlalchemy import text

    case = add_read_case(desk)
    say(desk, case.id, ReadKind.OWN_READ)
    with pytest.raises(StoreError, match="append-only"), desk.writing() as connection:
        connection.execute(text("UPDATE read_event SET birads = '1'"))


def draw(desk: Desk, case_id: str, level: int) -> None:
    new = NewOutline(reader="ann", mask_png=png(level), area_px=level, measured={"lesions": []})
    with desk.writing() as connection:
        add_outline(connection, desk, case_id, new)


def test_outlines_are_versions(desk: Desk) -> None:
    case = add_read_case(desk)
    draw(desk, case.id, 200)
    draw(desk, case.id, 210)
    with desk.writing() as connection:
        newest = newest_outline(connection, case.id)
        assert newest is not None
        assert newest.area_px == 210
        assert cases_with_outline(connection) == {case.id}
        withdraw_outline(connection, case.id, reader="ann")
        assert newest_outline(connection, case.id) is None
        assert cases_with_outline(connection) == set()
        with pytest.raises(NotFoundError):
            withdraw_outline(connection, case.id, reader="ann")
        based = [o.based_on for o in list_outlines(connection, case.id)]
    assert based == ["prediction", "1", "2"]


def test_settings_are_kept_and_logged(desk: Desk) -> None:
    from sonolesion.store.audit import list_audit

    with desk.writing() as connection:
        assert read_settings(connection) == DeskSettings(own_read_first=True, bundle="")
        write_settings(connection, DeskSettings(own_read_first=False), actor="ann")
        write_settings(connection, DeskSettings(own_read_first=False), actor="ann")
        assert not read_settings(connection).own_read_first
        rows = list_audit(connection)
    assert [(row.action, dict(row.detail)) for row in rows] == [
        ("settings.changed", {"own_read_first": False})
    ]
