"""`ledgerline migrate`, `rotate-key` and `uninstall`: the schema of our state, from its first day to its last."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import psycopg

from include.wiring import connections
from include.wiring.cli_output import CommandError, complain, say
from include.wiring.migrations import require_current_schema

_LEAVING = "Type qbo_sync to drop it: "


def add_parser(commands: Any) -> None:
    """Add the commands of this module."""
    migrate = commands.add_parser(
        "migrate",
        help="create schema qbo_sync, or bring it to this release's version",
        description=(
            "Uses the Connection qbo_state_admin_db if there is one, else qbo_state_db. A user who may create roles also "
            "makes the roles qbo_sync_owner and qbo_sync_run, and lets the user of qbo_state_db run as the second."
        ),
    )
    migrate.add_argument("--dsn", help="connect with this instead (the password may come from PGPASSWORD)")
    migrate.add_argument(
        "--billing-schema",
        action="append",
        default=[],
        metavar="SCHEMA",
        help="let the running role read this schema of billing too, where billing lies in the same database",
    )
    migrate.set_defaults(run=run_migrate)

    rotate = commands.add_parser(
        "rotate-key",
        help="encrypt all tokens anew with the first of Airflow's Fernet keys",
        description="Set AIRFLOW__CORE__FERNET_KEY to 'new,old', run this, then take the old key away.",
    )
    rotate.set_defaults(run=run_rotate_key)

    uninstall = commands.add_parser("uninstall", help="drop schema qbo_sync with everything in it, and both roles")
    uninstall.add_argument("--dsn", help="connect with this instead (the password may come from PGPASSWORD)")
    uninstall.add_argument("--yes", action="store_true", help="do not ask")
    uninstall.set_defaults(run=run_uninstall)


def run_migrate(arguments: argparse.Namespace) -> int:
    """Bring the schema to this release's version, and see that the running user can work with it."""
    from include.wiring.migrations.roles import allow_reading
    from include.wiring.migrations.run import migrate

    dsn = _dsn(arguments)
    login = _other_login(dsn)
    done = migrate(dsn, login)
    if done.before == done.after:
        say(f"schema qbo_sync has version {done.after} already")
    else:
        say(f"schema qbo_sync has version {done.after} now" + (f" (it was {done.before})" if done.before else ""))
    if not done.has_roles:
        complain("the roles qbo_sync_owner and qbo_sync_run were not made: this user may not create roles")
    if arguments.billing_schema:
        with psycopg.connect(dsn) as connection:
            for schema in arguments.billing_schema:
                try:
                    allow_reading(connection, schema)
                except psycopg.errors.InvalidSchemaName:
                    raise CommandError(f"--billing-schema: there is no schema {schema} in this database") from None
    if login is not None:
        _see_that_it_runs(login[0], done.login_is_ready)
    return 0


def run_rotate_key(arguments: argparse.Namespace) -> int:
    """Encrypt every stored token anew, all or none."""
    from include.stores.tokens import WrongKeyError, rotate_key

    with connections.connect_state() as connection:
        require_current_schema(connection)
        try:
            number = rotate_key(connection, connections.cipher())
        except WrongKeyError:
            raise CommandError(
                "a stored token was encrypted with a key that Airflow does not have, and nothing was changed: "
                "set AIRFLOW__CORE__FERNET_KEY to 'new,old'"
            ) from None
    say(f"the tokens of {number} {'company' if number == 1 else 'companies'} are encrypted with the first key now")
    return 0


def run_uninstall(arguments: argparse.Namespace) -> int:
    """Drop the schema and the roles, after a question."""
    from include.wiring.migrations.run import uninstall

    dsn = _dsn(arguments)
    _ask(dsn, is_sure=arguments.yes)
    kept = uninstall(dsn)
    say("schema qbo_sync is gone; QuickBooks and billing are as they were")
    for role in kept:
        complain(f"role {role} stays: another database of this server uses it")
    return 0


def _dsn(arguments: argparse.Namespace) -> str:
    """Return the connection string of the user that migrates. Raises CommandError, which repeats nothing of what was typed."""
    if arguments.dsn:
        try:
            psycopg.conninfo.conninfo_to_dict(arguments.dsn)
        except psycopg.ProgrammingError:
            raise CommandError(
                "--dsn is no connection string: write postgresql://user@host:5432/database (the password in PGPASSWORD)"
            ) from None
    return arguments.dsn or connections.admin_dsn()


def _other_login(dsn: str) -> tuple[str, str] | None:
    """Return user and password of the connection that runs, unless the migrating user is the same or there is none."""
    if not connections.has_connection(connections.STATE):
        return None
    login = connections.run_login()
    user = psycopg.conninfo.conninfo_to_dict(dsn).get("user")
    return None if login is None or login[0] == user else login


def _see_that_it_runs(user: str, is_ready: bool | None) -> None:
    if not is_ready:
        raise CommandError(
            f"user {user} of Connection {connections.STATE} cannot run yet: "
            f'have an administrator of the database execute: grant qbo_sync_run to "{user}"'
        )
    with connections.connect_state() as connection:
        require_current_schema(connection)


def _ask(dsn: str, *, is_sure: bool) -> None:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select current_database(), to_regclass('qbo_sync.attempts') is not null").fetchone()
        database, is_there = row or ("?", False)
        if is_there:
            counts = connection.execute(
                "select (select count(*) from qbo_sync.links), (select count(*) from qbo_sync.attempts)"
            ).fetchone()
            links, attempts = counts or (0, 0)
            say(
                f"Schema qbo_sync in database {database!r} holds {links} links to QuickBooks and {attempts} audit events."
            )
            say("Without the links the next installation has to find every document in QuickBooks again.")
    if is_sure:
        return
    if not sys.stdin.isatty():
        raise CommandError("nobody is there to confirm, and nothing was dropped: run it in a terminal, or with --yes")
    if input(_LEAVING).strip() != "qbo_sync":
        raise CommandError("not confirmed, nothing was dropped")
