"""Reading QuickBooks' lists and company facts into the reference cache.

What is asked when: Preferences at each preflight, one call, because the closing date must be fresh; CompanyInfo once a day,
one call; the lists by `qbo_refresh_lists` daily, on demand, and in preflight only where they were never read. So a run
with nothing to do asks QuickBooks for two things at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Protocol

import psycopg

from include.billing_sync.company import Change, CompanyFacts, changes_between, company_facts
from include.stores import reference as store
from include.stores.realms import RealmRow, nature_changed, require_agreement
from include.stores.reference import LISTS

CHUNK = 500
COMPANY_INFO_AGE = timedelta(hours=24)


class ListClient(Protocol):
    """What is asked of the client of a company. qbo_hook's client fits."""

    def query_all(self, entity: str, where: str | None = None) -> Iterator[dict[str, Any]]:
        """All entries of a list."""

    def company_info(self) -> dict[str, Any]:
        """CompanyInfo."""

    def preferences(self) -> dict[str, Any]:
        """Preferences."""


@dataclass(frozen=True, slots=True)
class ListCounts:
    """What the reading of one list brought."""

    read: int
    retired: int


@dataclass(frozen=True, slots=True)
class CompanyReading:
    """The facts of a company as just read, and what the accountant changed since the reading before."""

    facts: CompanyFacts
    changes: Sequence[Change]


def refresh_lists(
    client: ListClient, connection: psycopg.Connection[Any], realm: int, entities: Sequence[str] = LISTS
) -> dict[str, ListCounts]:
    """Read whole lists, inactive entries included; what a list no longer shows becomes inactive.

    Each chunk is kept at once, and no transaction stays open while QuickBooks is waited for. A reading that breaks off
    retires nothing.
    """
    _must_commit_by_itself(connection)
    return {entity: _refresh_list(client, connection, realm, entity) for entity in entities}


def _refresh_list(client: ListClient, connection: psycopg.Connection[Any], realm: int, entity: str) -> ListCounts:
    read_at = store.database_time(connection)
    entries = client.query_all(entity, "Active IN (true, false)")
    count = 0
    while chunk := list(islice(entries, CHUNK)):
        store.save_entries(connection, realm, entity, _each_once(chunk), read_at)
        count += len(chunk)
    return ListCounts(count, store.finish_list(connection, realm, entity, read_at))


def _each_once(chunk: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The chunk without an entry that paging showed twice, because one statement cannot write a row twice."""
    return list({str(entry["Id"]): entry for entry in chunk}.values())


def refresh_company(
    client: ListClient,
    connection: psycopg.Connection[Any],
    row: RealmRow,
    company_info_age: timedelta = COMPANY_INFO_AGE,
) -> CompanyReading:
    """Read Preferences, and CompanyInfo where the one that is kept is older than ``company_info_age``.

    :raises ValueError: when QuickBooks' answer lacks what documents need.
    :raises AnotherCompanyError: when it speaks of another company than before; nothing of it is kept.
    """
    _must_commit_by_itself(connection)
    stored = store.stored_company(connection, row.id)
    now = store.database_time(connection)
    if stored is not None and now - stored.company_info_at < company_info_age:
        info, info_at = stored.company_info, stored.company_info_at
    else:
        info, info_at = client.company_info(), now
    preferences = client.preferences()
    facts = company_facts(info, preferences)
    require_agreement(nature_changed(row, facts.country, facts.home_currency))
    store.save_company(connection, row.id, facts, info, info_at, preferences)
    return CompanyReading(facts, changes_between(stored.facts, facts) if stored is not None else ())


def _must_commit_by_itself(connection: psycopg.Connection[Any]) -> None:
    """No transaction may stay open while QuickBooks is waited for."""
    if not connection.autocommit:
        raise ValueError("the lists are read over a connection in autocommit mode")
