"""The state database for one request: opened when the page begins, closed when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import psycopg
from fastapi import Depends


def _opened() -> Iterator[psycopg.Connection[Any]]:
    from airflow.sdk import BaseHook

    at = BaseHook.get_connection("qbo_state_db")
    with psycopg.connect(
        host=at.host,
        port=at.port,
        user=at.login,
        password=at.password,
        dbname=at.schema,
        connect_timeout=5,
        autocommit=True,
    ) as connection:
        yield connection


State = Annotated[psycopg.Connection[Any], Depends(_opened)]
