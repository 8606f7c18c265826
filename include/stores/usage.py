"""What billing's documents need of the mapping book, counted in the database: each way of asking for an item once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from include.billing_sync.diagnosis import Usage, Use
from include.billing_sync.documents import Line
from include.stores.contract import INVOICE_LINES, INVOICES, SQL_FOLDER, null_parameters

ANY_SUBSCRIPTION = "(any other)"
"""Stands for every subscription that has no mapping of its own, so that their number does not matter."""

# The files end with an order by, which PostgreSQL allows in a sub-select; each begins on a line of its own.
_DOCUMENTS = b"""
with billed as (
    select invoice_id, currency, realm_key::text as realm_key
    from (%b
    ) as invoices
    where status not in ('draft', 'void', 'deleted')
),

documents as (
    select invoice_id, currency
    from billed
    where realm_key = %%(realm_key)s::text or (realm_key is null and %%(others)s::text[] = '{}')
)
"""
_LINES = b"""
select
    lines.kind,
    lines.category,
    lines.service_id,
    case
        when lines.subscription_id = any(%%(mapped)s::text[]) then lines.subscription_id::text
        when lines.subscription_id is not null then %%(other)s::text
    end as subscription_id,
    lines.tax_code,
    coalesce(lines.tax_amount, 0) <> 0 as has_tax,
    count(*) as line_count
from documents
inner join (%b
) as lines on lines.invoice_id = documents.invoice_id
group by 1, 2, 3, 4, 5, 6
order by 1, 2, 3, 4, 5, 6
"""
_CURRENCIES = (
    b"select currency, count(*) as document_count from documents where currency is not null group by 1 order by 1"
)

_UNROUTED = b"""
select realm_key, count(*) as document_count
from billed
where case
    when realm_key is null then %(others)s::text[] <> '{}'
    else realm_key <> %(realm_key)s::text and realm_key <> all(%(others)s::text[])
end
group by 1
order by 1
"""


def read_usage(
    connection: psycopg.Connection[Any],
    realm_key: str,
    from_date: date | None,
    to_date: date | None,
    mapped_subscriptions: Sequence[str],
    other_realms: Sequence[str] = (),
    sql_folder: Path | str = SQL_FOLDER,
) -> Usage:
    """What the documents of a window (both dates included, None is open) ask for. Drafts and voided ones ask for nothing.

    :param mapped_subscriptions: the subscriptions with a mapping of their own.
    :param other_realms: the other companies that are set up; a document that names none is this one's only without them.
    :raises psycopg.Error: when the files do not keep the contract.
    """
    folder = Path(sql_folder)
    documents = _DOCUMENTS % (folder / INVOICES.name).read_bytes()
    values = null_parameters() | {
        "from_date": from_date,
        "to_date": to_date,
        "realm_key": realm_key,
        "others": list(other_realms),
        "mapped": list(mapped_subscriptions),
        "other": ANY_SUBSCRIPTION,
    }
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        lines = _LINES % (folder / INVOICE_LINES.name).read_bytes()
        uses = [_use(row) for row in cursor.execute(documents + lines, values)]
        counted = cursor.execute(documents + _CURRENCIES, values).fetchall()
        unrouted = cursor.execute(documents + _UNROUTED, values).fetchall()
    return Usage(
        uses,
        {row["currency"]: row["document_count"] for row in counted},
        {row["realm_key"]: row["document_count"] for row in unrouted},
    )


def _use(row: dict[str, Any]) -> Use:
    """A line that asks as these lines do; its amounts say no more than whether there is tax."""
    line = Line(
        line_id="",
        position=0,
        kind=row["kind"],
        description="",
        amount=Decimal(0),
        category=row["category"],
        service_id=None if row["service_id"] is None else str(row["service_id"]),
        subscription_id=row["subscription_id"],
        tax_code=row["tax_code"],
        tax_amount=Decimal(1) if row["has_tax"] else None,
    )
    return Use(line, row["line_count"])
