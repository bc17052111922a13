"""Backup while it runs, restore, and what a damaged backup comes to."""

from __future__ import annotations

import json
import sqlite3
import threading
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from desk_cases import add_read_case, add_waiting, png

from sonolesion.errors import AuditError, OutputExistsError, StoreError
from sonolesion.store.backup import (
    read_manifest,
    restore_backup,
    verify_desk,
    write_backup,
)
from sonolesion.store.case_export import export_case
from sonolesion.store.cases import CaseQuery, get_case, list_cases
from sonolesion.store.database import DATABASE_NAME, Desk, open_desk
from sonolesion.store.reads import NewRead, ReadKind, add_read


def test_round_trip(desk: Desk, tmp_path: Path) -> None:
    case = add_read_case(desk, 9)
    made = write_backup(desk, tmp_path / "b.zip")
    assert made == read_manifest(tmp_path / "b.zip")
    assert made.files == 3
    restored = restore_backup(tmp_path / "b.zip", tmp_path / "again")
    assert restored == made
    again = open_desk(tmp_path / "again")
    with again.reading() as connection:
        assert get_case(connection, case.id) == case
    assert again.images.get(case.image_sha256) == png(9)
    assert verify_desk(again) == made.head
    again.close()
    assert not list(desk.folder.glob(".backup-*"))


def test_backup_while_others_write(desk: Desk, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        level = 0
        while not stop.is_set():
            level += 1
            add_waiting(desk, level % 256, label=str(level))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            write_backup(desk, tmp_path / f"{number}.zip")
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        restore_backup(tmp_path / f"{number}.zip", tmp_path / str(number))
    assert verify_desk(desk, [tmp_path / "0.zip", tmp_path / "2.zip"]).seq >= 3


def test_nothing_is_overwritten(desk: Desk, tmp_path: Path) -> None:
    write_backup(desk, tmp_path / "b.zip")
    with pytest.raises(OutputExistsError):
        write_backup(desk, tmp_path / "b.zip")
    with pytest.raises(OutputExistsError):
        restore_backup(tmp_path / "b.zip", desk.folder)


def test_a_log_cut_after_a_backup_is_found(desk: Desk, tmp_path: Path) -> None:
    add_waiting(desk)
    write_backup(desk, tmp_path / "b.zip")
    with closing(sqlite3.connect(desk.folder / DATABASE_NAME)) as raw, raw:
        raw.execute("DROP TRIGGER audit_no_delete")
        raw.execute("DELETE FROM audit")
    with pytest.raises(AuditError, match="missing"):
        verify_desk(desk)
    (desk.folder / "audit_heads.jsonl").unlink()
    verify_desk(desk)
    with pytest.raises(AuditError, match="missing"):
        verify_desk(desk, [tmp_path / "b.zip"])


@pytest.mark.parametrize("change", ["drop", "alter", "foreign", "traversal", "log"])
def test_a_changed_backup_is_refused(desk: Desk, tmp_path: Path, change: str) -> None:
    add_read_case(desk)
    write_backup(desk, tmp_path / "b.zip")
    with (
        zipfile.ZipFile(tmp_path / "b.zip") as old,
        zipfile.ZipFile(tmp_path / "c.zip", "w") as new,
    ):
        for member in old.infolist():
            data = old.read(member)
            is_image = member.filename.startswith("images/")
            if change == "drop" and is_image:
                continue
            if change == "alter" and is_image:
                data += b"!"
            if change == "log" and member.filename == "manifest.json":
                data = json.dumps(json.loads(data) | {"audit_hash": "f" * 64}).encode()
            new.writestr(member.filename, data)
        if change == "foreign":
            new.writestr("run.sh", "echo")
        if change == "traversal":
            new.writestr("../images/evil.bin", "x")
    with pytest.raises(StoreError):
        restore_backup(tmp_path / "c.zip", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_no_backup_at_all(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"PK no zip")
    for path in (tmp_path / "b.zip", tmp_path / "none.zip"):
        with pytest.raises(StoreError, match="no backup"):
            restore_backup(path, tmp_path / "again")


def test_export_of_a_case_holds_all_of_it(desk: Desk, tmp_path: Path) -> None:
    case = add_read_case(desk, 9)
    read = NewRead(reader="ann", kind=ReadKind.OWN_READ, birads="2")
    with desk.writing() as connection:
        add_read(connection, case.id, read, own_read_first=True)
        data = export_case(connection, desk, case.id, actor="ann")
        assert len(list_cases(connection, CaseQuery())) == 1
    (tmp_path / "e.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "e.zip") as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        top = f"case-{case.id}"
        assert archive.read(f"{top}/image.png") == png(9)
        reads = json.loads(archive.read(f"{top}/reads.json"))
        log = json.loads(archive.read(f"{top}/audit.json"))
    assert names == {
        "case.json", "prediction.json", "reads.json", "outlines.json", "study_answers.json",
        "audit.json", "image.png", "mask_model.png",
    }  # fmt: skip
    assert reads[0]["birads"] == "2"
    assert [entry["action"] for entry in log] == [
        "case.added", "case.read", "read.own_read", "case.exported",
    ]  # fmt: skip
