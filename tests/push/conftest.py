"""A world whose calls to QuickBooks go through a wire that loses answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.runner.postgres import EmbeddedPostgres
from qbo_simulator.testing import RunningSimulator
from tests.push.stage import wired_world
from tests.push.wire import Wire
from tests.world import World

FAST = {"settle_after": 1, "call_limit": 15, "pause_after_429": 1}
LIMITS = {"requests_per_minute": 60000, "requests_per_second": 1000, "batches_per_minute": 60000}


@pytest.fixture
def wired(
    pg: EmbeddedPostgres, qbo: RunningSimulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Wire]]:
    """A fresh world and the wire between its client and QuickBooks."""
    with wired_world(pg, qbo, tmp_path_factory.mktemp("wired")) as made:
        yield made
