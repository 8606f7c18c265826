"""A stage: a world that was set up once and is played on many times, each time from the same beginning.

Database and simulator are copied as they stood; the wire between them keeps its address, by which the company is known.
"""

from __future__ import annotations

import copy
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from demo.runner.postgres import EmbeddedPostgres
from qbo_simulator.testing import RunningSimulator
from tests.kept_connections import let_go
from tests.push.wire import Wire, running_wire
from tests.state_fixture import as_run
from tests.world import World, world

_numbers = itertools.count(1)


def behind(qbo: RunningSimulator, wire: Wire) -> RunningSimulator:
    """The simulator as it is seen through the wire."""
    wire.upstream = qbo.base_url
    seen = copy.copy(qbo)
    seen.base_url = wire.base_url
    return seen


@contextmanager
def wired_world(pg: EmbeddedPostgres, qbo: RunningSimulator, folder: Path) -> Iterator[tuple[World, Wire]]:
    """A fresh world whose client reaches the simulator through a wire."""
    with running_wire(qbo.base_url) as wire, world(pg, behind(qbo, wire), folder) as made:
        made.qbo = qbo
        wire.calls.clear()
        yield made, wire


@dataclass
class Stage:
    """A world at rest: the name of its database, the simulator's file, the wire, and the plan that is to be pushed."""

    pg: EmbeddedPostgres
    world: World
    database: str
    simulator_file: Path
    wire: Wire
    plan: dict[str, Any]
    context: dict[str, Any]

    @contextmanager
    def play(self, folder: Path) -> Iterator[World]:
        """A world of its own that begins where the stage was left."""
        name = f"play_{os.getpid()}_{next(_numbers)}"
        copied = folder / "qbo.sqlite"
        for part in self.simulator_file.parent.glob(f"{self.simulator_file.name}*"):
            shutil.copyfile(part, folder / part.name)
        dsn = self.copy_database(name)
        self.wire.heal()
        with RunningSimulator(copied) as qbo, state_at(dsn):
            self.wire.upstream = qbo.base_url
            yield replace(self.world, dsn=dsn, qbo=qbo)

    def copy_database(self, name: str) -> str:
        """A copy of the stage's database; returns its URL."""
        return _copy(self.pg, self.database, name)


def copy_of(pg: EmbeddedPostgres, dsn: str) -> str:
    """A copy of the database of this URL, as a backup taken now; returns the copy's URL. Nobody else may be connected."""
    return _copy(pg, dsn.rsplit("/", 1)[1].partition("?")[0], f"copy_{os.getpid()}_{next(_numbers)}")


def _copy(pg: EmbeddedPostgres, database: str, name: str) -> str:
    let_go(pg.dsn(database))
    with psycopg.connect(pg.dsn(), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{database}"'.encode())
    return pg.dsn(name)


@contextmanager
def state_at(dsn: str) -> Iterator[None]:
    """Airflow's Connections to billing and state lead to this database for the time of the block."""
    changed = {
        "AIRFLOW_CONN_BILLING_DB": dsn.replace("postgresql://", "postgres://"),
        "AIRFLOW_CONN_QBO_STATE_DB": as_run(dsn).replace("postgresql://", "postgres://"),
    }
    before = {name: os.environ[name] for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        os.environ.update(before)
