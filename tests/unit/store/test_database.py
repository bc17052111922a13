"""Transactions, migrations, and what a kill leaves."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from desk_cases import add_waiting
from sqlalchemy import insert, text

from sonolesion.errors import StoreError
from sonolesion.store.cases import CaseQuery, count_cases
from sonolesion.store.database import DATABASE_NAME, Desk, open_desk
from sonolesion.store.folder_lock import lock_folder
from sonolesion.store.migrate import HEAD, MIGRATIONS, read_revision
from sonolesion.store.tables import metadata, setting


def test_durability_settings(desk: Desk) -> None:
    with desk.reading() as connection:
        values = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_migrations_make_what_the_tables_say(desk: Desk) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with desk.writing() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_head_is_the_newest_migration(desk: Desk) -> None:
    newest = max(path.name[:4] for path in (MIGRATIONS / "versions").glob("0*.py"))
    assert newest == HEAD
    with desk.reading() as connection:
        assert read_revision(connection) == HEAD


def test_an_error_leaves_nothing_behind(desk: Desk) -> None:
    def fail() -> None:
        with desk.writing() as connection:
            connection.execute(insert(setting).values(name="a", value=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with desk.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM setting")).scalar() == 0


def test_reading_cannot_write(desk: Desk) -> None:
    with pytest.raises(StoreError, match="readonly"), desk.reading() as connection:
        connection.execute(insert(setting).values(name="a", value=1))


def test_a_newer_store_is_refused(desk: Desk) -> None:
    with desk.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    desk.close()
    with pytest.raises(StoreError, match="newer sonolesion"):
        open_desk(desk.folder)


def test_a_damaged_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=r"desk\.db"):
        open_desk(tmp_path)


def test_an_open_desk_can_be_opened_again(desk: Desk) -> None:
    other = open_desk(desk.folder)
    add_waiting(other)
    other.close()
    with desk.reading() as connection:
        assert count_cases(connection, CaseQuery()) == 1


def test_one_server_at_a_time(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path)
    with pytest.raises(StoreError, match="another server"):
        lock_folder(tmp_path)
    lock.close()
    lock_folder(tmp_path).close()


WRITER = """
import sys
from pathlib import Path
from sonolesion.store.cases import NewCase, add_case
from sonolesion.store.database import open_desk
from sonolesion.store.reads import NewRead, ReadKind, add_read

desk = open_desk(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    data = f"{sys.argv[2]} image {number}".encode()
    desk.images.put(data)
    with desk.writing() as connection:
        case = add_case(connection, desk, NewCase(data=data, media="image/png"))
    read = NewRead(reader="ann", kind=ReadKind.OWN_READ, birads="4A", malignant_percent=number)
    with desk.writing() as connection:
        event = add_read(connection, case.id, read, own_read_first=True)
    print(case.id, event.id, flush=True)  # confirmed: only now may it not be lost
"""


def kill_while_writing(folder: Path, rounds: int, seed: int) -> list[tuple[str, str]]:
    """Kill a writer at random moments; return what it had confirmed."""
    rng = random.Random(seed)
    confirmed = []
    for number in range(rounds):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(number)], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            first = writer.stdout.readline()
            time.sleep(rng.uniform(0.0, 0.25))
            writer.kill()
            lines = (first + writer.stdout.read()).decode().splitlines()
        confirmed += [(w[0], w[1]) for w in map(str.split, lines) if len(w) == 2]
    return confirmed


def test_a_kill_loses_no_confirmed_read(tmp_path: Path) -> None:
    from sonolesion.store.audit import verify_audit
    from sonolesion.store.cases import get_case
    from sonolesion.store.reads import list_reads
    from sonolesion.store.removal import sweep_files

    confirmed = kill_while_writing(tmp_path / "desk", rounds=4, seed=1)
    assert len(confirmed) >= 4
    desk = open_desk(tmp_path / "desk")
    for folder in (desk.images, desk.masks):
        folder.sweep_unfinished()
    sweep_files(desk)
    with desk.reading() as connection:
        for case_id, event_id in confirmed:
            assert str(list_reads(connection, case_id)[0].id) == event_id
            desk.images.get(get_case(connection, case_id).image_sha256)
        assert verify_audit(connection).seq >= 2 * len(confirmed)
    desk.close()
    with sqlite3.connect(tmp_path / "desk" / DATABASE_NAME) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
