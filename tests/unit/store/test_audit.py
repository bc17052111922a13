"""A changed, dropped, moved or cut-off row is found."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sonolesion.errors import AuditError, StoreError
from sonolesion.store.audit import (
    FIRST_HASH,
    AuditHead,
    append_audit,
    list_audit,
    read_head,
    verify_audit,
)
from sonolesion.store.database import DATABASE_NAME, Desk

ROWS = 6


@pytest.fixture
def log(desk: Desk) -> Desk:
    for number in range(ROWS):
        with desk.writing() as connection:
            append_audit(connection, "tested", f"thing {number}", detail={"n": number})
    return desk


def tamper(desk: Desk, *statements: str) -> None:
    """Change the log as somebody with the file would: triggers dropped first."""
    with closing(sqlite3.connect(desk.folder / DATABASE_NAME)) as raw, raw:
        raw.execute("DROP TRIGGER audit_no_update")
        raw.execute("DROP TRIGGER audit_no_delete")
        for statement in statements:
            raw.execute(statement)


def verify(desk: Desk, known: tuple[AuditHead, ...] = ()) -> AuditHead:
    with desk.reading() as connection:
        return verify_audit(connection, known)


def test_empty_log_is_whole(desk: Desk) -> None:
    assert verify(desk) == AuditHead(0, FIRST_HASH)


def test_hash_is_that_of_the_documented_content(log: Desk) -> None:
    with log.reading() as connection:
        first = list_audit(connection, limit=1)[0]
    content = json.dumps([1, first.at, "system", "tested", "thing 0", '{"n": 0}'])
    expected = hashlib.sha256(f"{'0' * 64}\n{content}".encode()).hexdigest()
    assert (first.previous_hash, first.hash) == (FIRST_HASH, expected)


def test_whole_log_gives_its_head(log: Desk) -> None:
    assert verify(log).seq == ROWS


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_the_store_itself_refuses_changes(log: Desk, statement: str) -> None:
    from sqlalchemy import text

    with pytest.raises(StoreError, match="append-only"), log.writing() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("column", ["at", "actor", "action", "subject", "detail", "hash"])
def test_a_changed_row_is_found(log: Desk, column: str) -> None:
    tamper(log, f"UPDATE audit SET {column} = 'other' WHERE seq = 3")
    with pytest.raises(AuditError, match="row 3"):
        verify(log)


def test_a_dropped_row_is_found(log: Desk) -> None:
    tamper(log, "DELETE FROM audit WHERE seq = 3")
    with pytest.raises(AuditError, match="row 3 is missing"):
        verify(log)


def test_a_dropped_row_with_numbers_closed_up_is_found(log: Desk) -> None:
    tamper(
        log,
        "DELETE FROM audit WHERE seq = 3",
        *(f"UPDATE audit SET seq = {n - 1} WHERE seq = {n}" for n in range(4, ROWS + 1)),
    )
    with pytest.raises(AuditError, match="row 3"):
        verify(log)


def test_exchanged_rows_are_found(log: Desk) -> None:
    tamper(
        log,
        "UPDATE audit SET seq = 99 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 99",
    )
    with pytest.raises(AuditError, match="row 3"):
        verify(log)


def test_a_cut_tail_is_found_where_a_head_is_known(log: Desk) -> None:
    with log.reading() as connection:
        head = read_head(connection)
    tamper(log, "DELETE FROM audit WHERE seq > 4")
    assert verify(log).seq == 4
    with pytest.raises(AuditError, match=f"ends with row 4, a backup knows row {ROWS}"):
        verify(log, (head,))


def test_a_log_written_anew_is_found_where_a_head_is_known(desk: Desk, tmp_path: Path) -> None:
    with desk.writing() as connection:
        append_audit(connection, "tested", "thing")
    with pytest.raises(AuditError, match="row 1 is another one"):
        verify(desk, (AuditHead(1, "f" * 64),))


def test_older_heads_still_fit(log: Desk) -> None:
    with log.reading() as connection:
        rows = list_audit(connection, after=2, limit=2)
    assert verify(log, tuple(AuditHead(r.seq, r.hash) for r in rows)).seq == ROWS
    assert [r.seq for r in rows] == [3, 4]


def test_parallel_writers_make_one_chain(desk: Desk) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def write(number: int) -> None:
        with desk.writing() as connection:
            append_audit(connection, "tested", f"thing {number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    assert verify(desk).seq == 24
