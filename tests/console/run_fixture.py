"""Writes runs into the state, as extract, plan and push leave them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import psycopg
from psycopg.types.json import Jsonb

SANDBOX = "https://sandbox-quickbooks.api.intuit.com"
DAG = "qbo_export_invoices"


@dataclass
class Document:
    """One invoice of billing and what became of it."""

    billing_id: str
    status: str
    reason: str
    doc_number: str | None = None
    customer: str = "Cool Cars"
    currency: str = "USD"
    total: Decimal | None = Decimal("100.00")
    qbo_id: str | None = None
    qbo_total: Decimal | None = None
    detail: str | None = None
    also: tuple[str, ...] = field(default=())
    is_old: bool = False


def add_realm(state: psycopg.Connection, key: str = "demo", base_url: str = SANDBOX, **columns: str) -> int:
    """Add a connected company and return its row's id."""
    values = {"company_name": "Sandbox Landscaping", "environment": "sandbox", "realm_id": f"9130{key}"} | columns
    row = state.execute(
        "insert into qbo_sync.realms (realm_key, base_url, realm_id, environment, company_name, connected_at)"
        " values (%s, %s, %s, %s, %s, now()) returning id",
        (key, base_url, values["realm_id"], values["environment"], values["company_name"]),
    ).fetchone()
    return row[0]


def add_run(
    state: psycopg.Connection, realm: int, documents: list[Document], run_id: str = "manual__1", dag_id: str = DAG
) -> int:
    """Add a run with its candidates and the statuses they got, and return the plan's id."""
    plan_id = state.execute(
        "insert into qbo_sync.plans (realm, source, dag_id, run_id, mode) values (%s, 'billing_db', %s, %s, 'push')"
        " returning id",
        (realm, dag_id, run_id),
    ).fetchone()[0]
    for document in documents:
        _add(state, realm, plan_id, run_id, document)
    return plan_id


def _add(state: psycopg.Connection, realm: int, plan_id: int, run_id: str, document: Document) -> None:
    state.execute(
        "insert into qbo_sync.candidates (plan_id, kind, billing_id, doc_number, doc_date, currency, total, content,"
        " fingerprint, canon_version) values (%s, 'invoice', %s, %s, %s, %s, %s, %s, 'f', 1)",
        (
            plan_id,
            document.billing_id,
            document.doc_number,
            date(2026, 11, 1),
            document.currency,
            document.total,
            Jsonb({"customer": {"name": document.customer}}),
        ),
    )
    reasons = [{"reason": code, "detail": "", "severity": "stop"} for code in (document.reason, *document.also)]
    since = timedelta(days=1 if document.is_old else 0)
    state.execute(
        "insert into qbo_sync.statuses (source, kind, billing_id, entity, doc_number, realm, status, reason, reasons,"
        " detail, doc_date, customer_name, currency, billing_total, qbo_id, qbo_total, since_at, plan_id, run_id)"
        " values ('billing_db', 'invoice', %s, 'Invoice', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " clock_timestamp() - %s, %s, %s) on conflict (source, kind, billing_id) do update set"
        " status = excluded.status, reason = excluded.reason, reasons = excluded.reasons, plan_id = excluded.plan_id",
        (
            document.billing_id,
            document.doc_number,
            realm,
            document.status,
            document.reason,
            Jsonb(reasons),
            document.detail,
            date(2026, 11, 1),
            document.customer,
            document.currency,
            document.total,
            document.qbo_id,
            document.qbo_total,
            since,
            plan_id,
            run_id,
        ),
    )
