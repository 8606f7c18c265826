"""The mapping book as a page shows it: billing's keys on one side, QuickBooks' entries to choose from on the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

from include.billing_sync.book import TAX_CATEGORY
from include.billing_sync.mapping import CATCH_ALL, Kind, MappingRow
from include.billing_sync.mapping_files import ENTITIES, US_TAX_CODES, disagreement
from include.billing_sync.names import ListRow
from include.billing_sync.settings import RealmSettings
from include.billing_sync.windows import local_date
from include.stores import reference
from include.stores.billing_keys import BillingKey, BillingKeys, Search
from include.stores.mappings import StoredMapping, stored_mappings
from include.stores.rows import BillingError
from include.stores.usage import read_usage
from include.wiring import connections
from include.wiring.preflight import LOOK_BACK
from include.wiring.settings import realm_keys
from include.wiring.suggestions import Alike, Suggestion

ENTRIES_SHOWN = 25
"""Of QuickBooks' entries, at once."""


class NotToBeChosenError(ValueError):
    """The entry or key is not there to be chosen; the text says why. Nothing was written."""


class BillingUnreadError(RuntimeError):
    """Billing's keys cannot be read just now; the text says why, for the person at the page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked to show.

    :param key: the key for which an entry is to be chosen; None: the first on the page without a decision
    :param find: a text in the names of QuickBooks' entries
    :param entries_from: how many of the entries found are left out at the beginning
    :param done: the key that was decided just now, which stays in sight
    """

    search: Search = field(default_factory=Search)
    key: str | None = None
    find: str = ""
    entries_from: int = 0
    done: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One key of billing with its decision, or with the entries that are named most like it."""

    key: BillingKey
    stored: StoredMapping | None
    nearest: Sequence[Suggestion] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of QuickBooks, with the other keys that lead to it."""

    row: ListRow
    used_by: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """The whole page. ``chosen`` is the key for which one of ``entries`` may be chosen; ``done`` was decided just now."""

    rows: Sequence[Row]
    counts: Mapping[str, int]
    chosen: Row | None
    done: Row | None
    nearest: Sequence[Entry]
    entries: Sequence[Entry]
    entries_found: int
    read_at: datetime | None


def desk(
    settings: RealmSettings, realm: int, state: psycopg.Connection[Any], kind: Kind, asked: Asked, *, is_us: bool
) -> Desk:
    """Gather the page. Nothing is chosen on it beforehand: likeness is shown, and a person decides."""
    stored = stored_mappings(state, realm, kind)
    book = {one.mapping.billing_key: one for one in stored}
    entries = _entries(state, realm, kind, is_us=is_us)
    alike = Alike(entries)
    with _billing() as billing:
        keys = _keys(settings, billing, kind, stored)
        page = keys.page(asked.search)
        named = keys.some([key for key in (asked.key, asked.done) if key])

    def row(key: BillingKey) -> Row:
        likes_any = key.key == CATCH_ALL or key.key in book or not key.name
        return Row(key, book.get(key.key), () if likes_any else alike.to(key.name or ""))

    rows = [row(key) for key in page.keys if key.key != asked.done]
    chosen = _chosen(rows, {key: row(found) for key, found in named.items()}, asked)
    users = _users(stored, chosen)
    found = _found(entries, asked.find)
    shown = found[asked.entries_from : asked.entries_from + ENTRIES_SHOWN]
    return Desk(
        rows,
        {"open": 0, "mapped": 0, "excluded": 0, **page.counts},
        chosen,
        row(named[asked.done]) if asked.done in named else None,
        [_entry(one, users) for one in _nearest(chosen, alike)],
        [_entry(one, users) for one in shown],
        len(found),
        reference.read_times(state, realm).get(ENTITIES[kind]),
    )


def mapping_for(
    settings: RealmSettings,
    realm: int,
    state: psycopg.Connection[Any],
    kind: Kind,
    key: str,
    qbo_id: str,
    *,
    is_us: bool,
) -> MappingRow:
    """The row that maps a key to an entry, under the names that both sides have now.

    :raises NotToBeChosenError: when billing has no such key, or QuickBooks no such active entry
    """
    entry = next((one for one in _entries(state, realm, kind, is_us=is_us) if one.qbo_id == qbo_id), None)
    name = None if entry is None else entry.full_name or entry.name
    row = MappingRow(kind, key, _name_of(settings, realm, state, kind, key), qbo_id, name)
    wrong = disagreement(kind, row, entry) if entry else f"QuickBooks has no active {ENTITIES[kind]} with id {qbo_id}"
    if wrong:
        raise NotToBeChosenError(wrong)
    return row


def exclusion_of(
    settings: RealmSettings, realm: int, state: psycopg.Connection[Any], kind: Kind, key: str
) -> MappingRow:
    """The row that says: never sync this customer. Raises NotToBeChosenError for a key that billing does not have."""
    if kind != "customer":
        raise NotToBeChosenError(f"a {kind} cannot be excluded, only a customer can")
    return MappingRow(kind, key, _name_of(settings, realm, state, kind, key), is_excluded=True)


def used_categories(settings: RealmSettings, billing: psycopg.Connection[Any]) -> list[str]:
    """The categories that the invoices of the last months ask for, those of taxes among them where taxes are lines."""
    today = local_date(datetime.now(UTC), settings.time_zone)
    has_tax_lines = settings.tax == "as_lines"
    others = [key for key in realm_keys() if key != settings.realm_key]
    usage = read_usage(billing, settings.realm_key, today - LOOK_BACK, today, [], others)
    lines = [use.line for use in usage.uses]
    found = {line.category for line in lines if line.category and (has_tax_lines or line.kind != "tax")}
    if has_tax_lines:
        found |= {TAX_CATEGORY, *(line.tax_code for line in lines if line.tax_code and line.kind == "tax")}
    return sorted(found)


@contextmanager
def _billing() -> Iterator[psycopg.Connection[Any]]:
    """Billing, open for the block; whatever is wrong with it is a BillingUnreadError."""
    try:
        with closing(connections.connect_billing()) as billing:
            yield billing
    except connections.RefusedError as error:
        raise BillingUnreadError(str(error)) from error
    except psycopg.OperationalError as error:
        raise BillingUnreadError(f"the database of the connection {connections.BILLING} does not answer") from error
    except (connections.ConnectionMissingError, BillingError, psycopg.Error) as error:
        raise BillingUnreadError(str(error)) from error


def _keys(
    settings: RealmSettings, billing: psycopg.Connection[Any], kind: Kind, stored: Sequence[StoredMapping]
) -> BillingKeys:
    given = used_categories(settings, billing) if kind == "category" else ()
    return BillingKeys(billing, kind, stored, given)


def _name_of(settings: RealmSettings, realm: int, state: psycopg.Connection[Any], kind: Kind, key: str) -> str | None:
    """Billing's name of a key; None for the row of everything else, which has none."""
    if key == CATCH_ALL:
        return None
    stored = stored_mappings(state, realm, kind, [key])
    with _billing() as billing:
        found = _keys(settings, billing, kind, stored).some([key]).get(key)
    if found is None:
        raise NotToBeChosenError(f"billing has no {kind} {key}")
    return found.name


def _entries(state: psycopg.Connection[Any], realm: int, kind: Kind, *, is_us: bool) -> list[ListRow]:
    """What may be chosen: the active entries of the kind's list as last read, by name."""
    listed = reference.list_rows(state, realm, [ENTITIES[kind]])
    known = {row.qbo_id for row in listed}
    own = [row for row in US_TAX_CODES if is_us and kind == "tax_code" and row.qbo_id not in known]
    fit = [row for row in (*own, *listed) if row.is_active and row.kind != "Category"]
    return sorted(fit, key=lambda row: ((row.full_name or row.name).casefold(), row.qbo_id))


def _found(entries: Sequence[ListRow], text: str) -> Sequence[ListRow]:
    wanted = text.casefold().strip()
    if not wanted:
        return entries
    return [row for row in entries if wanted in (row.full_name or row.name).casefold() or wanted == row.qbo_id]


def _chosen(rows: Sequence[Row], named: Mapping[str, Row], asked: Asked) -> Row | None:
    if asked.key is not None:
        return named.get(asked.key)
    return next((row for row in rows if row.stored is None), None)


def _nearest(chosen: Row | None, alike: Alike) -> list[ListRow]:
    if chosen is None or not chosen.key.name or chosen.key.key == CATCH_ALL:
        return []
    return [one.row for one in alike.to(chosen.key.name, most=5)]


def _users(stored: Sequence[StoredMapping], chosen: Row | None) -> Mapping[str, Sequence[str]]:
    """QBO id → the other keys of the kind that lead to it."""
    users: dict[str, list[str]] = defaultdict(list)
    for one in stored:
        mapping = one.mapping
        if mapping.target and (chosen is None or mapping.billing_key != chosen.key.key):
            users[mapping.target.qbo_id].append(mapping.billing_name or mapping.billing_key)
    return users


def _entry(row: ListRow, users: Mapping[str, Sequence[str]]) -> Entry:
    return Entry(row, users.get(row.qbo_id, ()))
