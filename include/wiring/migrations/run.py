"""`ledgerline migrate` and `ledgerline uninstall`: bring schema `qbo_sync` to this release's version, or remove it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from psycopg import sql

from include.wiring.migrations import schema_version
from include.wiring.migrations.roles import OWNER, drop_roles, ensure_login, ensure_roles

_HERE = Path(__file__).resolve().parent
_SQL = _HERE.parents[1] / "sql"
_LOCK = 7_264_001  # any fixed number: keeps two migrations of one database apart


@dataclass(frozen=True)
class Migrated:
    """What `migrate` did: versions before and after, whether the two roles exist, whether the login may run."""

    before: str | None
    after: str
    has_roles: bool
    login_is_ready: bool | None


def migrate(dsn: str, login: tuple[str, str] | None = None) -> Migrated:
    """Bring the schema to this release's version; repeating it changes nothing.

    :param dsn: connection string of the user that may create the schema (and, where wanted, the two roles).
    :param login: user name and password of the connection that runs, when it is another one than the migrating user.
    """
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn))
    try:
        with engine.begin() as bind:
            connection = _driver(bind)
            connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            before = schema_version(connection) if _may_look(connection) else None
            has_roles = ensure_roles(connection)
            _ensure_schema(connection, has_roles)
            command.upgrade(_alembic(bind), "head")
            _apply_repeatables(connection, has_roles)
            connection.execute("reset role")
            ready = ensure_login(connection, *login) if login else None
            after = schema_version(connection)
    except sqlalchemy.exc.DBAPIError as error:
        # Callers know psycopg's errors, and need not know that SQLAlchemy lies between.
        raise error.orig or error from error
    finally:
        engine.dispose()
    return Migrated(before, str(after), has_roles, ready)


def uninstall(dsn: str) -> list[str]:
    """Drop schema `qbo_sync` with everything in it, then both roles; return the roles still needed elsewhere."""
    with psycopg.connect(dsn) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute("drop schema if exists qbo_sync cascade")
        return drop_roles(connection)


def head() -> str:
    """Return the newest revision that lies in `versions/`."""
    from alembic.script import ScriptDirectory

    return str(ScriptDirectory.from_config(_alembic(None)).get_current_head())


def _alembic(bind: sqlalchemy.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = bind
    return config


def _driver(bind: sqlalchemy.Connection) -> psycopg.Connection[Any]:
    connection = bind.connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the migration needs a psycopg connection")
    return connection


def _may_look(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(
        "select coalesce(has_schema_privilege(to_regnamespace('qbo_sync')::oid, 'usage'), false)"
    ).fetchone()
    return bool(row and row[0])


def _ensure_schema(connection: psycopg.Connection[Any], has_roles: bool) -> None:
    """Create the schema unless it exists, and go on as its owner, so that every object belongs to it."""
    row = connection.execute("select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'qbo_sync'").fetchone()
    if row is None:
        owner = sql.Identifier(OWNER) if has_roles else sql.SQL("current_user")
        connection.execute(sql.SQL("create schema qbo_sync authorization {}").format(owner))
        row = (OWNER,) if has_roles else connection.execute("select current_user").fetchone()
    assert row is not None  # noqa: S101 - select current_user gives a row
    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(str(row[0]))))


def _apply_repeatables(connection: psycopg.Connection[Any], has_roles: bool) -> None:
    """Apply functions, views and grants anew: stated once in their latest form, not revision by revision."""
    files = [*sorted((_SQL / "state" / "functions").glob("*.sql")), *sorted((_SQL / "views").glob("*.sql"))]
    if has_roles:
        files.append(_SQL / "state" / "grants.sql")
    for file in files:
        connection.execute(file.read_bytes())
