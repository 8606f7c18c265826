"""The schema `qbo_sync`: its version, and the check that every DAG makes before it uses the state.

Light on purpose: tasks import this module, only `ledgerline migrate` imports Alembic (`include.wiring.migrations.run`).
"""

from __future__ import annotations

from typing import Any

import psycopg

SCHEMA_VERSION = "0010"
"""The newest revision in `versions/`: what this release reads and writes."""


class SchemaVersionError(RuntimeError):
    """The state has another shape than this release expects; the text says which and names the cure."""

    failure_mode = "person"


def schema_version(connection: psycopg.Connection[Any]) -> str | None:
    """Return the version of the schema in this database, or None when it was never migrated."""
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        row = cursor.execute("select to_regclass('qbo_sync.alembic_version') is not null").fetchone()
        if row is None or not row[0]:
            return None
        row = cursor.execute("select version_num from qbo_sync.alembic_version").fetchone()
    return str(row[0]) if row else None


def schema_version_is_current(connection: psycopg.Connection[Any]) -> bool:
    """Say whether this database has the schema that this release expects."""
    return schema_version(connection) == SCHEMA_VERSION


def require_current_schema(connection: psycopg.Connection[Any]) -> None:
    """Raise SchemaVersionError, with the cure, unless the schema is the one that this release expects."""
    found = schema_version(connection)
    if found == SCHEMA_VERSION:
        return
    database = connection.info.dbname
    if found is None:
        raise SchemaVersionError(f"database {database!r} has no schema qbo_sync: run `ledgerline migrate`")
    if found > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"schema qbo_sync in database {database!r} has version {found}, but this release knows only "
            f"{SCHEMA_VERSION}: install the release that wrote it, or a later one"
        )
    raise SchemaVersionError(
        f"schema qbo_sync in database {database!r} has version {found}, but this release needs {SCHEMA_VERSION}: "
        "pause the DAGs and run `ledgerline migrate`"
    )
