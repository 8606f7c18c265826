"""Writes rows into the tables of the demo's billing schema: fast, in one transaction, and never over what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

_SCHEMA_FOLDER = Path(__file__).parent / "schema"
_LOCK = 7_245_001
TABLES = (
    "customers", "tax_jurisdictions", "services", "subscriptions", "invoices", "invoice_lines", "usage_records", "credits",
    "demo_cases",
)  # fmt: skip
"""In the order in which rows may be inserted."""


def make_schema(connection: psycopg.Connection[Any]) -> None:
    """Make what is missing of the billing schema."""
    for path in sorted(_SCHEMA_FOLDER.glob("*.sql")):
        connection.execute(path.read_bytes())


@contextmanager
def loading(dsn: str, loader: str, version: int, invoices: int) -> Iterator[psycopg.Connection[Any] | None]:
    """A connection in one transaction that loads a data set, or None when it is there already, with so many invoices or more.

    Two loaders at once wait for each other. The transaction is committed when the block ends without an error.
    """
    with psycopg.connect(dsn) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        make_schema(connection)
        done = connection.execute("select version, invoices from billing.loads where loader = %s", [loader]).fetchone()
        if done and done[0] != version:
            raise SystemExit(
                f"the database holds version {done[0]} of this data, and this program has version {version}: "
                "load into another database, or drop the schema billing (`make reset` for the demo)"
            )
        if done and done[1] >= invoices:
            yield None
            return
        yield connection
        connection.execute(
            "insert into billing.loads (loader, version, invoices) values (%s, %s, %s) "
            "on conflict (loader) do update set invoices = excluded.invoices, loaded_at = clock_timestamp()",
            [loader, version, invoices],
        )
        # Without statistics the first plans would not use the indexes.
        for table in TABLES:
            connection.execute(sql.SQL("analyze {}").format(sql.Identifier("billing", table)))


def add_rows(connection: psycopg.Connection[Any], table: str, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert the rows that the table does not have; rows with the same columns in one call. Returns how many were new."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return 0
    columns = list(first)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    target, buffer = sql.Identifier("billing", table), sql.Identifier(f"new_{table}")
    connection.execute(
        sql.SQL("create temporary table {} on commit drop as select {} from {} with no data").format(
            buffer, names, target
        )
    )
    with connection.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(buffer, names)) as copy:
        copy.write_row(_cells(columns, first))
        for row in rows:
            copy.write_row(_cells(columns, row))
    added = connection.execute(
        sql.SQL("insert into {} ({}) select {} from {} on conflict do nothing").format(target, names, names, buffer)
    ).rowcount
    connection.execute(sql.SQL("drop table {}").format(buffer))
    return added


def _cells(columns: Sequence[str], row: Mapping[str, Any]) -> list[Any]:
    return [row.get(column) for column in columns]


def grant_reader(connection: psycopg.Connection[Any], name: str, password: str | None) -> None:
    """Let a role read the billing schema and nothing else of it; the role is made when it is missing."""
    if connection.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone() is None:
        login = sql.SQL("create role {} login").format(sql.Identifier(name))
        secret = sql.SQL(" password {}").format(sql.Literal(password)) if password else sql.SQL("")
        connection.execute(login + secret)
    role = sql.Identifier(name)
    connection.execute(sql.SQL("grant usage on schema billing to {}").format(role))
    connection.execute(sql.SQL("grant select on all tables in schema billing to {}").format(role))
    connection.execute(sql.SQL("alter default privileges in schema billing grant select on tables to {}").format(role))
