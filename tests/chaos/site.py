"""Where the chaos takes place: one PostgreSQL server, one simulator, and for each run new companies and new databases."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import psycopg
from cryptography.fernet import Fernet

from demo.runner.postgres import EmbeddedPostgres
from demo.store import make_schema
from qbo_simulator.testing import CLIENT_ID, CLIENT_SECRET, RunningSimulator
from tests.state_fixture import COPY_STRATEGY, RUN_USER, as_run, migrated_database, started_postgres
from tests.world import write_settings

_FIRST_REALM = 9_130_000_000_001_000
_CUSTOMERS = 25
NO_LIMITS = {
    "requests_per_minute": 1_000_000,
    "requests_per_second": 100_000,
    "batches_per_minute": 1_000_000,
    "share_used": "1",
    "in_flight": 100_000,
}
WAITS = {"settle_after": 3, "call_limit": 1, "pause_after_429": 0.3}
"""Seconds. A call of a run is delayed by at most a second, so that QuickBooks has done it when it is asked about it."""


@dataclass(frozen=True, slots=True)
class Company:
    """One company of a run: its realm key and Intuit's id."""

    key: str
    realm_id: str
    refresh_token: str


@dataclass
class Site:
    """The servers, which outlive the runs, and the databases and companies of the present run."""

    folder: Path
    pg: EmbeddedPostgres = field(init=False)
    qbo: RunningSimulator = field(init=False)
    companies: list[Company] = field(default_factory=list)
    billing: str = ""
    state: str = ""
    mappings: Path = field(init=False)
    settings: dict[str, Any] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack, repr=False)
    _realms: int = 0

    def __enter__(self) -> Site:
        self.pg = self._stack.enter_context(started_postgres(self.folder / "postgres"))
        self.qbo = self._stack.enter_context(RunningSimulator(self.folder / "qbo.sqlite"))
        os.environ.setdefault("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def build(self, run: int, companies: int, settings: Mapping[str, Any], preferences: Mapping[str, Any]) -> None:
        """New companies, a new billing database and a new state for one run; those of the run before are dropped."""
        self.drop()
        self.qbo.reset(empty=True)
        # A refresh token that was replaced still works for a while, as Intuit's does: its successor may have been lost.
        self.qbo.settings(
            journal_bodies=False, journal_keep=1_000_000, refresh_rotation_seconds=0, refresh_grace_seconds=86_400
        )
        self.mappings = self.folder / f"mappings_{run}"
        self.billing = self.pg.create_database(f"billing_{run}")
        self.state = migrated_database(self.pg, "admin")
        with psycopg.connect(self.billing, autocommit=True) as connection:
            make_schema(connection)
            connection.execute(
                f"grant usage on schema billing to {RUN_USER};"
                f" grant select on all tables in schema billing to {RUN_USER}".encode()
            )
        self._point_at_databases()
        self.companies = [self._company(f"r{number}", preferences) for number in range(1, companies + 1)]
        self.settings = dict(settings)
        for company in self.companies:
            write_settings(self.mappings, company.key, {**self.settings, "connection": f"qbo_{company.key}"})
            self.connect(company)

    def drop(self) -> None:
        """Drop the databases of the run before."""
        for dsn in filter(None, (self.billing, self.state, self.dump_of(self.state) if self.state else "")):
            self.pg.drop_database(_name(dsn))
        self.billing = self.state = ""

    def dump_of(self, dsn: str) -> str:
        """The URL of the database that keeps a dump of the state."""
        return self.pg.dsn(f"{_name(dsn)}_dump")

    def keep_dump(self) -> None:
        """Keep the state as it is now. Nobody may be connected to it."""
        self.pg.drop_database(_name(self.dump_of(self.state)))
        self._copy(_name(self.state), _name(self.dump_of(self.state)))

    def restore_dump(self) -> None:
        """Put the state back to what was kept, as after a loss of the database. Ends whoever is connected."""
        self.pg.drop_database(_name(self.state))
        self._copy(_name(self.dump_of(self.state)), _name(self.state))

    def _copy(self, source: str, target: str) -> None:
        with psycopg.connect(self.pg.dsn(), autocommit=True) as connection:
            connection.execute(
                b"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s", (source,)
            )
            connection.execute(f'create database "{target}" template "{source}" {COPY_STRATEGY}'.encode())

    def billing_sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement in billing."""
        return _sql(self.billing, statement, values)

    def state_sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement in the state, as its superuser."""
        return _sql(self.state, statement, values)

    def bill(self, company: Company, prefix: str, count: int, chance: random.Random, mailed: float = 0) -> None:
        """Put invoices of one or two lines into billing, on the company's customers; a share has an e-mail address."""
        customers = [(f"{company.key}-c{number}", f"{company.key} customer {number}") for number in range(_CUSTOMERS)]
        with psycopg.connect(self.billing) as connection, connection.cursor() as cursor:
            cursor.executemany(
                b"insert into billing.customers (customer_id, customer_name, currency) values (%s, %s, 'USD')"
                b" on conflict do nothing",
                customers,
            )
            invoices, lines = [], []
            for number in range(count):
                amounts = [chance.randint(1, 99_999) for _ in range(chance.choice((1, 2)))]
                key = f"{company.key}-{prefix}{number}"
                day = f"2026-10-{chance.randint(1, 28):02}"
                customer = f"{company.key}-c{chance.randrange(_CUSTOMERS)}"
                total = _money(sum(amounts))
                mail = "ap@customer.example" if chance.random() < mailed else None
                invoices.append((mail, f"inv-{key}", company.key, f"C-{key}", customer, day, day, total, total, total))
                lines += [
                    (f"inv-{key}-{position}", f"inv-{key}", position, f"Line {position}", _money(amount))
                    for position, amount in enumerate(amounts, 1)
                ]
            cursor.executemany(
                b"insert into billing.invoices (billing_email, invoice_id, realm_key, doc_number, customer_id, invoice_date,"
                b" due_date, currency, status, subtotal_amount, tax_amount, total_amount, balance_amount)"
                b" values (%s, %s, %s, %s, %s, %s, %s, 'USD', 'open', %s, 0, %s, %s)",
                invoices,
            )
            cursor.executemany(
                b"insert into billing.invoice_lines (line_id, invoice_id, position, kind, category, description, amount,"
                b" tax_code, tax_amount) values (%s, %s, %s, 'charge', 'recurring', %s, %s, 'EXEMPT', 0)",
                lines,
            )

    def connect(self, company: Company) -> None:
        """Connect a realm to its company, as an administrator does once, and map what its invoices carry."""
        from include.stores.realms import ensure_realm, mark_connected
        from include.wiring import clients
        from include.wiring import connections as opened
        from qbo_hook.hook import QboHook
        from qbo_hook.tokens import TokenSet

        place = opened.quickbooks(f"qbo_{company.key}")
        with opened.connect_state() as state:
            row = ensure_realm(state, company.key, place.base_url, place.realm_id, place.environment)
            now = datetime.now(UTC)
            given = TokenSet(
                "none",
                company.refresh_token,
                access_expires_at=now,
                refresh_expires_at=now,
                realm_id=place.realm_id,
            )
            store = clients.token_store(row.id, opened.connect_state)
            store.store(QboHook(f"qbo_{company.key}").get_auth().refresh(given))
            store.close()
            mark_connected(state, row.id, "chaos")
            for kind, key, qbo_id, name in (
                ("category", "recurring", "1", "Services"),
                ("tax_code", "*", "NON", "NON"),
            ):
                state.execute(
                    b"insert into qbo_sync.mappings (realm, kind, billing_key, qbo_id, qbo_name, is_excluded, origin,"
                    b" changed_by) values (%s, %s, %s, %s, %s, false, 'csv', 'chaos')"
                    b" on conflict (realm, kind, billing_key) do nothing",
                    (row.id, kind, key, qbo_id, name),
                )
        self.refresh(company)

    def reconnect(self, company: Company) -> None:
        """Disconnect a realm, which archives all its links, and connect it again to the same company."""
        from include.stores.realms import disconnect
        from include.wiring import connections as opened
        from include.wiring.realms import open_realm

        with open_realm(company.key) as realm:
            realm_row = realm.id
        with opened.connect_state() as state:
            disconnect(state, realm_row, who="chaos")
        self.connect(company)

    def refresh(self, company: Company) -> None:
        """Read the company's lists and facts into the reference cache."""
        from include.wiring.realms import open_realm
        from include.wiring.reference import refresh_company, refresh_lists

        with open_realm(company.key) as realm:
            refresh_company(realm.client, realm.state, realm.row)
            refresh_lists(realm.client, realm.state, realm.id)

    def _company(self, key: str, preferences: Mapping[str, Any]) -> Company:
        self._realms += 1
        realm_id = str(_FIRST_REALM + self._realms)
        seeded = self.qbo.seed(realm_id=realm_id, name=f"Company {key}", lists="bare", preferences=dict(preferences))
        connection = {
            "conn_type": "quickbooks",
            "login": CLIENT_ID,
            "password": CLIENT_SECRET,
            "extra": {"environment": "sandbox", "realm_id": realm_id, "base_url": self.qbo.base_url},
        }
        os.environ[f"AIRFLOW_CONN_QBO_{key.upper()}"] = json.dumps(connection)
        return Company(key, realm_id, str(seeded["refresh_token"]))

    def _point_at_databases(self) -> None:
        os.environ["AIRFLOW_CONN_BILLING_DB"] = as_run(self.billing).replace("postgresql://", "postgres://")
        os.environ["AIRFLOW_CONN_QBO_STATE_DB"] = as_run(self.state).replace("postgresql://", "postgres://")
        os.environ["LEDGERLINE_MAPPINGS"] = str(self.mappings)


def _sql(dsn: str, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def _name(dsn: str) -> str:
    return urlsplit(dsn).path.removeprefix("/")


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
