"""A real PostgreSQL with our schema, and a small run in it, for the tests of the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from demo.runner.postgres import EmbeddedPostgres
from qbo_simulator.testing import DEFAULT_REALM, RunningSimulator, running_simulator
from tests.console import airflow_fixture, companies_fixture
from tests.state_fixture import migrated_database


@pytest.fixture
def dsn(pg: EmbeddedPostgres) -> str:
    """The URL of a new database with the empty schema, for the user that runs."""
    return migrated_database(pg)


@pytest.fixture
def state(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection to that database; every statement is committed at once."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def site() -> Iterator[str]:
    """The address of a server with the plugin under /qbo, behind Airflow's login."""
    with airflow_fixture.served(airflow_fixture.airflow_app()) as address:
        yield address


@pytest.fixture
def browser(site: str, dsn: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., airflow_fixture.Visitor]:
    """Gives a visitor who is signed in to Airflow under a role, or an anonymous one."""
    monkeypatch.setenv("AIRFLOW_CONN_QBO_STATE_DB", dsn.replace("postgresql://", "postgres://"))
    return lambda role=None, name="ann": airflow_fixture.Visitor(site, role, name)


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """The simulated QuickBooks, with the landscaping company and a British one."""
    with running_simulator(tmp_path_factory.mktemp("simulator") / "sim.sqlite") as server:
        server.seed(realm_id=companies_fixture.BRITISH, country="GB", home_currency="GBP", name="Sandbox Garden Ltd")
        yield server


@pytest.fixture
def realms(
    simulator: RunningSimulator, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> companies_fixture.Realms:
    """Realm folders and Connections: ``us`` is the simulator's American company, ``gb`` its British one."""
    made = companies_fixture.Realms(tmp_path / "mappings", simulator.base_url, monkeypatch)
    made.add("us", DEFAULT_REALM, "America/Los_Angeles")
    made.add("gb", companies_fixture.BRITISH, "Europe/London")
    monkeypatch.setenv("AIRFLOW_CONN_BILLING_DB", dsn.replace("postgresql://", "postgres://"))
    return made
