"""What is mapped and what is not: billing's keys on one side, QuickBooks' entries to choose on the other (F27, F31, F53)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from include.billing_sync.mapping import CATCH_ALL, Excluded, Kind, MappingBook
from include.billing_sync.mapping_files import ENTITIES, FILES
from include.billing_sync.names import ListRow
from include.billing_sync.settings import RealmSettings
from include.stores import reference
from include.stores.billing import BillingReader
from include.stores.mappings import mapping_book
from include.wiring.mapping_desk import used_categories
from include.wiring.suggestions import similar

# What a key without a row of its own takes, so that it is no work to do.
_FALLS_BACK = {"service": "that of their category"}
_CUSTOMERS = {"match": "the customer of their name", "match_or_create": "the customer of their name, or a new one"}


def mapping_report(
    settings: RealmSettings, realm: int, state: psycopg.Connection[Any], billing: psycopg.Connection[Any]
) -> Iterator[str]:
    """Line by line: for each kind what has no row yet, with similar names in QuickBooks, then what is mapped."""
    book = mapping_book(state, realm)
    lists = {entity: reference.list_rows(state, realm, [entity]) for entity in ("Customer", "Item", "TaxCode")}
    reader = BillingReader(billing)
    keys: dict[Kind, Iterable[tuple[str, str]]] = {
        "customer": _listed(reader, "customers", "customer_id"),
        "category": [(key, key) for key in used_categories(settings, billing)],
        "service": _listed(reader, "services", "service_id"),
        "tax_code": _listed(reader, "tax_codes", "tax_code"),
    }
    falls_back = _FALLS_BACK | {"customer": _CUSTOMERS.get(settings.customers, "")}
    for kind, named in keys.items():
        yield from _kind(kind, named, book, lists[ENTITIES[kind]], falls_back.get(kind, ""))
    yield from _coverage(book)


def _listed(reader: BillingReader, file: str, column: str) -> Iterator[tuple[str, str]]:
    return ((row[column], row["name"]) for row in reader.read_list(file))


def _kind(
    kind: Kind, named: Iterable[tuple[str, str]], book: MappingBook, rows: list[ListRow], falls_back: str
) -> Iterator[str]:
    mapped, excluded, open_keys = 0, 0, []
    for key, name in named:
        if book.target(kind, key) is not None:
            mapped += 1
        elif kind == "customer" and isinstance(book.customer(key), Excluded):
            excluded += 1
        else:
            open_keys.append((key, name))
    default = book.target(kind, CATCH_ALL)
    instead = f"the default {default.name}" if default else falls_back
    head = f"{FILES[kind]}: {len(open_keys)} not mapped, {mapped} mapped" + (
        f", {excluded} excluded" if excluded else ""
    )
    yield head + (f"; the others take {instead}" if instead and open_keys else "")
    for key, name in open_keys:
        found = ", ".join(map(str, similar(name, rows)))
        yield f"  {key} {name!r}" + (f": like {found}" if found else "")


def _coverage(book: MappingBook) -> Iterator[str]:
    coverage = book.coverage("category")
    yield f"{coverage.keys} categories lead to {coverage.targets} items"
    for item, keys in sorted(coverage.shared.items()):
        yield f"  {item} is shared by {', '.join(keys)}"
