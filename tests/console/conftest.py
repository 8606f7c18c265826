"""A real PostgreSQL with our schema, and a small run in it, for the tests of the console."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from demo.runner.postgres import EmbeddedPostgres
from tests.state_fixture import migrated_database, started_postgres


@pytest.fixture(scope="session")
def pg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server of the test session."""
    folder: Path = tmp_path_factory.mktemp("postgres")
    with started_postgres(folder) as server:
        yield server


@pytest.fixture
def dsn(pg: EmbeddedPostgres) -> str:
    """The URL of a new database with the empty schema, for the user that runs."""
    return migrated_database(pg)


@pytest.fixture
def state(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection to that database; every statement is committed at once."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection
