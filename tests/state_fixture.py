"""A database with our schema, for any test that needs one.

Use it in a fixture of your own::

    from tests.state_fixture import migrated_database, started_postgres

    @pytest.fixture(scope="session")
    def pg(tmp_path_factory):
        with started_postgres(tmp_path_factory.mktemp("postgres")) as server:
            yield server

    @pytest.fixture
    def dsn(pg):
        return migrated_database(pg)
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import psycopg

from demo.runner.postgres import EmbeddedPostgres
from include.wiring.migrations.run import migrate

RUN_USER = "qbo_sync_test"
RUN_PASSWORD = "only-for-tests"
_TEMPLATE = "ledgerline_template"
COPY_STRATEGY = "strategy file_copy"
"""The other strategy copies sequences with values that PostgreSQL believes to be in its log already: killed soon after, the
server gives the same values again, which a database restored from a dump never does."""
_numbers = itertools.count(1)


def started_postgres(folder: Path) -> EmbeddedPostgres:
    """Return a server, to be used with `with`, that keeps its data in this folder."""
    return EmbeddedPostgres(folder, durable=False)


def migrated_database(pg: EmbeddedPostgres, role: Literal["run", "admin"] = "run") -> str:
    """Return the connection URL of a new database that holds the empty schema `qbo_sync`.

    `run` logs in as the product does, with the rights of `qbo_sync_run` and no others; `admin` as the superuser, for
    tests that also make tables of billing there. `as_admin` and `as_run` give the other URL of the same database.
    """
    with psycopg.connect(pg.dsn(), autocommit=True) as connection:
        names = {name for (name,) in connection.execute("select datname from pg_database")}
        if _TEMPLATE not in names:
            migrate(pg.create_database(_TEMPLATE), login=(RUN_USER, RUN_PASSWORD))
        name = next(name for number in _numbers if (name := f"state_{number}") not in names)
        connection.execute(f'create database "{name}" template "{_TEMPLATE}" {COPY_STRATEGY}'.encode())
    admin = pg.dsn(name)
    return admin if role == "admin" else as_run(admin)


def as_run(dsn: str) -> str:
    """Return the URL of the same database for the user with the rights of `qbo_sync_run`."""
    parts = urlsplit(dsn)
    return f"{parts.scheme}://{RUN_USER}:{RUN_PASSWORD}@{parts.hostname}:{parts.port}{parts.path}"


def as_admin(pg: EmbeddedPostgres, dsn: str) -> str:
    """Return the URL of the same database for the superuser."""
    return pg.dsn(urlsplit(dsn).path.removeprefix("/"))
