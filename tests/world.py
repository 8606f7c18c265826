"""A small world for tests: a real PostgreSQL, the real simulator, billing tables, one connected realm, and the pipeline.

Nothing of ours is replaced: the steps that the DAG's tasks call are called here in one process.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psycopg
from cryptography.fernet import Fernet

from demo.runner.postgres import EmbeddedPostgres
from demo.store import make_schema
from qbo_simulator.testing import CLIENT_ID, CLIENT_SECRET, DEFAULT_REALM, REFRESH_TOKEN, RunningSimulator
from tests.kept_connections import connected, let_go
from tests.state_fixture import as_run, migrated_database

SETTINGS = {
    "connection": "qbo_demo",
    "time_zone": "America/Los_Angeles",
    "start_date": "2026-01-01",
    "waits": {"settle_after": 2, "pause_after_429": 1, "call_limit": 15},
    "limits": {"requests_per_minute": 60000, "requests_per_second": 1000, "batches_per_minute": 60000},
}


@dataclass
class World:
    """One realm between a billing database and a simulated QuickBooks company."""

    dsn: str
    qbo: RunningSimulator
    mappings: Path
    realm_id: str = DEFAULT_REALM
    realm_key: str = "demo"
    connection: str = "qbo_demo"
    refresh_token: str = REFRESH_TOKEN
    currency: str = "USD"
    _runs: int = field(default=0, repr=False)

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the superuser of the database; rows of a query."""
        cursor = connected(self.dsn).execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def customer(self, customer_id: str, name: str | None = None, **columns: Any) -> None:
        """Put a customer into billing."""
        row = {
            "customer_id": customer_id,
            "customer_name": name or f"Customer {customer_id}",
            "currency": self.currency,
            **columns,
        }
        self._insert("customers", row)

    def invoice(
        self,
        number: str,
        *,
        customer_id: str | None = "c1",
        amounts: Sequence[str] = ("100.00",),
        day: str = "2026-10-05",
        lines: Sequence[Mapping[str, Any]] | None = None,
        **columns: Any,
    ) -> str:
        """Put an invoice into billing: one recurring charge per amount, no tax. Returns its billing id."""
        billing_id = str(columns.pop("invoice_id", f"inv-{number}"))
        charges = lines if lines is not None else [{"amount": Decimal(amount)} for amount in amounts]
        subtotal = sum((Decimal(str(line["amount"])) for line in charges), Decimal(0))
        row = {
            "invoice_id": billing_id,
            "doc_number": number,
            "customer_id": customer_id,
            "invoice_date": day,
            "due_date": day,
            "currency": self.currency,
            "status": "open",
            "subtotal_amount": subtotal,
            "tax_amount": 0,
            "total_amount": subtotal,
            "balance_amount": subtotal,
            **columns,
        }
        self._insert("invoices", row)
        for position, line in enumerate(charges, 1):
            self._insert(
                "invoice_lines",
                {
                    "line_id": f"{billing_id}-{position}",
                    "invoice_id": billing_id,
                    "position": position,
                    "kind": "charge",
                    "category": "recurring",
                    "description": f"Line {position} of {number}",
                    "tax_code": "EXEMPT",
                    "tax_amount": 0,
                    **line,
                },
            )
        return billing_id

    def change(self, billing_id: str, amount: str) -> None:
        """Change the amount of an invoice's first line in billing, and its totals with it."""
        self.sql("update billing.invoice_lines set amount = %s where line_id = %s", Decimal(amount), f"{billing_id}-1")
        self.sql(
            "update billing.invoices set subtotal_amount = s.sum, total_amount = s.sum, balance_amount = s.sum from"
            " (select sum(amount) from billing.invoice_lines where invoice_id = %s) as s(sum) where invoice_id = %s",
            billing_id,
            billing_id,
        )

    def settings(self, **changed: Any) -> None:
        """Write the realm's settings file anew."""
        write_settings(self.mappings, self.realm_key, {**SETTINGS, **changed})

    def map(self, kind: str, key: str, qbo_id: str | None, qbo_name: str | None, *, excluded: bool = False) -> None:
        """Put a row into the mapping book."""
        self.sql(
            "insert into qbo_sync.mappings (realm, kind, billing_key, qbo_id, qbo_name, is_excluded, origin, changed_by)"
            " values ((select max(id) from qbo_sync.realms where realm_key = %s), %s, %s, %s, %s, %s, 'csv', 'test')"
            " on conflict (realm, kind, billing_key) do update set qbo_id = excluded.qbo_id, qbo_name = excluded.qbo_name",
            self.realm_key, kind, key, qbo_id, qbo_name, excluded,
        )  # fmt: skip

    def connect(self) -> None:
        """Connect the realm to its company, as an administrator does once."""
        from include.stores.realms import ensure_realm, mark_connected
        from include.wiring import clients
        from include.wiring import connections as opened
        from qbo_hook.hook import QboHook
        from qbo_hook.tokens import TokenSet

        place = opened.quickbooks(self.connection)
        with opened.connect_state() as state:
            row = ensure_realm(state, self.realm_key, place.base_url, place.realm_id, place.environment)
            now = datetime.now(UTC)
            given = TokenSet(
                "none", self.refresh_token, access_expires_at=now, refresh_expires_at=now, realm_id=place.realm_id
            )
            store = clients.token_store(row.id, opened.connect_state)
            store.store(QboHook(self.connection).get_auth().refresh(given))
            store.close()
            mark_connected(state, row.id, "test")
        self.refresh()

    def refresh(self) -> None:
        """Read the company's lists and facts into the reference cache."""
        from include.wiring.realms import open_realm
        from include.wiring.reference import refresh_company, refresh_lists

        with open_realm(self.realm_key) as realm:
            refresh_company(realm.client, realm.state, realm.row)
            refresh_lists(realm.client, realm.state, realm.id)

    def prepare(
        self, *, run_id: str | None = None, kind: str = "manual", **params: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Extract, check and plan, as the DAG's tasks do. Returns the plan that push is given, and the context."""
        from include.wiring import runs

        self._runs += 1
        context = self.context(run_id or f"{kind}__test_{self._runs}", kind, params)
        extracted = runs.extract(self.realm_key, context)
        return runs.plan(runs.check(extracted, context), context), context

    def run(self, **params: Any) -> dict[str, Any]:
        """Extract, check, plan and push in one go; returns what push says."""
        from include.wiring import runs

        plan, context = self.prepare(**params)
        return runs.push(plan, context)

    def sync(self, kind: str = "scheduled", **params: Any) -> dict[str, Any]:
        """One run of the auto-sync: what changed, checked, planned and pushed."""
        from include.wiring import runs

        self._runs += 1
        context = self.context(f"{kind}__sync_{self._runs}", kind, params)
        context["dag_run"].dag_id = "qbo_auto_sync"
        return runs.push(
            runs.plan(runs.check(runs.extract_changes(self.realm_key, context), context), context), context
        )

    def context(self, run_id: str, kind: str = "manual", params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What Airflow hands to a task, as far as the tasks look at it."""
        dag_run = SimpleNamespace(dag_id="qbo_export_invoices", run_id=run_id, run_type=kind)
        return {"dag_run": dag_run, "params": dict(params or {})}

    def status(self, billing_id: str) -> tuple[str, str]:
        """Status and reason that the user sees."""
        rows = self.sql("select status, reason from qbo_sync.statuses where billing_id = %s", billing_id)
        assert rows, f"{billing_id} has no status"
        return rows[0][0], rows[0][1]

    def statuses(self) -> dict[str, tuple[str, str]]:
        """Status and reason of every document."""
        return {
            row[0]: (row[1], row[2]) for row in self.sql("select billing_id, status, reason from qbo_sync.statuses")
        }

    def in_qbo(self, number: str | None = None) -> list[dict[str, Any]]:
        """The invoices that QuickBooks holds, of one number or all that tests made (numbers that begin with T)."""
        held = self.qbo.state("Invoice", self.realm_id)
        wanted = [one for one in held if str(one.get("DocNumber", "")).startswith("T")]
        return wanted if number is None else [one for one in wanted if one["DocNumber"] == number]

    def reasons(self, billing_id: str) -> dict[str, str]:
        """Every reason that the user sees of a document, each with what it says of this one."""
        rows = self.sql("select reasons from qbo_sync.statuses where billing_id = %s", billing_id)
        assert rows, f"{billing_id} has no status"
        return {finding["reason"]: finding.get("detail", "") for finding in rows[0][0]}

    def lines_in_qbo(self, number: str) -> list[dict[str, Any]]:
        """The lines of the one invoice of this number, without QuickBooks' own subtotal line."""
        (held,) = self.in_qbo(number)
        return [line for line in held["Line"] if line["DetailType"] != "SubTotalLineDetail"]

    def items_in_qbo(self, number: str) -> list[str]:
        """The item ids on the lines of the one invoice of this number."""
        lines = self.lines_in_qbo(number)
        return [line["SalesItemLineDetail"]["ItemRef"]["value"] for line in lines if "SalesItemLineDetail" in line]

    def customers_in_qbo(self, name: str) -> list[dict[str, Any]]:
        """The customers of exactly this name that QuickBooks holds."""
        return [one for one in self.qbo.state("Customer", self.realm_id) if one["DisplayName"] == name]

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        names = ", ".join(row)
        places = ", ".join(["%s"] * len(row))
        self.sql(f"insert into billing.{table} ({names}) values ({places})", *row.values())


def write_settings(folder: Path, realm_key: str, settings: Mapping[str, Any]) -> None:
    """Write a realm's settings.yaml (JSON is YAML)."""
    place = folder / realm_key
    place.mkdir(parents=True, exist_ok=True)
    (place / "settings.yaml").write_text(json.dumps(settings, indent=2))


@contextmanager
def connections(dsn: str, qbo: RunningSimulator, mappings: Path, realm_id: str = DEFAULT_REALM) -> Iterator[None]:
    """Airflow's Connections and the Fernet key, as environment variables, for the time of the block."""
    quickbooks = {
        "conn_type": "quickbooks",
        "login": CLIENT_ID,
        "password": CLIENT_SECRET,
        "extra": {
            "environment": "sandbox",
            "realm_id": realm_id,
            "base_url": qbo.base_url,
            "webhook_verifier_token": "verifier",
        },
    }
    changed = {
        "AIRFLOW_CONN_BILLING_DB": dsn.replace("postgresql://", "postgres://"),
        "AIRFLOW_CONN_QBO_STATE_DB": as_run(dsn).replace("postgresql://", "postgres://"),
        "AIRFLOW_CONN_QBO_DEMO": json.dumps(quickbooks),
        "AIRFLOW__CORE__FERNET_KEY": os.environ.get("AIRFLOW__CORE__FERNET_KEY") or Fernet.generate_key().decode(),
        "LEDGERLINE_MAPPINGS": str(mappings),
    }
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def world(pg: EmbeddedPostgres, qbo: RunningSimulator, folder: Path, country: str = "US") -> Iterator[World]:
    """A fresh world: a new database, the simulator's own company as it was, settings and a small mapping book.

    Elsewhere than in the US the company is one of that country, and the lines of the tests carry no tax there.
    """
    dsn = migrated_database(pg, "admin")
    qbo.reset()
    if country != "US":
        qbo.seed(realm_id=DEFAULT_REALM, country=country, refresh_token=REFRESH_TOKEN)
    mappings = folder / "mappings"
    write_settings(mappings, "demo", SETTINGS)
    with psycopg.connect(dsn, autocommit=True) as connection:
        make_schema(connection)
        user = urlsplit(as_run(dsn)).username
        connection.execute(
            f"grant usage on schema billing to {user}; grant select on all tables in schema billing to {user}"
        )
    with connections(dsn, qbo, mappings):
        made = World(dsn, qbo, mappings)
        made.connect()
        ((made.currency,),) = made.sql("select home_currency from qbo_sync.realms")
        made.customer("c1", "Northwind Cafe")
        made.map("category", "recurring", "1", "Services")
        made.map("tax_code", "*", *(("NON", "NON") if country == "US" else ("6", "No VAT")))
        try:
            yield made
        finally:
            let_go(dsn)
