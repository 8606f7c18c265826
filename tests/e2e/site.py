"""The whole product for end-to-end tests: real Airflow, PostgreSQL and simulator, and two companies between them and billing.

Nothing of ours is replaced. Tests act as a person does, through Airflow's API and command line, and look at what QuickBooks
holds.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from demo.runner import setup_steps
from demo.runner.airflow_api import AirflowApiError, fetch_json
from demo.runner.layout import VENV, Home, Ports
from demo.runner.stack import Stack
from demo.runner.walk import wait_for_dag
from demo.store import grant_reader, make_schema
from qbo_simulator.testing import CLIENT_ID, CLIENT_SECRET, DEFAULT_REALM, REFRESH_TOKEN, RunningSimulator
from tests.kept_connections import connected
from tests.world import World, write_settings

EXPORT = "qbo_export_invoices"
SYNC = "qbo_auto_sync"
START_DAYS = 150
LEDGERLINE = str(VENV / "bin" / "ledgerline")
_LONDON_TOKEN = "RT1-london"
_FAST = {
    "waits": {"settle_after": 2, "pause_after_429": 1, "call_limit": 20, "lock": 3},
    "limits": {"requests_per_minute": 60000, "requests_per_second": 1000, "batches_per_minute": 60000},
}


def day(days_ago: int) -> date:
    """A day before today in UTC; tests of documents stay a day away from the edges that time zones blur."""
    return datetime.now(UTC).date() - timedelta(days=days_ago)


# What `ledgerline` does, for several commands: each start of Airflow's imports costs seconds.
_COMMANDS = """\
import json
import sys
from include.wiring.cli import main
for command in json.loads(sys.argv[1]):
    if code := main(command):
        sys.exit(code)
"""
_PRELOADED = """\
\"\"\"Made by the tests: what every process of a task or of a DAG file, a copy of this one, would import anew.\"\"\"
import sys

__all__ = []
if {"scheduler", "dag-processor"} & set(sys.argv):
    from tests import warm

    warm.warm_up() if "scheduler" in sys.argv else warm.load()
"""


class TestStack(Stack):
    """The stack of the demo, with settings folders of the tests' own, and with short waits."""

    __test__ = False

    def __init__(self, home: Path, ports: Ports, *, is_kept: bool) -> None:
        # What is not durable ends with the process that started it.
        super().__init__(home, ports, durable=is_kept)
        self.mappings = Home(home).root / "mappings"

    def environment(self) -> dict[str, str]:
        """The demo's environment, and where the settings are."""
        return super().environment() | {
            "LEDGERLINE_MAPPINGS": str(self.mappings),
            "LEDGERLINE_BUSY_DELAY": "2",
            "LEDGERLINE_RETRY_DELAY": "2",
            # The files do not change; reading them every ten seconds took half of all the processor's time.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "3600",
        }

    def start_airflow(self) -> None:
        """Spare the task processes the seconds in which they import what never changes."""
        place = self.home.airflow / "config" / "airflow_local_settings.py"
        place.parent.mkdir(exist_ok=True)
        place.write_text(_PRELOADED)
        super().start_airflow()


@dataclass(eq=False)
class Company:
    """One realm: its rows in billing, and what its QuickBooks company holds."""

    key: str
    realm_id: str
    currency: str
    tax_code: tuple[str, str]
    time_zone: str
    billing: World
    customer_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.customer_id = f"{self.key}-1"

    def invoice(self, number: str, on: date, *amounts: str, **columns: Any) -> str:
        """Put an invoice of this company into billing; returns its billing id."""
        values = {"customer_id": self.customer_id, **columns}
        return self.billing.invoice(
            number, amounts=amounts or ("100.00",), day=str(on), currency=self.currency, realm_key=self.key, **values
        )

    def held(self, prefix: str) -> dict[str, Decimal]:
        """Number and total of the invoices that QuickBooks holds. Fails when one number is there twice."""
        found = [one for one in self.billing.qbo.state("Invoice", self.realm_id) if _number(one).startswith(prefix)]
        numbers = [_number(one) for one in found]
        assert len(numbers) == len(set(numbers)), f"twice in QuickBooks: {sorted(numbers)}"
        return {_number(one): Decimal(str(one["TotalAmt"])) for one in found}


def _number(invoice: dict[str, Any]) -> str:
    return str(invoice.get("DocNumber") or "")


@dataclass(frozen=True)
class Call:
    """One call that QuickBooks got, as its journal tells."""

    realm_id: str
    method: str
    path: str
    query: str

    @property
    def is_write(self) -> bool:
        """Whether the call could change the books."""
        return self.method == "POST" and not self.path.endswith("/query")


class Site:
    """The running product with the companies ``texas`` (US, USD) and ``london`` (GB, GBP)."""

    def __init__(self, home: Path, ports: Ports, *, is_kept: bool = False) -> None:
        self.stack = TestStack(home, ports, is_kept=is_kept)
        self.qbo = RunningSimulator(self.stack.home.simulator_db)
        self.qbo.base_url = self.stack.simulator_address
        self._billing: World | None = None
        self._unpaused: set[str] = set()

    # -- set-up -------------------------------------------------------------------------------------------------------

    def start(self) -> Site:
        """Start everything, and set the companies up unless that was done before."""
        stack = self.stack
        stack.start_postgres()
        stack.start_simulator()
        stack.migrate_airflow()
        marker = stack.home.root / "set-up"
        if not marker.exists():
            self._write_settings()
            self._make_billing()
        stack.start_airflow()
        self._billing = World(stack.postgres.dsn("billing"), self.qbo, stack.mappings)
        self.api = stack.api
        self.texas = Company("texas", DEFAULT_REALM, "USD", ("NON", "NON"), "America/Chicago", self._billing)
        self.london = Company("london", "9130000000000044", "GBP", ("6", "No VAT"), "Europe/London", self._billing)
        self.companies = (self.texas, self.london)
        if not marker.exists():
            self._connect()
            marker.touch()
        wait_for_dag(self.api, EXPORT)
        self._warm_up()
        return self

    def _warm_up(self) -> None:
        """Let the api-server build the API of the tasks, which it does at the first call and which may take half a minute."""
        self.wait_until(self._tasks_are_served, "the API of the tasks answers")

    def _tasks_are_served(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(fetch_json(f"{self.stack.ui}/execution/health"))
        return False

    def _write_settings(self) -> None:
        common = {"start_date": str(day(START_DAYS)), "customers": "match_or_create", **_FAST}
        for key, zone, tax_code in (
            ("texas", "America/Chicago", "NON,NON"),
            ("london", "Europe/London", "6,No VAT"),
        ):
            settings = {"connection": f"qbo_{key}", "time_zone": zone, **common}
            write_settings(self.stack.mappings, key, settings)
            folder = self.stack.mappings / key
            header = "billing_id,billing_name,qbo_id,qbo_name,excluded\n"
            (folder / "categories.csv").write_text(f"{header}recurring,Monthly charges,1,Services,\n")
            (folder / "tax_codes.csv").write_text(f"{header}*,All taxes,{tax_code},\n")

    def _make_billing(self) -> None:
        databases = setup_steps.connections(self.stack)
        login = databases["billing_db"]
        with psycopg.connect(self.stack.postgres.dsn("billing"), autocommit=True) as connection:
            make_schema(connection)
            grant_reader(connection, login["login"], login["password"])

    def _connect(self) -> None:
        self.qbo.limits(is_on=False)
        self.qbo.seed(realm_id=self.london.realm_id, name="London Lines Ltd", country="GB", refresh_token=_LONDON_TOKEN)
        databases = setup_steps.connections(self.stack)
        for conn_id in ("billing_db", "qbo_state_db"):
            self.api.post("connections", _as_api_has_it(conn_id, databases[conn_id]))
        # The migration gives the user of the Connection qbo_state_db its rights.
        commands = [["migrate", "--dsn", self.stack.postgres.dsn("ledgerline")]]
        for company, token in ((self.texas, REFRESH_TOKEN), (self.london, _LONDON_TOKEN)):
            self.api.post("connections", self.quickbooks_connection(company))
            commands.append(["tokens", "import", "--realm", company.key, "--refresh-token", token])
            commands.append(["mappings", "load", "--realm", company.key])
            company.billing.customer(company.customer_id, f"Customer of {company.key}", currency=company.currency)
        self.stack.run("companies", [sys.executable, "-c", _COMMANDS, json.dumps(commands)])

    def quickbooks_connection(self, company: Company) -> dict[str, Any]:
        """The company's Connection as Airflow's API takes it."""
        extra = {
            "environment": "sandbox",
            "realm_id": company.realm_id,
            "base_url": self.stack.simulator_address,
            "webhook_verifier_token": "only-for-tests",
        }
        content = {"conn_type": "quickbooks", "login": CLIENT_ID, "password": CLIENT_SECRET, "extra": extra}
        return _as_api_has_it(f"qbo_{company.key}", content)

    def series(self, name: str) -> str:
        """The beginning of the invoice numbers of one test, new at each call: a kept site sees a test more than once."""
        return f"{name}{secrets.token_hex(2)}"

    # -- acting -------------------------------------------------------------------------------------------------------

    def unpause(self, dag_id: str) -> None:
        """Switch a DAG's schedule on; Airflow starts the run of the last interval by itself."""
        if dag_id not in self._unpaused:
            self.api.set_paused(dag_id, paused=False)
            self._unpaused.add(dag_id)

    def pause(self, dag_id: str) -> None:
        """Switch a DAG's schedule off."""
        self.api.set_paused(dag_id, paused=True)
        self._unpaused.discard(dag_id)

    def trigger(self, *, dag_id: str = EXPORT, **conf: Any) -> str:
        """Start a run as the trigger form does, which fills in the present moment as logical date."""
        self.unpause(dag_id)
        body = {"logical_date": datetime.now(UTC).isoformat(), "conf": conf}
        return str(self.api.post(f"dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def finished(self, run_id: str, *, dag_id: str = EXPORT, seconds: float = 900) -> str:
        """Wait for a run's end; returns its state."""

        def end() -> str | None:
            # Asked of the database: the api-server has the tasks to serve, and may be slow on a crowded machine.
            ((state,),) = self.metadata("select state from dag_run where dag_id = %s and run_id = %s", dag_id, run_id)
            return state if state in ("success", "failed") else None

        return str(self.wait_until(end, f"{dag_id} / {run_id} ends", seconds))

    def run(self, *, dag_id: str = EXPORT, seconds: float = 900, **conf: Any) -> str:
        """Start a run from the form, wait, and expect success; returns its id."""
        run_id = self.trigger(dag_id=dag_id, **conf)
        state = self.finished(run_id, dag_id=dag_id, seconds=seconds)
        assert state == "success", self.why(run_id, dag_id=dag_id)
        return run_id

    def map_index(self, company: Company, run_id: str, *, dag_id: str = EXPORT) -> int:
        """The place of a company among those that the run chose."""
        path = f"dags/{dag_id}/dagRuns/{run_id}/taskInstances/choose/xcomEntries/return_value?deserialize=true"
        return list(self.api.get(path)["value"]).index(company.key)

    def log(
        self, run_id: str, task_id: str, company: Company | None = None, *, dag_id: str = EXPORT, attempt: int = 0
    ) -> list[str]:
        """The lines of a task's last try (or of an earlier one) as the UI shows them, the words of an exception included."""
        map_index = self.map_index(company, run_id, dag_id=dag_id) if company else -1
        task_id = f"realm.{task_id}" if company else task_id
        one = next(
            found
            for found in self.api.task_instances(dag_id, run_id)
            if (found["task_id"], found["map_index"]) == (task_id, map_index)
        )
        return self._log_of(one, attempt)

    def _log_of(self, one: dict[str, Any], attempt: int = 0) -> list[str]:
        place = f"dags/{one['dag_id']}/dagRuns/{one['dag_run_id']}/taskInstances/{one['task_id']}"
        attempt = attempt or max(one["try_number"], 1)
        found = self.api.get(f"{place}/logs/{attempt}?map_index={one['map_index']}&full_content=true")["content"]
        lines = []
        for entry in found:
            lines.append(str(entry.get("event", "")))
            lines += [f"{error['exc_type']}: {error['exc_value']}" for error in entry.get("error_detail") or ()]
        return lines

    def task_states(self, run_id: str, *, dag_id: str = EXPORT) -> dict[tuple[str, int], str]:
        """State by task and map index."""
        instances = self.api.task_instances(dag_id, run_id)
        return {(one["task_id"], one["map_index"]): one["state"] for one in instances}

    def tries(self, run_id: str, task_id: str, *, dag_id: str = EXPORT) -> int:
        """How often a task was begun, of the company that was begun most often."""
        # Asked of the database, as in `finished`: tests wait for this as well.
        highest = (
            "select coalesce(max(try_number), 0) from task_instance where (dag_id, run_id, task_id) = (%s, %s, %s)"
        )
        return int(self.metadata(highest, dag_id, run_id, task_id)[0][0])

    def why(self, run_id: str, *, dag_id: str = EXPORT) -> str:
        """What went wrong in a run, for the message of a failing test."""
        failed = [one for one in self.api.task_instances(dag_id, run_id) if one["state"] in ("failed", "up_for_retry")]
        told = [f"{one['task_id']} {one['map_index']}: {' / '.join(self._log_of(one)[-6:])}" for one in failed]
        return "\n".join(told) or str(self.task_states(run_id, dag_id=dag_id))

    def questions(self, run_id: str, count: int) -> dict[int, dict[str, Any]]:
        """The required actions of a run that wait for an answer, by map index, as soon as there are so many."""
        asking = "select count(*) from task_instance where (dag_id, run_id, state) = (%s, %s, 'awaiting_input')"

        def waiting() -> dict[int, dict[str, Any]]:
            if self.metadata(asking, EXPORT, run_id) != [(count,)]:
                return {}
            found = self.api.get(f"dags/{EXPORT}/dagRuns/{run_id}/hitlDetails?state=awaiting_input")["hitl_details"]
            open_ones = [one for one in found if not one["response_received"]]
            return {one["task_instance"]["map_index"]: one for one in open_ones} if len(open_ones) == count else {}

        return dict(self.wait_until(waiting, f"{run_id} asks {count} times"))

    def answer(self, run_id: str, map_index: int, option: str) -> None:
        """Press a button of a required action, no faster than a person can, and see that Airflow took it.

        Airflow 3.3.2 loses an answer that comes before its scheduler has heard that the task is parked; the task is then
        repeated after a minute and asks again.
        """
        place = f"dags/{EXPORT}/dagRuns/{run_id}/taskInstances/realm.approve/{map_index}"

        def is_taken() -> bool:
            state = self.api.get(place)["state"]
            if state == "awaiting_input" and not self.api.get(f"{place}/hitlDetails")["response_received"]:
                time.sleep(3)
                self.api.patch(f"{place}/hitlDetails", {"chosen_options": [option], "params_input": {}})
            return state in ("success", "failed")

        self.wait_until(is_taken, f"{option} is taken", every=1.0)

    def backfill(self, first: date, last: date, **conf: Any) -> list[str]:
        """Backfill these logical dates as the UI's dialog does; returns the ids of the runs, which may not have ended."""
        self.unpause(EXPORT)
        body = {
            "dag_id": EXPORT,
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T23:00:00Z",
            "reprocess_behavior": "completed",
            "max_active_runs": 10,
            "dag_run_conf": conf,
        }

        def made() -> Any:
            # One backfill of a DAG at a time, and Airflow notices the end of one with a delay.
            with contextlib.suppress(AirflowApiError):
                return self.api.post("backfills", body)["id"]
            return None

        return self.runs_of_backfill(self.wait_until(made, "the backfill before is over"))

    def cancel_backfill(self, backfill_id: int) -> None:
        """Cancel a backfill: what waits fails, what runs goes on."""
        sign_on = {"username": "admin", "password": self.stack.passwords["admin"]}
        token = fetch_json(f"{self.stack.ui}/auth/token", "POST", sign_on)["access_token"]
        place = f"{self.stack.ui}/api/v2/backfills/{backfill_id}/cancel"
        fetch_json(place, "PUT", headers={"Authorization": f"Bearer {token}"})

    def runs_of_backfill(self, backfill_id: int) -> list[str]:
        """The runs that a backfill started or cleared, in the order of their dates."""
        rows = self.metadata("select run_id from dag_run where backfill_id = %s order by logical_date", backfill_id)
        return [row[0] for row in rows]

    # -- looking ------------------------------------------------------------------------------------------------------

    def state(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of our own state."""
        return _rows(self.stack.postgres.dsn("ledgerline"), statement, values)

    def metadata(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of Airflow's own database."""
        return _rows(self.stack.postgres.dsn("airflow"), statement, values)

    def status(self, *billing_ids: str) -> dict[str, tuple[str, str]]:
        """Status and reason of documents, as the user sees them."""
        rows = self.state(
            "select billing_id, status, reason from qbo_sync.document_status where billing_id = any(%s)",
            list(billing_ids),
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def sent(self, prefix: str) -> dict[str, int]:
        """How often each invoice was sent to QuickBooks, as the append-only audit has it."""
        statement = (
            "select doc_number, count(*) from qbo_sync.attempts where event = 'sent' and starts_with(doc_number, %s)"
            " group by doc_number"
        )
        return dict(self.state(statement, prefix))  # type: ignore[arg-type]  # rows of two

    def calls(self, company: Company, after: int = 0) -> list[Call]:
        """The calls that QuickBooks got for a company since a number of its journal; sign-ons do not count."""
        found = []
        while entries := self.qbo.journal(after, realm_id=company.realm_id):
            found += [Call(company.realm_id, one["method"], one["path"], one["query"]) for one in entries]
            after = entries[-1]["number"]
        return [call for call in found if "/v3/company/" in call.path]

    def journal_end(self) -> int:
        """The number of the last call so far."""
        after = 0
        while entries := self.qbo.journal(after):
            after = entries[-1]["number"]
        return after

    def wait_until(self, is_so: Callable[[], Any], what: str, seconds: float = 600, every: float = 0.3) -> Any:
        """Wait for something to become true and return it."""
        deadline = time.monotonic() + seconds
        while not (found := is_so()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not after {seconds:.0f} s")
            time.sleep(every)
        return found


def _as_api_has_it(conn_id: str, content: dict[str, Any]) -> dict[str, Any]:
    """A Connection as Airflow's API takes it, out of the form that its import takes."""
    extra = json.dumps(content["extra"]) if "extra" in content else None
    kept = {name: content.get(name) for name in ("conn_type", "host", "port", "schema", "login", "password")}
    return {
        "connection_id": conn_id,
        "extra": extra,
        **{name: value for name, value in kept.items() if value is not None},
    }


def _rows(dsn: str, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    cursor = connected(dsn).execute(statement.encode(), values or None)
    return cursor.fetchall() if cursor.description else []


def airflow_command(*words: str) -> list[str]:
    """Airflow's command line."""
    return [sys.executable, "-m", "airflow", *words]


def running_site(home: Path, ports: Ports, *, is_kept: bool) -> Iterator[Site]:
    """A started site, stopped at the end unless it is to be kept for the next call."""
    site = Site(home, ports, is_kept=is_kept)
    try:
        yield site.start()
    finally:
        if not is_kept:
            site.stack.stop()
