"""What all tests share: a place for Airflow's files, one PostgreSQL server and one simulator for the whole session.

`make test` has three processes at work (pytest-xdist), each with its own of everything: one more than two cores can feed, as what
waits for Airflow, or for a time-out, leaves its core to the others.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

# Airflow reads these when it is first imported; nothing may be written outside a folder of the tests' own. A worker would
# inherit the folder of the process that started it.
_AIRFLOW_HOME = tempfile.mkdtemp(prefix="ledgerline-airflow-")
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["AIRFLOW_HOME"] = _AIRFLOW_HOME
os.environ.setdefault("AIRFLOW_HOME", _AIRFLOW_HOME)
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "True")
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from hypothesis import settings  # noqa: E402 - after the environment

from demo.runner.postgres import EmbeddedPostgres  # noqa: E402 - after the environment
from qbo_simulator.testing import RunningSimulator, running_simulator  # noqa: E402 - as above
from tests.kept_connections import let_all_go  # noqa: E402 - as above
from tests.state_fixture import started_postgres  # noqa: E402 - as above
from tests.world import World  # noqa: E402 - as above
from tests.world import world as new_world  # noqa: E402 - as above

# CI judges a change, so it tries the same examples each time; machines are shared, so no example has a deadline.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("local", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


TOGETHER = ("tests/e2e/", "tests/console/", "tests/billing/")
"""Folders whose tests share what is dear to start; elsewhere the tests of one file stay in one process."""
LONGEST_FIRST = (
    "tests/e2e/",
    "tests/chaos/",
    "tests/push/test_killed",
    "tests/reconcile/test_killed",
    "tests/runner/",
    "tests/push/",
    "tests/reconcile/",
    "tests/console/",
)
"""What takes long is begun first, so that all processes end at about the same time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the tests into an order in which the processes are done soonest."""
    places = {place: rank for rank, place in enumerate(LONGEST_FIRST)}
    items.sort(
        key=lambda item: min(
            (rank for place, rank in places.items() if item.nodeid.startswith(place)), default=len(places)
        )
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out whole files, and the folders of TOGETHER, in the order of the tests."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid.partition("::")[0])

    config.option.loadscopereorder = False
    return ByPlace(config, log)


def pytest_unconfigure() -> None:
    """Leave no folder and no connection behind."""
    let_all_go()
    shutil.rmtree(_AIRFLOW_HOME, ignore_errors=True)


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
