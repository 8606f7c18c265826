"""Alembic's entry: runs the revisions over the connection that `run.migrate` hands in, in its transaction."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, version_table="alembic_version", version_table_schema="qbo_sync", transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
