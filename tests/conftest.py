"""What all tests share: a place for Airflow's files, one PostgreSQL server and one simulator for the whole session."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest

# Airflow reads these when it is first imported; nothing may be written outside a folder of the tests' own.
_AIRFLOW_HOME = tempfile.mkdtemp(prefix="ledgerline-airflow-")
os.environ.setdefault("AIRFLOW_HOME", _AIRFLOW_HOME)
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "True")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from hypothesis import settings  # noqa: E402 - after the environment

from demo.runner.postgres import EmbeddedPostgres  # noqa: E402 - after the environment
from qbo_simulator.testing import RunningSimulator, running_simulator  # noqa: E402 - as above
from tests.state_fixture import started_postgres  # noqa: E402 - as above
from tests.world import World  # noqa: E402 - as above
from tests.world import world as new_world  # noqa: E402 - as above

# CI judges a change, so it tries the same examples each time; machines are shared, so no example has a deadline.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def missing(what: str, cure: str) -> None:
    """Skip a test for a tool that is not there; with REQUIRE_ALL=1 it fails instead."""
    if os.environ.get("REQUIRE_ALL"):
        pytest.fail(f"{what} is missing, and REQUIRE_ALL is set: {cure}")
    pytest.skip(f"{what} is missing: {cure}")


@pytest.fixture(scope="session")
def pg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL server of the test session."""
    with started_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def qbo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """A QuickBooks simulator of the test session, in its own process."""
    with running_simulator(tmp_path_factory.mktemp("simulator") / "qbo.sqlite") as server:
        yield server


@pytest.fixture
def world(pg: EmbeddedPostgres, qbo: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A fresh billing database, state and company, connected."""
    with new_world(pg, qbo, tmp_path_factory.mktemp("world")) as made:
        yield made
