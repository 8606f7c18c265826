"""Extract of the auto-sync: what changed in billing since the watermark, and documents whose cause changed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from include.billing_sync.documents import Invoice, fingerprint, to_json
from include.billing_sync.facts_of_document import OPEN_STATUSES
from include.stores.billing import Document
from include.stores.candidates import store_candidates
from include.stores.watermarks import WatermarkStore
from include.wiring.extracting import Routing
from include.wiring.forms import Choices
from include.wiring.realms import SOURCE, Realm

log = logging.getLogger("ledgerline")

STREAM = "invoices"
NIGHT = "invoices, everything in scope"
IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Cause:
    """Everything besides billing that decides what becomes of a document, as one text that changes when any of it does."""

    text: str


def extract_changes(realm: Realm, dag_id: str, run_id: str, choices: Choices) -> dict[str, Any]:
    """Store the changed documents as candidates; the watermark moves in the transaction that stores them.

    Documents before the start date are counted, not stored.
    """
    marks = WatermarkStore(realm.state, realm.id)
    today = realm.today(datetime.now(UTC))
    is_night = choices.everything or _is_first_of_day(realm, marks.value(NIGHT), today)
    cause = cause_of(realm)
    plan_id = realm.plans().open(
        source=SOURCE,
        dag_id=dag_id,
        run_id=run_id,
        mode="push",
        choices={**choices.to_json(), "mode": realm.settings.send, "cause": cause.text},
    )
    counts: Counter[str] = Counter()
    since = None if is_night else marks.value(STREAM)
    again = marks.waiting_documents(
        SOURCE, "invoice", is_every=is_night or marks.last_cause(dag_id, plan_id) != cause.text
    )
    reader = realm.reader
    with reader.snapshot(), realm.state.transaction():
        clock = reader.billing_clock()
        routing = Routing(realm, plan_id, run_id, counts)
        work = _Changes(realm, routing, counts, set(again), is_everything=is_night)
        store_candidates(realm.state, plan_id, work.read(since))
        marks.move(STREAM, clock, run_id)
        if is_night:
            marks.move(NIGHT, clock, run_id)
    log.info(
        "%s: plan %s, %s; %s",
        realm.key,
        plan_id,
        f"changed since {since:%Y-%m-%d %H:%M:%S %Z}" if since else "everything in scope",
        ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "nothing",
    )
    return {"plan_id": plan_id, **counts}


def cause_of(realm: Realm) -> Cause:
    """Mappings, reference lists, company facts and settings as one digest."""
    row = realm.state.execute(
        b"select (select max(id) from qbo_sync.mapping_history where realm = %(realm)s), closing_date,"
        b" (select max(refreshed_at) from qbo_sync.reference where realm = %(realm)s and not is_active)"
        b" from qbo_sync.realms where id = %(realm)s",
        {"realm": realm.id},
    ).fetchone()
    content = json.dumps([str(part) for part in row or ()] + [str(asdict(realm.settings))])
    return Cause(hashlib.sha256(content.encode()).hexdigest()[:32])


class _Changes:
    """The documents to store: changed ones, then waiting ones that billing did not change."""

    def __init__(
        self, realm: Realm, routing: Routing, counts: Counter[str], waiting: set[str], *, is_everything: bool
    ) -> None:
        self._realm, self._routing, self._counts = realm, routing, counts
        self._waiting = waiting
        self._is_everything = is_everything

    def read(self, since: datetime | None) -> Iterator[Sequence[Document]]:
        """Chunks of candidates."""
        start = self._realm.settings.start_date if since is None else None
        for chunk in self._realm.reader.read_invoices(start, None, since):
            yield self._taken(chunk)
        ids = sorted(self._waiting)
        for first in range(0, len(ids), IDS_AT_ONCE):
            asked = ids[first : first + IDS_AT_ONCE]
            found = self._realm.reader.read_by_ids(asked)
            self._routing.let_go([billing_id for billing_id in asked if billing_id not in found])
            yield self._routing.ours(list(found.values()))

    def _taken(self, chunk: Sequence[Document]) -> list[Document]:
        ours = self._routing.ours(chunk)
        known = self._known(ours) if self._is_everything else {}
        taken = []
        for document in ours:
            billing_id = document.invoice_id if isinstance(document, Invoice) else document.billing_id
            if self._is_too_early(document):
                self._counts["before the start date"] += 1
            elif (
                billing_id in self._waiting
                or known.get(billing_id) != _content_of(document)
                or (self._is_everything and is_withdrawn(document))
            ):
                self._waiting.discard(billing_id)
                taken.append(document)
            else:
                self._counts["unchanged"] += 1
        self._counts["changed"] += len(taken)
        return taken

    def _known(self, documents: Sequence[Document]) -> dict[str, str]:
        ids = [d.invoice_id if isinstance(d, Invoice) else d.billing_id for d in documents]
        return self._realm.plans_aside.known_fingerprints(SOURCE, "invoice", ids)

    def _is_too_early(self, document: Document) -> bool:
        start = self._realm.settings.start_date
        return isinstance(document, Invoice) and start is not None and document.invoice_date < start


def _content_of(document: Document) -> str:
    return fingerprint(to_json(document) if isinstance(document, Invoice) else document.to_content())


def is_withdrawn(document: Document) -> bool:
    """Whether billing takes a document back, which is no part of its content: what was pushed may still stand in QuickBooks."""
    if not isinstance(document, Invoice):
        return False
    return document.is_opted_out or document.status.lower() not in OPEN_STATUSES


def _is_first_of_day(realm: Realm, last: datetime | None, today: date) -> bool:
    return last is None or realm.today(last) < today
