"""Where the bench measures: a British company in a simulator of its own, a billing database, our state, and settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from demo.load_online_retail import load as load_retail
from demo.runner.postgres import EmbeddedPostgres
from demo.store import make_schema
from qbo_simulator.testing import DEFAULT_REALM, REFRESH_TOKEN, RunningSimulator
from tests.bench.task import ORDER
from tests.state_fixture import as_run, migrated_database
from tests.world import World, connections, write_settings

REALM_KEY = "retail"
CHECKOUT = Path(__file__).resolve().parents[2]
_PROGRESS_SECONDS = 20.0
_NO_LIMITS = {
    "requests_per_minute": 1_000_000,
    "requests_per_second": 100_000,
    "batches_per_minute": 1_000_000,
    "share_used": "1",
}


class TaskFailedError(RuntimeError):
    """A task of the pipeline, or the bare loop, ended with an error; the text names its log."""


@contextmanager
def company(folder: Path, name: str, *, has_limits: bool = False) -> Iterator[RunningSimulator]:
    """A simulator that holds one GB / GBP company without customers, whose books are open."""
    with RunningSimulator(folder / f"{name}.sqlite", has_limits=has_limits) as simulator:
        simulator.reset(empty=True)
        simulator.seed(
            realm_id=DEFAULT_REALM, name="Retail Ltd", country="GB", lists="bare", refresh_token=REFRESH_TOKEN
        )
        yield simulator


@dataclass
class Site:
    """One realm between a billing database and a company, and the pipeline run task by task in processes of their own."""

    world: World
    folder: Path
    peaks: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    watch: dict[str, Any] = field(default_factory=dict)
    profile: Path | None = None
    _runs: int = 0
    _given: Any = None

    @property
    def simulator(self) -> RunningSimulator:
        """The company."""
        return self.world.qbo

    def run(
        self, tasks: Sequence[str] = ORDER, *, on_wait: Callable[[str], None] = lambda task: None
    ) -> dict[str, Any]:
        """Run the tasks as the DAG does, in order; what push said. Peaks and seconds are kept by task."""
        self._runs += 1
        self._given = None
        pushed: dict[str, Any] = {}
        for task in tasks:
            self.run_task(task, on_wait=on_wait)
            pushed = self._given if task == "push" else pushed
        return pushed

    def run_task(
        self, task: str, *, is_timed: bool = False, on_wait: Callable[[str], None] = lambda task: None
    ) -> None:
        """Run the next task of the run that has begun, on what the one before handed on."""
        work = {
            "task": task,
            "realm_key": self.world.realm_key,
            "run_id": f"manual__bench_{self._runs}",
            "given": self._given,
            "is_timed": is_timed,
            "profile": str(self.profile) if self.profile and task == "push" else None,
        }
        found = run_program("tests.bench.task", work, self.folder / f"{task}_{self._runs}", lambda: on_wait(task))
        self.peaks[task], self.seconds[task] = found["peak"], found["seconds"]
        self.watch = found.get("watch") or self.watch
        self._given = found["result"]

    def statuses(self) -> dict[tuple[str, str], int]:
        """Documents by status and reason, as the user sees them; Synced ones whatever warning they carry as their reason."""
        rows = self.world.sql(
            "select status, case when status = 'Synced' then '' else reason end, count(*)"
            " from qbo_sync.document_status group by 1, 2"
        )
        return {(status, reason): count for status, reason, count in rows}

    def map_customers(self) -> int:
        """Map every customer of billing to the QuickBooks customer of the same name, so that none is created by the run."""
        self.world.refresh()
        rows = self.world.sql(
            "insert into qbo_sync.mappings (realm, kind, billing_key, qbo_id, qbo_name, origin, changed_by)"
            " select reference.realm, 'customer', customers.customer_id, reference.qbo_id, reference.name, 'csv', 'bench'"
            " from billing.customers as customers inner join qbo_sync.reference as reference"
            " on reference.entity = 'Customer' and reference.name = customers.customer_name returning billing_key"
        )
        return len(rows)


@contextmanager
def site(
    pg: EmbeddedPostgres, qbo: RunningSimulator, folder: Path, load: Callable[[str], Any], **settings: Any
) -> Iterator[Site]:
    """A realm whose billing database ``load`` fills, given its URL. Its limits are off unless ``settings`` say more."""
    folder.mkdir(parents=True, exist_ok=True)
    dsn = migrated_database(pg, "admin")
    with psycopg.connect(dsn, autocommit=True) as connection:
        make_schema(connection)
        load(dsn)
        user = urlsplit(as_run(dsn)).username
        connection.execute(
            f"grant usage on schema billing to {user}; grant select on all tables in schema billing to {user}"
        )
    chosen = {
        "connection": "qbo_demo",
        "time_zone": "Europe/London",
        "start_date": "2010-12-01",
        "customers": "match_or_create",
        "limits": _NO_LIMITS,
        **settings,
    }
    write_settings(folder / "mappings", REALM_KEY, chosen)
    with connections(dsn, qbo, folder / "mappings"):
        world = World(dsn, qbo, folder / "mappings", realm_key=REALM_KEY)
        world.connect()
        world.map("category", "goods", "1", "Services")
        world.map("tax_code", "*", "6", "No VAT")
        yield Site(world, folder)


def load_with(file: Path, invoices: int | None) -> Callable[[str], bool]:
    """What loads the first ``invoices`` of the retail file, or all of it, into a billing database."""
    return lambda dsn: load_retail(dsn, file, invoices)


def customers_in(qbo: RunningSimulator, names: list[str], batch: int = 30) -> None:
    """Create these customers in the company, in this order, so that two companies give them the same ids."""
    token = qbo.access_token()
    for start in range(0, len(names), batch):
        items = [
            {
                "bId": str(place),
                "operation": "create",
                "Customer": {"DisplayName": name, "CurrencyRef": {"value": "GBP"}},
            }
            for place, name in enumerate(names[start : start + batch])
        ]
        status, answer = qbo.call(
            "POST", "batch", {"BatchItemRequest": items}, token=token, requestid=f"customers-{start}"
        )
        if status != 200 or any("Customer" not in item for item in answer["BatchItemResponse"]):
            raise RuntimeError(f"the company's customers could not be made: {answer}")


def run_program(
    module: str, work: Mapping[str, Any], path: Path, on_wait: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Run a program of the bench with its work in a file, and return what it wrote there. Raises TaskFailedError."""
    file, log = path.with_suffix(".json"), path.with_suffix(".log")
    file.write_text(json.dumps(work))
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(file)], stdout=errors, stderr=errors, cwd=CHECKOUT, env=dict(os.environ)
        )
        try:
            while True:
                try:
                    code = process.wait(_PROGRESS_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    on_wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if code:
        tail = log.read_text(errors="replace").strip().splitlines()[-1:]
        raise TaskFailedError(f"{work.get('task', module)} ended with {code}: {' '.join(tail)} (log: {log})")
    found: dict[str, Any] = json.loads(file.read_text())
    return found
