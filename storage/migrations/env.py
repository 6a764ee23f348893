"""Alembic's entry: migrates on the connection that storage.schema hands over, inside its transaction."""

import sqlmodel  # noqa: F401 - the types of older revisions
from alembic import context

from storage.tables import METADATA

connection = context.config.attributes["connection"]
# SQLite changes a table by copying it; PostgreSQL in place.
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
