"""Refresh: QuickBooks' lists and company facts read anew, and what changed there told to people."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from include.billing_sync.mapping import KINDS
from include.billing_sync.mapping_files import ENTITIES, FILES, US_TAX_CODES, disagreement
from include.stores import reference
from include.stores.mappings import mapping_book
from include.wiring.realms import Realm, open_realm
from include.wiring.reference import refresh_company, refresh_lists

log = logging.getLogger("ledgerline")

AT_ONCE = timedelta(0)
"""A refresh that somebody asked for reads CompanyInfo too, however young the kept one is."""


def refresh(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Read the company's facts and all lists. Returns the counts; a new entry can be used at once."""
    from include.wiring.runs import run_of

    run_of(context)
    with open_realm(realm_key) as realm:
        reading = refresh_company(realm.client, realm.state, realm.row, AT_ONCE)
        for change in reading.changes:
            log.warning("%s: %s was %s in QuickBooks and is %s", realm_key, change.fact, change.before, change.after)
        counts = refresh_lists(realm.client, realm.state, realm.id)
        for entity, count in counts.items():
            log.info("%s: %s: %s read, %s not there any more", realm_key, entity, count.read, count.retired)
        disagreeing = list(disagreements(realm, is_us=reading.facts.is_us))
        for text in disagreeing:
            log.warning("%s: %s", realm_key, text)
        return {
            "realm_key": realm_key,
            "is_done": True,
            "lists": {entity: count.read for entity, count in counts.items()},
            "changes": [change.fact for change in reading.changes],
            "disagreeing": len(disagreeing),
        }


def disagreements(realm: Realm, *, is_us: bool) -> list[str]:
    """Rows of the mapping book whose entry in QuickBooks was renamed, became inactive or is gone."""
    book = mapping_book(realm.state, realm.id)
    found = []
    for kind in KINDS:
        rows = [row for row in book.rows(kind) if row.qbo_id is not None]
        listed = reference.list_rows(realm.state, realm.id, [ENTITIES[kind]], [str(row.qbo_id) for row in rows])
        entries = {entry.qbo_id: entry for entry in (*listed, *(US_TAX_CODES if is_us and kind == "tax_code" else ()))}
        found += [
            f"{FILES[kind]} {row.billing_key}: {fault}"
            for row in rows
            if (fault := disagreement(kind, row, entries.get(str(row.qbo_id))))
        ]
    return found
