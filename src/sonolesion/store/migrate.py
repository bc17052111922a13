"""Bringing desk.db up to date with Alembic; the migrations are shipped inside the package."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from sonolesion.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0001"
"""The newest revision, which this program reads and writes."""

_VERSION_TABLE = "alembic_version"


def migrate(connection: Connection) -> None:
    """Run the migrations that are missing, inside the caller's transaction: all or none.

    Args:
        connection: a writing one; a second process waits for it and then finds nothing to do.

    Raises:
        StoreError: the database is newer than this program.
    """
    found = read_revision(connection)
    if found == HEAD:
        return
    # imported here: a store that is up to date need not pay for it
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = {s.revision for s in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"the store has layout {found!r}, this program knows up to {HEAD!r}: it was made by a "
            "newer sonolesion. Install that version, or restore a backup made by this one."
        )
    command.upgrade(config, HEAD)


def read_revision(connection: Connection) -> str | None:
    """Return the revision that a database has; None for an empty one."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608
