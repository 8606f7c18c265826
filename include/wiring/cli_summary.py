"""`ledgerline summary`: what became of all documents, by status and reason, with the money of both sides."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

from psycopg.rows import dict_row

from include.billing_sync.money import for_people
from include.stores.statements import sql
from include.wiring import connections
from include.wiring.cli_output import say, table
from include.wiring.migrations import require_current_schema
from include.wiring.settings import realm_keys

_HEADINGS = ("status", "reason", "documents", "billing", "QuickBooks")
_RIGHT = (2, 3, 4)

Row = Mapping[str, Any]


def add_parser(commands: Any) -> None:
    """Add the command of this module."""
    summary = commands.add_parser("summary", help="documents and money of both sides, by status and reason")
    summary.add_argument("--realm", metavar="KEY", help="this realm alone")
    summary.set_defaults(run=run_summary)


def run_summary(arguments: argparse.Namespace) -> int:
    """Print one table per company, currency and kind of document."""
    with connections.connect_state() as connection:
        require_current_schema(connection)
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(sql("summary"), {"realm_key": arguments.realm}).fetchall()
    if arguments.realm and not rows:
        say(f"No document of {arguments.realm} has a status; set up are: {', '.join(realm_keys()) or 'none'}")
        return 0
    say("\n".join(summary_lines(rows)))
    return 0


def summary_lines(rows: Sequence[Row]) -> list[str]:
    """Return the lines of the summary; the rows come in order of realm, currency and entity."""
    if not rows:
        return ["No document has a status yet: no run has looked at billing."]
    lines: list[str] = []
    for (realm_key, currency, entity), group in groupby(
        rows, lambda row: (row["realm_key"], row["currency"], row["entity"])
    ):
        lines += (
            ["", " · ".join(filter(None, (realm_key, entity, currency)))]
            if lines
            else [" · ".join(filter(None, (realm_key, entity, currency)))]
        )
        lines += _table(list(group), currency)
    return lines


def _table(rows: Sequence[Row], currency: str) -> list[str]:
    cells = [
        [
            row["status"],
            row["reason"],
            f"{row['documents']:,}",
            for_people(row["billing_total"], currency),
            for_people(row["qbo_total"], currency),
        ]
        for row in rows
    ]
    lines = table(_HEADINGS, [*cells, *_sums(rows, currency)], _RIGHT)
    # The sums are set off from what they sum up.
    lines.insert(2 + len(cells), lines[1])
    return lines


def _sums(rows: Sequence[Row], currency: str) -> list[list[str]]:
    synced = [row for row in rows if row["status"] == "Synced"]
    sums = [("all", "", rows)] if len(synced) in (0, len(rows)) else [("all", "", rows), ("of them", "Synced", synced)]
    return [
        [
            name,
            part,
            f"{sum(row['documents'] for row in some):,}",
            for_people(sum((row["billing_total"] for row in some), Decimal(0)), currency),
            for_people(sum((row["qbo_total"] for row in some), Decimal(0)), currency),
        ]
        for name, part, some in sums
    ]
