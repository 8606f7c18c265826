"""Billing data for the bench that is no file: plain invoices, and the customers of whatever was loaded."""

from __future__ import annotations

from pathlib import Path

import psycopg

_PLAIN = Path(__file__).with_name("plain_invoices.sql")


def load_plain(dsn: str, invoices: int, lines: int) -> None:
    """Fill an empty billing schema with so many good invoices of so many lines each, the same with every run."""
    with psycopg.connect(dsn) as connection:
        # Bound by the client, because a text of several statements takes no parameters on the server.
        psycopg.ClientCursor(connection).execute(_PLAIN.read_bytes(), {"invoices": invoices, "lines": lines})


def customer_names(dsn: str) -> list[str]:
    """The names of all customers of billing, in the order of their ids."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select customer_name from billing.customers order by customer_id").fetchall()
    return [name for (name,) in rows]
