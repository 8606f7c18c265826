"""A real simulator process for the whole session, put back to its first state before each test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qbo_simulator.testing import RunningSimulator, running_simulator
from tests.simulator.client import Qbo


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    """The server, started once."""
    with running_simulator(tmp_path_factory.mktemp("simulator") / "state.sqlite") as simulator:
        yield simulator


@pytest.fixture
def simulator(process: RunningSimulator) -> RunningSimulator:
    """The server in its first state."""
    process.reset()
    return process


@pytest.fixture
def qbo(simulator: RunningSimulator) -> Qbo:
    """A client of the default company (US, automated sales tax)."""
    return Qbo(simulator)


@pytest.fixture
def make_company(simulator: RunningSimulator) -> Callable[..., Qbo]:
    """Create a company and return a client of it."""

    def make(realm_id: str = "42", **wanted: Any) -> Qbo:
        seeded = simulator.seed(realm_id=realm_id, **wanted)
        return Qbo(simulator, realm_id, seeded["access_token"])

    return make
