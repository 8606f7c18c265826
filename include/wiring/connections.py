"""Airflow's Connections, opened: our state and billing in PostgreSQL, and what a QuickBooks Connection says.

Works inside tasks, where Airflow's supervisor answers, in the api-server, and in the command line after `as_server_process`,
where Connections made in the UI are read from Airflow's own database.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.types.json import set_json_loads

from include.billing_sync.exact_json import loads
from include.stores.tokens import NoEncryptionError, WrongKeyError
from include.wiring.refusals import is_for_a_person

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from include.stores.tokens import Cipher
    from qbo_hook.hook import ConnectionSettings

BILLING = "billing_db"
STATE = "qbo_state_db"
STATE_ADMIN = "qbo_state_admin_db"

_POSTGRES = "postgres"
_LIBPQ = frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())
_DEFAULTS = {
    "application_name": "ledgerline",
    "connect_timeout": "10",
    # A network that swallows packets is noticed within half a minute, not within hours.
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
}


class ConnectionMissingError(RuntimeError):
    """Airflow has no Connection of this id, or one that cannot be used; the text says which and names the cure."""

    failure_mode = "person"

    def __init__(self, conn_id: str, message: str) -> None:
        super().__init__(message)
        self.conn_id = conn_id


class UnreachableError(psycopg.OperationalError):
    """A database that cannot be opened. It may come back, so tasks are repeated; the text names the Connection to look at."""


class RefusedError(UnreachableError):
    """A database that is there and lets this user not in: wrong password, no such user, database or right."""

    failure_mode = "person"


class AirflowCipher:
    """Airflow's Fernet, whose refusal of what another key has made comes out as the stores' own error.

    :param fernet: Airflow's; any other of its shape
    """

    def __init__(self, fernet: Cipher) -> None:
        self._fernet = fernet

    def encrypt(self, msg: bytes) -> bytes:
        """Return the secret form of the bytes."""
        return self._fernet.encrypt(msg)

    def decrypt(self, msg: bytes) -> bytes:
        """Return the bytes of their secret form. Raises WrongKeyError for what another key has made."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(msg)
        except InvalidToken as error:
            raise WrongKeyError from error


def as_server_process() -> None:
    """Let this process read Connections from Airflow's own database, as Airflow's own commands do.

    Call it before Airflow is used. The variable is private to Airflow 3.3; a test shows that a Connection of
    Airflow's database is found.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")


def airflow_connection(conn_id: str) -> Connection:
    """Return Airflow's Connection of this id.

    :raises ConnectionMissingError: if there is none
    """
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise ConnectionMissingError(
            conn_id,
            f"Connection {conn_id} is not defined in Airflow (or Airflow's database cannot be reached): "
            f"add it under Admin > Connections, or set AIRFLOW_CONN_{conn_id.upper()}",
        ) from None


def has_connection(conn_id: str) -> bool:
    """Say whether Airflow has a Connection of this id."""
    try:
        airflow_connection(conn_id)
    except ConnectionMissingError:
        return False
    return True


def postgres_dsn(conn_id: str) -> str:
    """Return the connection string of a Postgres Connection; what libpq knows of its extra is kept.

    :raises ConnectionMissingError: if there is none, or it is not for Postgres, or names no database
    """
    found = airflow_connection(conn_id)
    if found.conn_type != _POSTGRES:
        raise ConnectionMissingError(
            conn_id, f"Connection {conn_id} is of type {found.conn_type or 'none'}: it must be of type Postgres"
        )
    if not found.schema:
        raise ConnectionMissingError(conn_id, f"Connection {conn_id} names no database: fill in the field Database")
    extra = {name: str(value) for name, value in found.extra_dejson.items() if name in _LIBPQ and value is not None}
    server = {
        "host": found.host,
        "port": found.port,
        "dbname": found.schema,
        "user": found.login,
        "password": found.password,
    }
    given = {name: value for name, value in server.items() if value not in (None, "")}
    return psycopg.conninfo.make_conninfo("", **{**_DEFAULTS, **extra, **given})


def connect_state() -> psycopg.Connection[Any]:
    """Open our state: each statement commits by itself outside a transaction block, JSON numbers are Decimal."""
    return _opened(STATE, autocommit=True)


def connect_billing() -> psycopg.Connection[Any]:
    """Open billing; transactions are the caller's."""
    return _opened(BILLING, autocommit=False)


def admin_dsn() -> str:
    """Return the connection string of the user that migrates: `qbo_state_admin_db`, or the running one where there is none."""
    return postgres_dsn(STATE_ADMIN if has_connection(STATE_ADMIN) else STATE)


def run_login() -> tuple[str, str] | None:
    """Return user and password of the connection that runs, or None when it names no user."""
    run = airflow_connection(STATE)
    return (run.login, run.password or "") if run.login else None


def quickbooks(conn_id: str) -> ConnectionSettings:
    """Return what a Connection of type quickbooks says, checked; its secrets are masked in logs from now on.

    :raises ConnectionMissingError: if there is none
    :raises QboConfigError: if a value is missing or wrong; the message names it
    """
    from qbo_hook.hook import QboHook

    airflow_connection(conn_id)
    return QboHook(conn_id).connection_settings()


def cipher() -> Cipher:
    """Return Airflow's own encryption, under its Fernet key; without a key it encrypts nothing, and the stores refuse it.

    :raises NoEncryptionError: if Airflow's key is none that can be used
    """
    from airflow.sdk.crypto import get_fernet
    from airflow.sdk.exceptions import AirflowException

    try:
        return AirflowCipher(get_fernet())
    except AirflowException as error:
        raise NoEncryptionError(
            f"Airflow's Fernet key cannot be used ({error}): set AIRFLOW__CORE__FERNET_KEY"
        ) from None


def _opened(conn_id: str, *, autocommit: bool) -> psycopg.Connection[Any]:
    dsn = postgres_dsn(conn_id)
    try:
        connection = psycopg.connect(dsn, autocommit=autocommit)
    except psycopg.OperationalError as error:
        cure = f"check host, port, database, user and password of Connection {conn_id}"
        kind = RefusedError if is_for_a_person(dsn) else UnreachableError
        raise kind(f"{' '.join(str(error).split()).rstrip('.?')}. What to do: {cure}") from None
    set_json_loads(loads, connection)
    return connection
