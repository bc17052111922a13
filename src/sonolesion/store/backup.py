"""Backup while the desk is in use, restore, and the check of the audit log against backups."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sonolesion.errors import OutputExistsError, StoreError
from sonolesion.files import atomic_folder, atomic_open, atomic_write_text, explain_write_errors
from sonolesion.store.audit import AuditHead, verify_audit
from sonolesion.store.blobs import BlobFolder
from sonolesion.store.clock import now_text
from sonolesion.store.database import DATABASE_NAME, Desk, open_desk

HEADS_NAME = "audit_heads.jsonl"
_FORMAT = "sonolesion desk backup 1"
_MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 10_000
_MEMBER = re.compile(r"(images|masks|pictures)/[0-9a-f]{2}/[0-9a-f]{64}\.bin")
_ATTEMPTS = 3
_COLUMNS = (
    ("images", "SELECT image_sha256 FROM 'case' UNION SELECT file_sha256 FROM queue"),
    ("masks", "SELECT mask_sha256 FROM 'case' UNION SELECT mask_sha256 FROM outline"),
    ("pictures", "SELECT picture_sha256 FROM 'case'"),
)


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What a backup holds.

    Attributes:
        head: the newest row of its audit log.
        files: images, masks and pictures.
        created_at: when it was made.
    """

    head: AuditHead
    files: int
    created_at: str


def write_backup(desk: Desk, out: Path) -> BackupSummary:
    """Write database and files into one zip; whole or not at all; readers and writers go on.

    The database is copied as it is at one moment, by SQLite's own backup. The head of its audit
    log is also noted in the desk's folder, so that a log cut short later is found.

    Raises:
        OutputExistsError: `out` is there already.
        OutputWriteError: it cannot be written.
        StoreError: a file of the desk is missing or was changed.
    """
    if out.exists():
        raise OutputExistsError(f"{out}: is there already. Choose another name for the backup.")
    for attempt in range(_ATTEMPTS):
        try:
            summary = _write(desk, out)
        except StoreError:
            # a case may have been removed between the copy of the database and its files
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            _note_head(desk.folder, summary)
            return summary
    raise StoreError("the backup could not be made.")


def restore_backup(backup: Path, folder: Path) -> BackupSummary:
    """Put a backup into a new folder, after checking every file of it.

    Raises:
        OutputExistsError: the folder holds something.
        StoreError: the backup is damaged, was changed, or is none.
        AuditError: its audit log was changed.
        OutputWriteError: the folder cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputExistsError(f"{folder}: is not empty. Restore into a new folder.")
    with atomic_folder(folder) as work:
        summary = _unpack(backup, work)
        desk = open_desk(work)
        try:
            with desk.reading() as connection:
                head = verify_audit(connection, [summary.head])
        finally:
            desk.close()
        if head != summary.head:
            raise StoreError(f"{backup}: its log and its manifest differ. Take another backup.")
        _note_head(work, summary)
    return summary


def verify_desk(desk: Desk, backups: Sequence[Path] = ()) -> AuditHead:
    """Check the audit log: its chain, and that it holds the heads that backups know.

    Args:
        desk: the store.
        backups: files of backups, besides the heads that the folder itself has noted.

    Raises:
        AuditError: a row was changed, dropped or moved, or rows at the end are missing.
        StoreError: a backup cannot be read.
    """
    known = [*_noted_heads(desk.folder), *(read_manifest(path).head for path in backups)]
    with desk.reading() as connection:
        return verify_audit(connection, known)


def read_manifest(backup: Path) -> BackupSummary:
    """Read what a backup says of itself.

    Raises:
        StoreError: it is none.
    """
    try:
        with zipfile.ZipFile(backup) as archive:
            if archive.getinfo(_MANIFEST).file_size > _MAX_MANIFEST_BYTES:
                raise ValueError("too long")
            values = json.loads(archive.read(_MANIFEST))
        if values["format"] != _FORMAT:
            raise ValueError("another format")
        head = AuditHead(int(values["audit_seq"]), str(values["audit_hash"]))
        return BackupSummary(head, int(values["files"]), str(values["created_at"]))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise StoreError(
            f"{backup}: is no backup of a reading desk ({type(error).__name__}). Give a file that "
            "`sonolesion serve --backup` wrote."
        ) from error


def _write(desk: Desk, out: Path) -> BackupSummary:
    with tempfile.TemporaryDirectory(dir=desk.folder, prefix=".backup-") as work:
        copy = Path(work) / DATABASE_NAME
        _copy_database(desk.folder / DATABASE_NAME, copy)
        names, head = _read_copy(copy)
        files = sum(len(digests) for digests in names.values())
        summary = BackupSummary(head, files, now_text())
        with atomic_open(out) as target, zipfile.ZipFile(target, "w") as archive:
            archive.write(copy, DATABASE_NAME, zipfile.ZIP_DEFLATED)
            for name, digests in names.items():
                folder = BlobFolder(desk.folder / name)
                for digest in digests:
                    member = folder.path(digest).relative_to(desk.folder).as_posix()
                    archive.writestr(member, folder.get(digest))
            archive.writestr(_MANIFEST, _manifest(summary))
    return summary


def _copy_database(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise StoreError(f"{source}: cannot be copied ({error}). Check free space.") from error


def _read_copy(copy: Path) -> tuple[dict[str, list[str]], AuditHead]:
    with closing(sqlite3.connect(copy)) as database:
        names = {
            name: [digest for (digest,) in database.execute(query) if digest is not None]
            for name, query in _COLUMNS
        }
        newest = database.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        found = newest.fetchone()
    return names, AuditHead(*found) if found else AuditHead(0, "0" * 64)


def _manifest(summary: BackupSummary) -> str:
    values = {
        "format": _FORMAT,
        "created_at": summary.created_at,
        "audit_seq": summary.head.seq,
        "audit_hash": summary.head.hash,
        "files": summary.files,
    }
    return json.dumps(values, indent=2)


def _unpack(backup: Path, work: Path) -> BackupSummary:
    """Take out only what a backup holds, by its own names, and check each file by its hash."""
    summary = read_manifest(backup)
    count = 0
    try:
        with zipfile.ZipFile(backup) as archive:
            for member in archive.infolist():
                name = member.filename
                if name == _MANIFEST:
                    continue
                if _MEMBER.fullmatch(name):
                    folder, _, file = name.split("/")
                    found = BlobFolder(work / folder).put(archive.read(member))
                    if f"{found}.bin" != file:
                        raise StoreError(f"{backup}: {name[:24]}... was changed.")
                    count += 1
                elif name == DATABASE_NAME:
                    with (
                        explain_write_errors(work),
                        archive.open(member) as packed,
                        (work / DATABASE_NAME).open("wb") as unpacked,
                    ):
                        shutil.copyfileobj(packed, unpacked)
                else:
                    raise StoreError(f"{backup}: holds a file that no backup has.")
    except (OSError, zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        raise StoreError(
            f"{backup}: damaged ({type(error).__name__}). Take another backup."
        ) from error
    if count != summary.files or not (work / DATABASE_NAME).is_file():
        raise StoreError(f"{backup}: files are missing in it. Take another backup.")
    return summary


def _note_head(folder: Path, summary: BackupSummary) -> None:
    lines = [json.dumps({"at": summary.created_at, **_as_dict(summary.head)})]
    path = folder / HEADS_NAME
    before = path.read_text("utf-8") if path.is_file() else ""
    atomic_write_text(path, before + "\n".join(lines) + "\n")


def _as_dict(head: AuditHead) -> dict[str, object]:
    return {"seq": head.seq, "hash": head.hash}


def _noted_heads(folder: Path) -> list[AuditHead]:
    path = folder / HEADS_NAME
    if not path.is_file():
        return []
    try:
        values = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
        return [AuditHead(int(v["seq"]), str(v["hash"])) for v in values]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path}: is damaged; it lists the heads that backups know. Take it away and verify "
            "against a backup instead."
        ) from error
