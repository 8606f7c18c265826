"""QuickBooks' lists and company facts as last read: qbo_sync.reference, and the preferences in qbo_sync.realms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row, scalar_row

from include.billing_sync import exact_json
from include.billing_sync.company import CompanyFacts
from include.billing_sync.diagnosis import SignOn
from include.billing_sync.names import ListRow
from include.billing_sync.settings import Company
from include.stores.statements import sql

LISTS = ("Customer", "Vendor", "Employee", "Item", "Account", "TaxCode", "TaxRate", "Term")
"""The lists that are kept, by QuickBooks' names."""


@dataclass(frozen=True, slots=True)
class StoredCompany:
    """Company facts with the CompanyInfo they came from and when each part was read."""

    facts: CompanyFacts
    company_info: Mapping[str, Any]
    company_info_at: datetime
    preferences_at: datetime


def database_time(connection: psycopg.Connection[Any]) -> datetime:
    """The database's clock, which stamps every reading."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        now = cursor.execute("select clock_timestamp()").fetchone()
    if not isinstance(now, datetime):
        raise RuntimeError("the database did not tell the time")
    return now


def save_entries(
    connection: psycopg.Connection[Any],
    realm: int,
    entity: str,
    entries: Sequence[Mapping[str, Any]],
    read_at: datetime,
) -> None:
    """Keep entries of one list as QuickBooks sent them. ``read_at``: when the reading of the list began."""
    rows = exact_json.dumps([_columns(entry) for entry in entries])
    values = {"realm": realm, "entity": entity, "rows": rows, "read_at": read_at}
    connection.execute(sql("reference/save"), values)


def finish_list(connection: psycopg.Connection[Any], realm: int, entity: str, read_at: datetime) -> int:
    """Close the whole reading of a list: entries that it did not show become inactive. Returns how many did."""
    values = {"realm": realm, "entity": entity, "read_at": read_at}
    with connection.transaction():
        retired = connection.execute(sql("reference/retire_unseen"), values).rowcount
        connection.execute(sql("reference/mark_read"), values)
    return retired


def list_rows(
    connection: psycopg.Connection[Any], realm: int, entities: Sequence[str], ids: Iterable[str] | None = None
) -> list[ListRow]:
    """The entries of these lists, inactive ones included; of ``ids`` alone where given."""
    wanted = None if ids is None else sorted(set(ids))
    rows = _rows(connection, "entries", realm=realm, entities=list(entities), ids=wanted)
    return [ListRow(**row) for row in rows]


def payloads(connection: psycopg.Connection[Any], realm: int, entity: str) -> Iterator[dict[str, Any]]:
    """The whole entries of a list as QuickBooks sent them, numbers as Decimal."""
    for row in _rows(connection, "payloads", realm=realm, entity=entity):
        yield exact_json.loads(row["payload"])


def read_times(connection: psycopg.Connection[Any], realm: int) -> dict[str, datetime]:
    """When each list was last read as a whole; a list that never was is missing."""
    return {row["entity"]: row["read_at"] for row in _rows(connection, "read_times", realm=realm)}


def needs_refresh(
    connection: psycopg.Connection[Any],
    realm: int,
    entities: Sequence[str] = LISTS,
    max_age: timedelta | None = None,
) -> list[str]:
    """The lists that were never read, or longer ago than ``max_age`` where one is given."""
    times = read_times(connection, realm)
    oldest = None if max_age is None else database_time(connection) - max_age
    return [entity for entity in entities if entity not in times or (oldest is not None and times[entity] < oldest)]


def save_company(
    connection: psycopg.Connection[Any],
    realm: int,
    facts: CompanyFacts,
    company_info: Mapping[str, Any],
    company_info_at: datetime,
    preferences: Mapping[str, Any],
) -> None:
    """Keep what QuickBooks says of the company."""
    content = {
        "facts": facts.to_json(),
        "company_info": company_info,
        "company_info_at": company_info_at.isoformat(),
        "preferences": preferences,
    }
    values = {
        "realm": realm,
        "company_name": facts.company_name,
        "country": facts.country,
        "home_currency": facts.home_currency,
        "is_multi_currency": facts.is_multi_currency,
        "has_custom_numbers": facts.has_custom_numbers,
        "closing_date": facts.closing_date,
        "preferences": exact_json.dumps(content),
    }
    connection.execute(sql("reference/save_company"), values)


def stored_company(connection: psycopg.Connection[Any], realm: int) -> StoredCompany | None:
    """What QuickBooks said of the company when last asked; None when it never was."""
    rows = _rows(connection, "company", realm=realm)
    if not rows or not rows[0]["facts"]:
        return None
    row = rows[0]
    info = exact_json.loads(row["company_info"])
    return StoredCompany(CompanyFacts.from_json(row["facts"]), info, row["company_info_at"], row["preferences_at"])


def company(connection: psycopg.Connection[Any], realm: int) -> Company | None:
    """The part of the facts that documents are built with; None when QuickBooks was never asked."""
    stored = stored_company(connection, realm)
    return None if stored is None else stored.facts.company


def sign_on(connection: psycopg.Connection[Any], realm: int, environment: str) -> SignOn:
    """Whether somebody signed on for the realm, and how long that lasts."""
    rows = _rows(connection, "sign_on", realm=realm)
    return SignOn(True, environment, **rows[0]) if rows else SignOn(False, environment)


def _columns(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of one entry. An employee may lack a DisplayName; its name parts serve then."""
    parts = (entry.get(part) for part in ("GivenName", "MiddleName", "FamilyName"))
    return {
        "qbo_id": str(entry["Id"]),
        "name": entry.get("DisplayName") or entry.get("Name") or " ".join(filter(None, parts)),
        "is_active": entry.get("Active") is not False,
        "currency": _value(entry.get("CurrencyRef")),
        "parent_id": _value(entry.get("ParentRef")),
        "sync_token": entry.get("SyncToken"),
        "payload": entry,
    }


def _value(reference: Any) -> str | None:
    return str(reference["value"]) if isinstance(reference, Mapping) and reference.get("value") is not None else None


def _rows(connection: psycopg.Connection[Any], name: str, **values: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql(f"reference/{name}"), values).fetchall()
