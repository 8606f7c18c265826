"""Loads the demo's billing database: `python -m demo.load --dsn DSN [--invoices N] [--reader NAME]`.

A second call changes nothing, also not what somebody edited since. `--invoices N` fills up with plain invoices to N
documents in all, for benchmarks.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

import psycopg

from demo.data.cases import CASE_SUBSCRIBERS, case_documents
from demo.data.company import ordinary_subscribers, service_rows, tax_rows
from demo.data.document import Document
from demo.data.ordinary import bulk_documents, ordinary_documents
from demo.store import add_rows, grant_reader, loading

VERSION = 1
_CHUNK = 500

_HEADER = (
    "invoice_id", "realm_key", "doc_number", "customer_id", "invoice_date", "due_date", "currency", "status", "subtotal_amount",
    "tax_amount", "total_amount", "balance_amount", "memo", "billing_email", "is_opted_out", "opted_out_reason", "origin",
    "updated_at",
)  # fmt: skip
_LINE = (
    "line_id", "invoice_id", "position", "kind", "category", "service_id", "subscription_id", "description", "quantity",
    "unit_price", "amount", "tax_code", "tax_amount", "service_date", "updated_at",
)  # fmt: skip

_TOTALS = """
select
    coalesce(cases.reason, 'ordinary') as shows,
    invoices.currency,
    count(*) as invoices,
    sum(invoices.total_amount) as total
from billing.invoices as invoices
left join lateral (
    select string_agg(demo_cases.reason, '+' order by demo_cases.reason) as reason
    from billing.demo_cases as demo_cases
    where demo_cases.invoice_id = invoices.invoice_id
) as cases on true
group by cases.reason, invoices.currency
order by cases.reason nulls first, invoices.currency
"""


def load(dsn: str, invoices: int | None = None) -> bool:
    """Load the demo data. Returns False when it was there already.

    :param invoices: how many invoices there shall be in all; fewer than the demo has count as the demo's own number.
    """
    subscribers = ordinary_subscribers()
    documents = [*ordinary_documents(subscribers), *case_documents()]
    wanted = max(invoices or 0, len(documents))
    with loading(dsn, "demo", VERSION, wanted) as connection:
        if connection is None:
            return False
        add_rows(connection, "customers", [who.row() for who in chain(subscribers, CASE_SUBSCRIBERS)])
        add_rows(connection, "tax_jurisdictions", tax_rows())
        add_rows(connection, "services", service_rows())
        add_rows(connection, "subscriptions", [row for who in subscribers for row in who.subscriptions])
        _add_documents(connection, documents)
        _add_bulk(connection, wanted - len(documents))
    return True


def _add_bulk(connection: psycopg.Connection[Any], count: int) -> None:
    bulk = bulk_documents(count)
    while portion := list(islice(bulk, _CHUNK)):
        add_rows(connection, "customers", [who.row() for who, _ in portion if who is not None])
        _add_documents(connection, [made for _, made in portion])


def _add_documents(connection: psycopg.Connection[Any], documents: list[Document]) -> None:
    add_rows(connection, "invoices", _whole(_HEADER, (made.invoice for made in documents)))
    add_rows(connection, "invoice_lines", _whole(_LINE, (line for made in documents for line in made.lines)))
    add_rows(connection, "usage_records", [row for made in documents for row in made.usage])
    add_rows(connection, "credits", [row for made in documents for row in made.credits])
    add_rows(connection, "demo_cases", [row for made in documents for row in made.cases])


def _whole(columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows with all columns; what a row does not say is null, or false for the flag."""
    for row in rows:
        yield {column: row.get(column, False if column == "is_opted_out" else None) for column in columns}


def print_totals(dsn: str) -> None:
    """Print how many invoices there are and their money, by what each is there to show."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(_TOTALS).fetchall()
    print(f"{'shows':<40} {'currency':<8} {'invoices':>8} {'total':>16}")
    for shows, currency, count, total in rows:
        print(f"{shows:<40} {currency or '':<8} {count:>8} {total:>16,}")
    for currency in sorted({row[1] for row in rows}):
        counted = [row for row in rows if row[1] == currency]
        count, total = sum(row[2] for row in counted), sum(row[3] for row in counted)
        print(f"{'all':<40} {currency:<8} {count:>8} {total:>16,}")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo.load", description=__doc__.splitlines()[0])
    parser.add_argument("--dsn", required=True, help="the billing database, as its owner")
    parser.add_argument("--invoices", type=int, help="fill up with plain invoices to this number")
    parser.add_argument(
        "--reader", help="role that may read billing; made when missing, with BILLING_READER_PASSWORD as its password"
    )
    choices = parser.parse_args()
    is_new = load(choices.dsn, choices.invoices)
    if choices.reader:
        with psycopg.connect(choices.dsn) as connection:
            grant_reader(connection, choices.reader, os.environ.get("BILLING_READER_PASSWORD"))
    print("loaded" if is_new else "already loaded, nothing changed")
    print_totals(choices.dsn)


if __name__ == "__main__":
    main()
