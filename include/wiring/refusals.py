"""Why PostgreSQL refused a connection, by its code.

Of an attempt that fails libpq hands on the server's words alone, and those are in the server's language. Its trace of the
messages holds the code as well, so the attempt is made once more with a trace. The trace holds what proves the password, so it
lies in memory and in no file.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time

import psycopg
from psycopg import pq

PATIENCE = 10.0
"""Seconds for the second attempt, whose server has just answered the first one."""

_CODE = re.compile(rb'\tErrorResponse\t S "[^"]*" V "[A-Z]+" C "([0-9A-Z]{5})"')
_WRONG_PROOF = "28P01"
_FOR_A_PERSON = re.compile(r"28...|3D000|42501")
"""No such user, wrong password, not let in from here; no such database; no right to connect to it."""


def is_for_a_person(dsn: str) -> bool:
    """Whether the server refuses this connection for a cause that no repeat cures. False where that cannot be told."""
    if sys.platform != "linux":
        # Neither libpq's trace nor a file that lies in memory is to be had elsewhere.
        return False
    try:
        return _FOR_A_PERSON.fullmatch(_code(dsn)) is not None
    except (psycopg.Error, OSError):
        return False


def _code(dsn: str) -> str:
    """The SQLSTATE of the refusal; empty when the server takes the connection, or says nothing in time."""
    connection = pq.PGconn.connect_start(dsn.encode())
    try:
        with os.fdopen(os.memfd_create("trace"), "rb") as trace:
            connection.trace(trace.fileno())
            _wait(connection)
            connection.untrace()
            trace.seek(0)
            found = _CODE.search(trace.read())
        if found:
            return found[1].decode()
        return _WRONG_PROOF if connection.needs_password else ""
    finally:
        connection.finish()


def _wait(connection: pq.abc.PGconn) -> None:
    deadline = time.monotonic() + PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        state = connection.connect_poll()
        if state not in (pq.PollingStatus.READING, pq.PollingStatus.WRITING):
            return
        is_reading = state == pq.PollingStatus.READING
        sockets = [connection.socket]
        select.select(sockets if is_reading else [], [] if is_reading else sockets, [], left)
