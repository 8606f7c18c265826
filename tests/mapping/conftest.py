"""A database of its own for each test of the mapping book, on the PostgreSQL server of the session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from demo.runner.postgres import EmbeddedPostgres
from tests.state_fixture import migrated_database


@pytest.fixture
def dsn(pg: EmbeddedPostgres) -> str:
    """A migrated database, as the running role sees it."""
    return migrated_database(pg)


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """An open connection of the running role that commits each statement."""
    with psycopg.connect(dsn, autocommit=True) as opened:
        yield opened


@pytest.fixture
def realm(connection: psycopg.Connection[Any]) -> int:
    """The row of one sandbox company with the label demo."""
    row = connection.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) "
        "values ('demo', 'http://127.0.0.1:1', '9130000000000001', 'sandbox') returning id"
    ).fetchone()
    assert row is not None
    return int(row[0])
