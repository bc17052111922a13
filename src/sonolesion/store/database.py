"""The desk's folder: desk.db with its transactions, and the files beside it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonolesion.errors import StoreError
from sonolesion.files import make_folder
from sonolesion.store.blobs import BlobFolder
from sonolesion.store.extra import require_store_extra

require_store_extra()

from sqlalchemy import Connection, Engine, create_engine, event  # noqa: E402
from sqlalchemy.exc import DatabaseError, OperationalError  # noqa: E402

from sonolesion.store.migrate import migrate  # noqa: E402

DATABASE_NAME = "desk.db"
BUSY_TIMEOUT_MS = 15_000
_WRITES = "sonolesion_writes"


@dataclass(frozen=True, slots=True)
class Desk:
    """An open store; safe in several threads, and in several processes on one folder.

    Attributes:
        folder: the desk's folder.
        engine: SQLAlchemy's engine on desk.db.
        images: uploads, as they came.
        masks: outlines as PNG, the model's and the readers'.
        pictures: what is shown of an upload, as 8-bit PNG; can be made again.
    """

    folder: Path
    engine: Engine
    images: BlobFolder
    masks: BlobFolder
    pictures: BlobFolder

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store; writing by it is an error.

        Raises:
            StoreError: the database cannot be read.
        """
        with _explained(self.folder), self.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give the one connection that writes; committed and on the disk when the block ends.

        Another writer waits, up to 15 s. An error in the block leaves nothing of it behind.

        Raises:
            StoreError: the database is locked too long, full, damaged or read-only.
        """
        with _explained(self.folder), self.engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_desk(folder: Path) -> Desk:
    """Open the store in `folder`; a new one is made, an older one brought up to date.

    Raises:
        MissingExtraError: SQLAlchemy or Alembic is not installed.
        StoreError: desk.db is damaged, is newer than this program, or cannot be opened.
        OutputWriteError: the folder cannot be made.
    """
    make_folder(folder)
    desk = Desk(
        folder,
        _make_engine(folder / DATABASE_NAME),
        BlobFolder(folder / "images"),
        BlobFolder(folder / "masks"),
        BlobFolder(folder / "pictures"),
    )
    try:
        with desk.writing() as connection:
            migrate(connection)
    except BaseException:
        desk.close()
        raise
    return desk


def _make_engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def _set_up(raw: sqlite3.Connection, _record: Any) -> None:
        # sqlite3's own opening of transactions is switched off: it begins them too late
        raw.isolation_level = None
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
            "trusted_schema=OFF",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a writer takes the lock at once: two that read first and write later would both fail
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn what the database raises into a `StoreError` without SQL and without values."""
    try:
        yield
    except OperationalError as error:
        raise StoreError(
            f"{folder / DATABASE_NAME}: {error.orig}. Check free space and permissions, and that "
            "no other program holds it."
        ) from None
    except DatabaseError as error:
        if isinstance(error.orig, sqlite3.IntegrityError):
            raise StoreError(f"{DATABASE_NAME}: {error.orig}. Please report it.") from None
        raise StoreError(
            f"{folder / DATABASE_NAME}: {error.orig}. Restore a backup with --restore."
        ) from None
