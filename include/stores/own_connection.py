"""A connection for one purpose, opened at first use, committing each statement, and opened anew after a break."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg.rows import dict_row

Connect = Callable[[], psycopg.Connection[Any]]
"""Opens a new connection to the database that holds the state."""


class OwnConnection:
    """Runs single statements that may be repeated safely, whatever transaction the rest of the process is in."""

    def __init__(self, connect: Connect, set_up: str = "") -> None:
        """Describe the connection; it is opened when the first statement comes.

        :param set_up: a statement run once after each opening.
        """
        self._connect = connect
        self._set_up = set_up
        self._connection: psycopg.Connection[Any] | None = None
        self._lock = threading.Lock()

    def one_row(self, statement: bytes, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the first row of the statement's result, or None. After a break the statement is run once more."""
        with self._lock:
            try:
                return self._run(statement, values)
            except psycopg.OperationalError:
                if self._connection is not None and not self._connection.broken:
                    raise
                self._drop()
                return self._run(statement, values)

    def close(self) -> None:
        """Close the connection; a later statement opens a new one."""
        with self._lock:
            self._drop()

    def _run(self, statement: bytes, values: Mapping[str, Any]) -> dict[str, Any] | None:
        with self._opened().cursor(row_factory=dict_row) as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone() if cursor.description else None

    def _opened(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            opened = self._connect()
            opened.autocommit = True
            if self._set_up:
                opened.execute(self._set_up.encode())
            self._connection = opened
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
