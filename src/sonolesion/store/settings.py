"""The desk's settings that a user may change while it runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from sonolesion.store.audit import append_audit
from sonolesion.store.tables import setting


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What can be switched.

    Attributes:
        own_read_first: the model's answer is given after the reader's own read only.
        bundle: name of the bundle that reads new cases; "" for the server's default.
    """

    own_read_first: bool = True
    bundle: str = ""


def read_settings(connection: Connection) -> DeskSettings:
    """Return the settings; defaults where nothing was set."""
    known = asdict(DeskSettings())
    rows = connection.execute(select(setting.c.name, setting.c.value))
    return DeskSettings(**known | {name: value for name, value in rows if name in known})


def write_settings(connection: Connection, new: DeskSettings, *, actor: str) -> None:
    """Keep the settings and note in the audit log what changed; nothing where nothing did."""
    before, after = asdict(read_settings(connection)), asdict(new)
    changed = {name: value for name, value in after.items() if value != before[name]}
    for name, value in changed.items():
        connection.execute(delete(setting).where(setting.c.name == name))
        connection.execute(insert(setting).values(name=name, value=value))
    if changed:
        append_audit(connection, "settings.changed", "settings", actor=actor, detail=changed)
