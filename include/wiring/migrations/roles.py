"""The two database roles: one owns the schema, one runs; and the login user that runs as the second.

`qbo_sync_owner` owns every table and cannot log in. `qbo_sync_run` owns nothing; what it may do stands in
`include/sql/state/grants.sql`. Where the connection may not create roles and nobody made them before, the schema
belongs to the user of the connection; everything works but the parting of the two.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

OWNER = "qbo_sync_owner"
RUN = "qbo_sync_run"


def ensure_roles(connection: psycopg.Connection[Any]) -> bool:
    """Make the two roles unless they exist, and say whether this user can work with them now."""
    if not _may_create_roles(connection):
        return _exists(connection, OWNER) and _exists(connection, RUN) and _is_member(connection, OWNER)
    for role in (OWNER, RUN):
        _create(connection, role, sql.SQL("nologin"))
    _become_member(connection, OWNER)
    return True


def ensure_login(connection: psycopg.Connection[Any], user: str, password: str) -> bool:
    """Let `user` log in and run as `qbo_sync_run`; return False when the connection may not see to it.

    The password of a user that exists already is left alone.
    """
    if not _exists(connection, RUN):
        return False
    if not _exists(connection, user):
        if not _may_create_roles(connection):
            return False
        _create(connection, user, sql.SQL("login password {}").format(sql.Literal(password)))
    if not _is_member(connection, RUN, user):
        with connection.transaction():
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(RUN), sql.Identifier(user)))
    return True


def allow_reading(connection: psycopg.Connection[Any], schema: str) -> None:
    """Let the run role read every table of a schema of billing that lies in the same database, later ones included."""
    for statement in (
        "grant usage on schema {schema} to {run}",
        "grant select on all tables in schema {schema} to {run}",
        "alter default privileges in schema {schema} grant select on tables to {run}",
    ):
        connection.execute(sql.SQL(statement).format(schema=sql.Identifier(schema), run=sql.Identifier(RUN)))


def drop_roles(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop both roles and what they were granted here; return the names of those that another database still needs."""
    kept = []
    for role in (RUN, OWNER):
        if not _exists(connection, role):
            continue
        _become_member(connection, role)
        connection.execute(sql.SQL("drop owned by {} restrict").format(sql.Identifier(role)))
        try:
            with connection.transaction():
                connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))
        except psycopg.errors.DependentObjectsStillExist:
            kept.append(role)
    return kept


def _create(connection: psycopg.Connection[Any], role: str, options: sql.Composable) -> None:
    # Roles belong to the whole server: another database's migration may create the same one at this moment.
    if _exists(connection, role):
        return
    try:
        with connection.transaction():
            connection.execute(sql.SQL("create role {} {}").format(sql.Identifier(role), options))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return


def _become_member(connection: psycopg.Connection[Any], role: str) -> None:
    """Let the current user act as the role, which the maker of a role may not by itself since PostgreSQL 16."""
    if not _is_member(connection, role):
        connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(role)))


def _may_create_roles(connection: psycopg.Connection[Any]) -> bool:
    return _is_true(connection, "select rolsuper or rolcreaterole from pg_roles where rolname = current_user")


def _exists(connection: psycopg.Connection[Any], role: str) -> bool:
    return _is_true(connection, "select exists (select from pg_roles where rolname = %s)", (role,))


def _is_member(connection: psycopg.Connection[Any], role: str, user: str | None = None) -> bool:
    """Say whether the current user may act as the role, or whether the named one was made a member of it."""
    if user is None:
        # Before PostgreSQL 16 every member may set the role.
        how = "set" if connection.info.server_version >= 160000 else "member"
        return _is_true(connection, "select pg_has_role(current_user, %s, %s)", (role, how))
    # A superuser passes pg_has_role for every role, so for a named user the membership itself is looked up.
    member = "select exists (select from pg_auth_members where roleid = %s::regrole and member = %s::regrole)"
    return _is_true(connection, member, (role, _quoted(user)))


def _quoted(role: str) -> str:
    return '"' + role.replace('"', '""') + '"'


def _is_true(connection: psycopg.Connection[Any], query: str, parameters: tuple[object, ...] = ()) -> bool:
    with connection.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        row = cursor.execute(query, parameters).fetchone()
    return bool(row and row[0])
