"""Tokens in `qbo_sync.tokens`: encrypted, refreshed by one process at a time, stored before they are used."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from include.stores.own_connection import Connect, OwnConnection
from include.stores.statements import sql as statement  # psycopg has a module named sql

TokensT = TypeVar("TokensT", bound="TokensShape")


class Cipher(Protocol):
    """Encrypts what is stored."""

    def encrypt(self, msg: bytes) -> bytes:
        """Return the secret form of the bytes."""

    def decrypt(self, msg: bytes) -> bytes:
        """Return the bytes of their secret form. Raises WrongKeyError for what another key has made."""


class TokensShape(Protocol):
    """The tokens of one company, as the wire states them; times are UTC."""

    @property
    def access_token(self) -> str:
        """Sent with every call."""

    @property
    def refresh_token(self) -> str:
        """Buys the next pair."""

    @property
    def access_expires_at(self) -> datetime:
        """End of the access token."""

    @property
    def refresh_expires_at(self) -> datetime:
        """End of the refresh token, unless it is used before."""

    @property
    def hard_expires_at(self) -> datetime | None:
        """The ceiling that no refresh moves, if Intuit told it."""

    @property
    def realm_id(self) -> str:
        """Intuit's id of the company that they open."""

    @property
    def scope(self) -> str:
        """The rights that were granted."""


class NoEncryptionError(RuntimeError):
    """There is no key to encrypt tokens with, and tokens are never stored in the clear."""

    failure_mode = "person"


class WrongKeyError(RuntimeError):
    """What is stored was encrypted with a key that this process does not have; the stored pair stays as it is."""

    failure_mode = "person"

    def __init__(self) -> None:
        """Say so, with the cure."""
        super().__init__(
            "the company's tokens are encrypted with another key than this process has: give all of Airflow's processes "
            "the same AIRFLOW__CORE__FERNET_KEY and restart them, or connect the company again"
        )


class WrongCompanyError(RuntimeError):
    """The tokens open another company than the one of the row; nothing was stored."""

    failure_mode = "person"


class TokensUnavailableError(RuntimeError):
    """No access token can be had just now; trying again later may help."""


class ReconnectError(RuntimeError):
    """The sign-on is over: a person must connect the company again."""


class PostgresTokenStore(Generic[TokensT]):
    """Keeps the tokens of one company for all processes. Reading takes no lock; refreshing takes the one on its row.

    :param connect: opens a connection of the store's own
    :param realm: the realm's row
    :param cipher: encrypts both tokens; one that does not is refused with NoEncryptionError
    :param make_tokens: builds the wire's value from the fields of TokensShape, given by name
    :param expired: the class of error that says "the refresh token is dead"; raised too when that is known already
    :param unavailable: makes the error for "not just now"
    :param lock_timeout: seconds to wait for another process's refresh
    """

    def __init__(
        self,
        connect: Connect,
        realm: int,
        cipher: Cipher,
        make_tokens: Callable[..., TokensT],
        *,
        expired: type[Exception] = ReconnectError,
        unavailable: Callable[[str], Exception] = TokensUnavailableError,
        lock_timeout: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        require_encryption(cipher)
        self._connect = connect
        self._database = OwnConnection(connect)
        self._realm = realm
        self._cipher = cipher
        self._make_tokens = make_tokens
        self._expired = expired
        self._unavailable = unavailable
        self._lock_timeout = lock_timeout
        self._sleep = sleep

    def read(self) -> TokensT | None:
        """Return the stored tokens without taking a lock; None before the first sign-on and after a disconnect."""
        row = self._database.one_row(statement("tokens/tokens"), {"realm": self._realm})
        return self._tokens(row) if row else None

    def refresh(self, stale: TokensT, refresh: Callable[[TokensT], TokensT]) -> TokensT:
        """Replace `stale` under the company's lock; the new pair is stored and committed before it is returned.

        `refresh` is called only if nobody else has replaced `stale` meanwhile and nobody has found it dead. Its errors
        leave the stored pair as it is; one of class `expired` is remembered before the next process gets the lock.
        """
        with self._connect() as connection:
            row = self._locked_row(connection)
            if row is None:
                raise self._unavailable("the company was disconnected meanwhile")
            stored = self._tokens(row)
            if stored.access_token != stale.access_token:
                return stored
            if row["needs_reconnect"]:
                raise self._expired(row["needs_reconnect"])
            try:
                fresh = refresh(stored)
            except self._expired as error:
                self._mark(connection, str(error), row["version"])
                connection.commit()
                raise
            return self._kept(connection, fresh, row)

    def store(self, tokens: TokensT) -> None:
        """Keep the tokens of a new sign-on and forget a wish to reconnect.

        :raises WrongCompanyError: if they open another company
        """
        values = self._values(tokens) | {"realm_id": tokens.realm_id}
        if self._database.one_row(statement("tokens/store_tokens"), values) is None:
            raise WrongCompanyError(
                f"these tokens open company {tokens.realm_id}, which is another one; nothing was stored"
            )

    def mark_needs_reconnect(self, why: str) -> None:
        """Remember that only a person can help now; the first reason stays."""
        values = {"realm": self._realm, "why": why, "version": None}
        self._database.one_row(statement("tokens/mark_needs_reconnect"), values)

    def needs_reconnect(self) -> str | None:
        """Return the reason why a person must reconnect, or None."""
        row = self._database.one_row(statement("tokens/tokens"), {"realm": self._realm})
        return str(row["needs_reconnect"]) if row and row["needs_reconnect"] else None

    def close(self) -> None:
        """Close the store's connection."""
        self._database.close()

    def _locked_row(self, connection: psycopg.Connection[Any]) -> dict[str, Any] | None:
        milliseconds = sql.Literal(int(self._lock_timeout * 1000))
        connection.execute(sql.SQL("set local lock_timeout = {}").format(milliseconds))
        try:
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(statement("tokens/tokens_locked"), {"realm": self._realm}).fetchone()
        except psycopg.errors.LockNotAvailable as error:
            raise self._unavailable("another process has been refreshing this company's tokens for too long") from error

    def _kept(self, connection: psycopg.Connection[Any], fresh: TokensT, replaced: Mapping[str, Any]) -> TokensT:
        """Store what Intuit gave. The old pair may be dead now, so a broken connection is not the end of it."""
        if fresh.realm_id != replaced["realm_id"]:
            raise WrongCompanyError(f"the refreshed tokens open company {fresh.realm_id}, not {replaced['realm_id']}")
        values = self._values(fresh) | {"version": replaced["version"]}
        try:
            connection.execute(statement("tokens/replace_tokens"), values)
            connection.commit()
        except psycopg.OperationalError:
            return self._kept_later(fresh, values)
        return fresh

    def _kept_later(self, fresh: TokensT, values: Mapping[str, Any]) -> TokensT:
        for wait in (0.5, 1, 2, 4, 8):
            self._sleep(wait)
            try:
                self._database.one_row(statement("tokens/replace_tokens"), values)
                stored = self.read()
            except psycopg.OperationalError:
                continue
            if stored is None:
                raise self._unavailable("the company was disconnected meanwhile")
            return stored
        raise self._unavailable("the database went away while Intuit's new tokens were being stored")

    def _mark(self, connection: psycopg.Connection[Any], why: str, version: int) -> None:
        values = {"realm": self._realm, "why": why, "version": version}
        connection.execute(statement("tokens/mark_needs_reconnect"), values)

    def _values(self, tokens: TokensT) -> dict[str, Any]:
        return {
            "realm": self._realm,
            "access_token": self._cipher.encrypt(tokens.access_token.encode()).decode(),
            "refresh_token": self._cipher.encrypt(tokens.refresh_token.encode()).decode(),
            "access_expires_at": tokens.access_expires_at,
            "refresh_expires_at": tokens.refresh_expires_at,
            "hard_expires_at": tokens.hard_expires_at,
            "scope": tokens.scope,
        }

    def _tokens(self, row: Mapping[str, Any]) -> TokensT:
        return self._make_tokens(
            access_token=self._decrypted(row["access_token"]),
            refresh_token=self._decrypted(row["refresh_token"]),
            access_expires_at=row["access_expires_at"],
            refresh_expires_at=row["refresh_expires_at"],
            hard_expires_at=row["hard_expires_at"],
            realm_id=row["realm_id"],
            scope=row["scope"],
        )

    def _decrypted(self, secret: str) -> str:
        return self._cipher.decrypt(secret.encode()).decode()


def rotate_key(connection: psycopg.Connection[Any], cipher: Cipher) -> int:
    """Encrypt every stored token anew with the cipher's first key, all or none; return how many companies it was.

    :param connection: used for one transaction
    :param cipher: reads what any of its keys has written, and writes with the first
    :raises WrongKeyError: if a token was written with none of them
    """
    require_encryption(cipher)
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            "select realm, access_token, refresh_token from qbo_sync.tokens order by realm for update"
        ).fetchall()
        for row in rows:
            again = {
                name: cipher.encrypt(cipher.decrypt(row[name].encode())).decode()
                for name in ("access_token", "refresh_token")
            }
            cursor.execute(
                "update qbo_sync.tokens set access_token = %(access_token)s, refresh_token = %(refresh_token)s "
                "where realm = %(realm)s",
                again | {"realm": row["realm"]},
            )
    return len(rows)


def require_encryption(cipher: Cipher) -> None:
    """Raise NoEncryptionError, with the cure, for a cipher that returns what it is given (Airflow's without a key)."""
    probe = b"is this encrypted?"
    if cipher.encrypt(probe) == probe:
        raise NoEncryptionError(
            "Airflow has no Fernet key, so tokens cannot be encrypted: set AIRFLOW__CORE__FERNET_KEY"
        )
