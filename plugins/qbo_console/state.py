"""The state database for one request: opened when the page begins, closed when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import psycopg
from fastapi import Depends

from include.wiring import connections
from include.wiring.migrations import require_current_schema


def _opened() -> Iterator[psycopg.Connection[Any]]:
    with connections.connect_state() as connection:
        require_current_schema(connection)
        yield connection


State = Annotated[psycopg.Connection[Any], Depends(_opened)]
