"""What Alembic runs for a migration: the connection comes from `sonolesion.store.migrate`."""

from __future__ import annotations

from alembic import context

from sonolesion.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
