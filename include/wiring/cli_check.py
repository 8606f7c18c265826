"""`ledgerline check`: what is ready and what is not, each with its cure, before anything is run."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from include.billing_sync.diagnosis import Level
from include.stores.realms import ConnectionShape, disagreements, realm_behind
from include.stores.statements import sql
from include.stores.tie_outs import broken_tie_outs, tie_out_names
from include.stores.tokens import NoEncryptionError, WrongKeyError, require_encryption
from include.wiring import connections
from include.wiring.cli_output import say
from include.wiring.connections import ConnectionMissingError
from include.wiring.migrations import SchemaVersionError, require_current_schema

FOUND_SOMETHING = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    level: Level
    code: str
    text: str

    def __str__(self) -> str:
        """The line as the company doctor writes it."""
        return f"{self.level.value:5} {self.code}: {self.text}"


def add_parser(commands: Any) -> None:
    """Add the command of this module."""
    check = commands.add_parser(
        "check",
        help="say what is ready and what is not: connections, schema, key, and each company",
        description="Exit code 0: everything is ready. 3: something is not; the red lines say what, and the cure.",
    )
    check.add_argument("--realm", metavar="KEY", help="this realm alone")
    check.add_argument("--offline", action="store_true", help="do not ask QuickBooks")
    check.set_defaults(run=run_check)


def run_check(arguments: argparse.Namespace) -> int:
    """Print every finding as it is found."""
    is_red = False
    for finding in _findings(arguments.realm, is_offline=arguments.offline):
        say(str(finding))
        is_red = is_red or str(finding).startswith(Level.RED.value)
    say("something is not ready: see the red lines" if is_red else "everything is ready")
    return FOUND_SOMETHING if is_red else 0


def _findings(realm_key: str | None, *, is_offline: bool) -> Iterator[Finding | str]:
    yield _state()
    yield from _tie_outs()
    yield _billing()
    yield _key()
    yield from _realms(realm_key, is_offline=is_offline)


def _state() -> Finding:
    try:
        with connections.connect_state() as connection:
            require_current_schema(connection)
            where = f"database {connection.info.dbname} as {connection.info.user}, schema of this release"
            if not _may_make_temporary_tables(connection):
                return Finding(
                    Level.RED,
                    "state",
                    f"{where}; this user may not make temporary tables, which the nightly reconciliation lays both sides out "
                    f"in. What to do: grant temporary on database {connection.info.dbname} to qbo_sync_run",
                )
            if not _is_restrained(connection):
                return Finding(
                    Level.HINT,
                    "state",
                    f"{where}; this user owns the schema or is a superuser. What to do: migrate through the Connection "
                    f"{connections.STATE_ADMIN}, and give {connections.STATE} a user of its own",
                )
            return Finding(Level.GREEN, "state", where)
    except (ConnectionMissingError, SchemaVersionError) as error:
        return Finding(Level.RED, "state", str(error))
    except psycopg.Error as error:
        return Finding(Level.RED, "state", _unreachable(connections.STATE, error))


def _tie_outs() -> Iterator[Finding]:
    """Whether our own rows contradict each other; said only where the state can be read at all."""
    try:
        with connections.connect_state() as connection:
            require_current_schema(connection)
            broken = list(broken_tie_outs(connection))
    except (ConnectionMissingError, SchemaVersionError, psycopg.Error):
        return
    for one in broken:
        yield Finding(Level.RED, f"tie-out {one.name}", f"{one.rows} rows contradict it, first {one.examples[0]}")
    if not broken:
        yield Finding(
            Level.GREEN, "tie-outs", f"all {len(tie_out_names())} statements of truth about our own state hold"
        )


def _billing() -> Finding:
    try:
        with connections.connect_billing() as connection:
            info = connection.info
            return Finding(Level.GREEN, "billing", f"database {info.dbname} as {info.user}")
    except ConnectionMissingError as error:
        return Finding(Level.RED, "billing", str(error))
    except psycopg.Error as error:
        return Finding(Level.RED, "billing", _unreachable(connections.BILLING, error))


def _key() -> Finding:
    try:
        require_encryption(connections.cipher())
    except NoEncryptionError as error:
        return Finding(Level.RED, "key", str(error))
    return Finding(Level.GREEN, "key", "Airflow has a Fernet key, tokens are stored encrypted")


def _realms(only: str | None, *, is_offline: bool) -> Iterator[Finding | str]:
    from include.wiring.settings import realm_keys

    keys = [only] if only else realm_keys()
    if not keys:
        yield Finding(Level.RED, "realms", "no realm has settings: write include/mappings/<realm key>/settings.yaml")
    for key in keys:
        yield from _realm(key, is_offline=is_offline)


def _realm(key: str, *, is_offline: bool) -> Iterator[Finding | str]:
    from include.wiring.settings import SettingsError, load_settings
    from qbo_hook.errors import QboConfigError, QboError

    try:
        settings = load_settings(key)
        place = connections.quickbooks(settings.connection)
    except SettingsError as error:
        yield from (Finding(Level.RED, f"{key} settings", problem) for problem in error.problems)
        return
    except (ConnectionMissingError, QboConfigError) as error:
        yield Finding(Level.RED, f"{key} connection", str(error))
        return
    yield Finding(
        Level.GREEN, f"{key} connection", f"{settings.connection}: {place.environment} company {place.realm_id}"
    )
    try:
        is_connected = yield from _company(key, place)
        if is_connected and not is_offline:
            yield from _preflight(key)
    except SchemaVersionError:
        # Said already, once for all realms.
        return
    except (NoEncryptionError, WrongKeyError) as error:
        yield Finding(Level.RED, f"{key} tokens", str(error))
    except QboError as error:
        yield Finding(Level.RED, f"{key} preflight", str(error))
    except psycopg.Error as error:
        yield Finding(Level.RED, f"{key} database", " ".join(str(error).split()))


def _company(key: str, place: ConnectionShape) -> Generator[Finding | str, None, bool]:
    """Say what is known of the company, and return whether QuickBooks may be asked."""
    with connections.connect_state() as connection:
        require_current_schema(connection)
        row = realm_behind(connection, key, place)
        if row is None or not row.is_connected:
            text = "not connected: open the page Connect QuickBooks in Airflow and sign on"
            yield Finding(Level.RED, f"{key} company", text)
            return False
        different = disagreements(place, row, realm_key=key)
        yield from (Finding(Level.RED, f"{key} company", text) for text in different)
        if not different:
            name = row.company_name or "name not read yet"
            yield Finding(Level.GREEN, f"{key} company", f"{name}, connected by {row.connected_by}")
        yield _sign_on(connection, key, row.id)
    return not different


def _sign_on(connection: psycopg.Connection[Any], key: str, realm: int) -> Finding:
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(sql("realms/token_ages"), {"realm": realm}).fetchone()
    code = f"{key} tokens"
    if row is None:
        return Finding(Level.RED, code, "there are none: open the page Connect QuickBooks in Airflow and sign on")
    if row["needs_reconnect"]:
        return Finding(Level.RED, code, f"{row['needs_reconnect']}. What to do: connect the company again")
    now = datetime.now(UTC)
    end = min(filter(None, (row["refresh_expires_at"], row["hard_expires_at"])))
    hours, days = (now - row["refreshed_at"]).total_seconds() / 3600, (end - now).days
    age = f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    text = f"refreshed {age} ago, the sign-on lasts {days} more days"
    return Finding(
        Level.GREEN if days > 7 else Level.RED, code, text + ("" if days > 7 else ". What to do: connect again")
    )


def _preflight(key: str) -> Iterator[Finding | str]:
    from include.wiring.preflight import preflight

    for line in preflight(key).lines():
        level, _, rest = line.partition(" ")
        yield f"{level:5} {key} {rest.lstrip()}"


def _may_make_temporary_tables(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("select has_database_privilege(current_database(), 'temporary')").fetchone()
    return bool(row and row[0])


def _is_restrained(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute(
        "select not rolsuper and not pg_has_role(current_user, nspowner, 'member') "
        "from pg_roles, pg_namespace where rolname = current_user and nspname = 'qbo_sync'"
    ).fetchone()
    return bool(row and row[0])


def _unreachable(conn_id: str, error: psycopg.Error) -> str:
    if isinstance(error, connections.UnreachableError):
        return str(error)
    return f"{' '.join(str(error).split())}. What to do: check host, port, database, user and password of Connection {conn_id}"
