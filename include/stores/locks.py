"""One push per realm: an advisory lock on a connection of its own, which is also the only one that claims.

The lock lives as long as its session, so a killed process gives it up at once. A frozen one keeps it: others are `busy`
until it goes on or is ended. Whoever takes the lock raises the realm's push epoch, which every claim carries.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from include.stores.own_connection import Connect
from include.stores.realms import raise_push_epoch

_NAMESPACE = 7_264_001
"""Keeps our advisory locks apart from those of other programs in the same database."""


class BusyError(RuntimeError):
    """Another process is pushing to this company."""


class LockLostError(RuntimeError):
    """The lock's connection is gone, and with it the right to send anything."""


class RealmLock:
    """The right to push to one company.

    Use it as a context manager, or call `acquire` and `release`. Claims use `connection`, and nothing is sent after it
    failed.

    :param connect: opens a direct connection (a pooler that shares sessions between clients would share the lock)
    :param realm: the realm's row
    :param timeout: seconds to wait for another holder
    :param poll: seconds between two tries
    :param on_wait: called once when another process holds the lock and the wait begins
    """

    def __init__(
        self,
        connect: Connect,
        realm: int,
        *,
        timeout: float = 600.0,
        poll: float = 1.0,
        on_wait: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connect = connect
        self._realm = realm
        self._timeout = timeout
        self._poll = poll
        self._on_wait = on_wait
        self._clock = clock
        self._sleep = sleep
        self._connection: psycopg.Connection[Any] | None = None
        self.push_epoch = 0
        """The epoch that began with this acquisition."""

    def __enter__(self) -> RealmLock:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The connection that holds the lock, committing each statement outside a transaction block.

        :raises LockLostError: if it is closed or broken, or the lock was never acquired
        """
        if self._connection is None or self._connection.closed:
            raise LockLostError("the lock's connection is gone: nothing more may be sent")
        return self._connection

    def acquire(self) -> RealmLock:
        """Wait for the lock, at most `timeout` seconds, and begin a new push epoch.

        :raises BusyError: if another process held it all the time
        """
        connection = self._connect()
        try:
            connection.autocommit = True
            # Both ends notice within about half a minute that the other machine is gone.
            connection.execute("set tcp_keepalives_idle = 10")
            connection.execute("set tcp_keepalives_interval = 5")
            connection.execute("set tcp_keepalives_count = 4")
            # The session waits for HTTP calls between its statements; it is never to be ended for that.
            connection.execute("set idle_session_timeout = 0")
            connection.execute("set idle_in_transaction_session_timeout = 0")
            self._wait_for(connection)
            self.push_epoch = raise_push_epoch(connection, self._realm)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return self

    def release(self) -> None:
        """Give the lock up and close its connection."""
        if self._connection is not None and not self._connection.closed:
            # Closing would do, but the next in line would meet the lock until the server has noticed.
            with contextlib.suppress(psycopg.Error):
                self._connection.rollback()
                self._connection.execute("select pg_advisory_unlock_all()")
            self._connection.close()
        self._connection = None

    def _wait_for(self, connection: psycopg.Connection[Any]) -> None:
        if self._try(connection):
            return
        self._on_wait()
        deadline = self._clock() + self._timeout
        while not self._try(connection):
            left = deadline - self._clock()
            if left <= 0:
                raise BusyError("another run is pushing to this company")
            self._sleep(min(self._poll, left))

    def _try(self, connection: psycopg.Connection[Any]) -> bool:
        with connection.cursor(row_factory=tuple_row) as cursor:
            row = cursor.execute("select pg_try_advisory_lock(%s::int, %s::int)", (_NAMESPACE, self._realm)).fetchone()
        return bool(row and row[0])
