"""Each test of the state has a database of its own on the session's server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from demo.runner.postgres import EmbeddedPostgres
from tests.state_fixture import as_admin, migrated_database


@pytest.fixture
def dsn(pg: EmbeddedPostgres) -> str:
    """A migrated database, as the running role sees it."""
    return migrated_database(pg)


@pytest.fixture
def admin_dsn(pg: EmbeddedPostgres, dsn: str) -> str:
    """The same database for the superuser."""
    return as_admin(pg, dsn)


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """An open connection of the running role that commits each statement."""
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as opened:
        yield opened


@pytest.fixture
def realm(connection: psycopg.Connection[dict[str, Any]]) -> int:
    """The row of one sandbox company."""
    row = connection.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment) "
        "values ('us', 'http://127.0.0.1:1', '9130000000000001', 'sandbox') returning id"
    ).fetchone()
    assert row is not None
    return int(row["id"])
