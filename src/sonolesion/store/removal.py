"""Removing a case with all that belongs to it, and files that no row names."""

from __future__ import annotations

from sqlalchemy import Connection, Table, delete, select

from sonolesion.store.audit import append_audit
from sonolesion.store.blobs import BlobFolder
from sonolesion.store.cases import get_case
from sonolesion.store.database import Desk
from sonolesion.store.tables import case, outline, queue


def remove_case(connection: Connection, case_id: str, *, actor: str) -> None:
    """Remove a case, its reads, outlines and study answers; the audit log keeps that it was there.

    The files go by `sweep_files` after the transaction has ended.

    Raises:
        NotFoundError: no such case.
    """
    get_case(connection, case_id)
    connection.execute(delete(case).where(case.c.id == case_id))
    append_audit(connection, "case.removed", f"case {case_id}", actor=actor)


def sweep_files(desk: Desk) -> int:
    """Remove files that no row names, and return how many.

    They are left by a removal, or by a kill between file and row. Whoever adds a row writes its
    file again inside the transaction if it is not there, so none is lost to this.
    """
    with desk.writing() as connection:
        return sum(
            (
                _sweep(
                    desk.images, _named(connection, (case, "image_sha256"), (queue, "file_sha256"))
                ),
                _sweep(
                    desk.masks, _named(connection, (case, "mask_sha256"), (outline, "mask_sha256"))
                ),
                _sweep(desk.pictures, _named(connection, (case, "picture_sha256"))),
            )
        )


def _named(connection: Connection, *columns: tuple[Table, str]) -> set[str]:
    found: set[str] = set()
    for table, name in columns:
        found.update(connection.execute(select(table.c[name])).scalars())
    return found


def _sweep(folder: BlobFolder, named: set[str]) -> int:
    gone = [digest for digest in folder.digests() if digest not in named]
    for digest in gone:
        folder.discard(digest)
    return len(gone)
