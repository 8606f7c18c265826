"""Connections that tests keep open between two statements: opening one costs ten times what a statement does."""

from __future__ import annotations

import os
from typing import Any

import psycopg

_MOST = 4
_kept: dict[tuple[int, str], psycopg.Connection[Any]] = {}
"""By process and URL, the one used last at the end: a forked process must not speak on its parent's connection."""


def connected(dsn: str) -> psycopg.Connection[Any]:
    """A connection that commits each statement: the one used before, or a new one when there is none or it broke."""
    key = (os.getpid(), dsn)
    found = _kept.pop(key, None)
    if found is None or found.closed:
        found = psycopg.connect(dsn, autocommit=True, prepare_threshold=None)
    _kept[key] = found
    own = [one for one in _kept if one[0] == os.getpid()]
    for one in own[:-_MOST]:
        _kept.pop(one).close()
    return found


def let_go(dsn: str) -> None:
    """Close the connection to a database that is to be copied or dropped."""
    found = _kept.pop((os.getpid(), dsn), None)
    if found is not None:
        found.close()


def let_all_go() -> None:
    """Close what this process has open."""
    for process, dsn in list(_kept):
        if process == os.getpid():
            let_go(dsn)
