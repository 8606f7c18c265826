"""One PostgreSQL server for the tests of the billing side; each test has a billing database of its own."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from demo.load import load
from demo.runner.postgres import EmbeddedPostgres
from include.stores.billing import BillingReader
from include.stores.contract import SQL_FOLDER
from tests.state_fixture import migrated_database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def demo_template(pg: EmbeddedPostgres) -> str:
    """The name of a database that holds the demo and is only copied."""
    load(pg.create_database("demo_template"))
    return "demo_template"


@pytest.fixture(scope="session")
def read_only_demo(pg: EmbeddedPostgres, demo_template: str) -> str:
    """The URL of a copy of the demo that no test changes."""
    return pg.create_database("demo_read_only", template=demo_template)


@pytest.fixture
def demo_dsn(pg: EmbeddedPostgres, demo_template: str) -> str:
    """The URL of a copy of the demo for one test."""
    return pg.create_database(f"demo_{next(_numbers)}", template=demo_template)


@pytest.fixture
def billing(demo_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection by which the test plays billing: every statement is committed."""
    with psycopg.connect(demo_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def reader(demo_dsn: str) -> Iterator[BillingReader]:
    """A reader over the test's own copy of the demo."""
    with psycopg.connect(demo_dsn) as connection:
        yield BillingReader(connection)


@pytest.fixture
def sql_folder(tmp_path: Path) -> Path:
    """A copy of the billing files that a test may edit."""
    return Path(shutil.copytree(SQL_FOLDER, tmp_path / "billing"))


@pytest.fixture
def edit(sql_folder: Path) -> Callable[[str, str, str], None]:
    """Replace a text in one of the copied files, as a data team would."""

    def replace(file: str, old: str, new: str) -> None:
        text = (sql_folder / file).read_text()
        assert old in text, f"{file} has no {old!r}"
        (sql_folder / file).write_text(text.replace(old, new))

    return replace


@pytest.fixture
def edited(demo_dsn: str, sql_folder: Path) -> Iterator[BillingReader]:
    """A reader that uses the copied files."""
    with psycopg.connect(demo_dsn) as connection:
        yield BillingReader(connection, sql_folder)


@pytest.fixture
def state(pg: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """A connection to an empty state database, with the rights of the running role."""
    with psycopg.connect(migrated_database(pg)) as connection:
        yield connection
