"""What the reading desk keeps: one folder with a SQLite database and files named by hash.

::

    desk = open_desk(folder)            # makes or migrates desk.db, sweeps what a crash left over
    with desk.writing() as connection:  # one transaction; committed means on the disk
        case = add_case(connection, desk, NewCase(data=..., ...))
    with desk.reading() as connection:
        cases = list_cases(connection, ...)

Functions take the connection, so that several of them make one transaction. Every change of what a
person entered or sees adds a row to the audit log in the same transaction. Needs the extra
[serve] or [node] (SQLAlchemy, Alembic). Nothing here decodes an image.
"""

from __future__ import annotations
