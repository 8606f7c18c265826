"""Billing data for the bench: the retail file, or as many plain invoices of the same contract where it is absent."""

from __future__ import annotations

from pathlib import Path

import psycopg

from demo.load_online_retail import load as load_retail

_PLAIN = Path(__file__).with_name("plain_invoices.sql")


def load_plain(dsn: str, invoices: int, lines: int) -> None:
    """Fill an empty billing schema with so many good invoices of so many lines each, the same with every run."""
    with psycopg.connect(dsn) as connection:
        # Bound by the client, because a text of several statements takes no parameters on the server.
        psycopg.ClientCursor(connection).execute(_PLAIN.read_bytes(), {"invoices": invoices, "lines": lines})


def load_part(dsn: str, file: Path, invoices: int) -> None:
    """The first invoices of the retail file, or as many plain ones with the file's 19 lines where it is absent."""
    if file.exists():
        load_retail(dsn, file, invoices)
    else:
        load_plain(dsn, invoices, 19)


def customer_names(dsn: str) -> list[str]:
    """The names of all customers of billing, in the order of their ids."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select customer_name from billing.customers order by customer_id").fetchall()
    return [name for (name,) in rows]
