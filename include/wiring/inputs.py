"""The last look before a claim: billing read again, today's mappings, link and closing date (exactly once, rule 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg

from include.billing_sync.closing import days_after_closing
from include.billing_sync.documents import Invoice, fingerprint, to_json
from include.billing_sync.exact_json import dumps
from include.billing_sync.payloads import resolve_references
from include.billing_sync.planning import Maker
from include.billing_sync.ports import Item, Link, Ready
from include.billing_sync.statuses import Action
from include.stores.billing import BillingReader, Document
from include.stores.outbox import PostgresOutbox
from include.stores.plans import NAME_KINDS

Lookup = Callable[[str], "str | None"]


class LiveInputs:
    """What a plan item would be if it were planned now.

    ``make`` builds the realm's Maker from its present mappings, reference lists and company facts; it is called again whenever
    one of these has changed since the batch before, which one small query per batch tells.
    """

    def __init__(
        self,
        *,
        state: psycopg.Connection[Any],
        realm: int,
        reader: BillingReader,
        outbox: PostgresOutbox,
        make: Callable[[], Maker],
    ) -> None:
        self._state = state
        self._realm = realm
        self._reader = reader
        self._outbox = outbox
        self._make = make
        self._version: tuple[Any, ...] | None = None
        self._maker: Maker | None = None
        self._documents: Mapping[str, Document] = {}
        self._links: Mapping[tuple[str, str], Link] = {}

    def prepare(self, items: Sequence[Item]) -> None:
        """Read billing, links and the state of the mappings for the items of the next claim."""
        documents = [item for item in items if item.kind not in NAME_KINDS]
        self._documents = self._reader.read_by_ids([item.billing_id for item in documents]) if documents else {}
        self._links = self._outbox.links_of(items)
        version = self._present_version()
        if self._maker is None or version != self._version:
            self._maker, self._version = self._make(), version
        self._maker.resolution.add(d for d in self._documents.values() if isinstance(d, Invoice))

    def ready(self, item: Item) -> Ready:
        """The text to send for the item, or why it is stale or stopped."""
        if item.kind in NAME_KINDS:
            return self._ready_name(item)
        document = self._documents.get(item.billing_id)
        if document is None:
            return Ready(None, None, stale="billing does not hold it any more")
        if not isinstance(document, Invoice):
            return Ready(None, None, stale="billing changed it, and it breaks the billing contract now")
        if item.action == Action.SEND:
            return self._ready_mail(item, document)
        return self._ready_document(item, document)

    def _ready_name(self, item: Item) -> Ready:
        kind = "customer" if item.kind == "customer" else "service"
        known = self._maker_now().resolution.book.target(kind, item.billing_id)  # type: ignore[arg-type]  # one of two kinds
        if known is not None:
            return Ready(
                None, None, stale=f"{item.kind} {item.billing_id} is mapped to {known.name} (id {known.qbo_id}) now"
            )
        return Ready(dumps(item.payload) if item.payload else "{}", None)

    def _ready_mail(self, item: Item, document: Invoice) -> Ready:
        to = (document.billing_email or "").strip()
        if not to:
            return Ready(
                None, None, blocked="copied_not_sent", blocked_detail="billing has no e-mail address for it any more"
            )
        return Ready("", None, send_to=to, qbo_id=item.qbo_id)

    def _ready_document(self, item: Item, document: Invoice) -> Ready:
        if fingerprint(to_json(document), item.canon_version or 1) != item.fingerprint:
            return Ready(None, None, stale="billing changed it since the plan")
        link = self._links.get((item.kind, item.billing_id))
        if why := _link_changed(item, link):
            return Ready(None, None, stale=why)
        maker = self._maker_now()
        held = str(link.answer["TxnDate"]) if link and link.answer.get("TxnDate") else None
        if why := _closed(item, document, maker, held):
            return Ready(None, None, blocked="period_closed", blocked_detail=why)
        if item.action == Action.VOID:
            payload = {**(item.payload or {}), "SyncToken": item.sync_token}
            return Ready(dumps(payload), item.fingerprint, qbo_id=item.qbo_id)
        return self._ready_payload(item, document, link, maker)

    def _ready_payload(self, item: Item, document: Invoice, link: Link | None, maker: Maker) -> Ready:
        customer = maker.resolution.customer(document.customer_id)
        if customer.ref is None or customer.is_created:
            why = customer.detail or f"customer {document.customer_id} is not in QuickBooks yet"
            return Ready(
                None,
                None,
                blocked="customer_unmapped" if not customer.is_ambiguous else "ambiguous_name",
                blocked_detail=why,
            )
        try:
            payload = maker.update(document, link.answer) if link else maker.create(document)
            planned = resolve_references(dict(item.payload or {}), self._lookup(maker))
        except (ValueError, LookupError) as error:
            return Ready(None, None, stale=f"its mapping changed since the plan: {error}")
        body = dict(payload.body)
        if link:
            body["SyncToken"] = planned["SyncToken"] = item.sync_token
        if body != planned:
            return Ready(
                None, None, stale="what it would be in QuickBooks changed since the plan (mapping or settings)"
            )
        return Ready(dumps(body), item.fingerprint, meant=payload.meant, qbo_id=item.qbo_id)

    def _lookup(self, maker: Maker) -> Lookup:
        def find(reference: str) -> str | None:
            kind, _, key = reference.removeprefix("@").partition(":")
            target = maker.resolution.book.target("customer" if kind == "customer" else "service", key)
            return target.qbo_id if target else None

        return find

    def _maker_now(self) -> Maker:
        if self._maker is None:
            raise RuntimeError("prepare was not called")
        return self._maker

    def _present_version(self) -> tuple[Any, ...]:
        row = self._state.execute(
            b"select (select max(id) from qbo_sync.mapping_history where realm = %(realm)s), closing_date, preferences_at"
            b" from qbo_sync.realms where id = %(realm)s",
            {"realm": self._realm},
        ).fetchone()
        return tuple(row.values()) if isinstance(row, dict) else tuple(row or ())


def _link_changed(item: Item, link: Link | None) -> str:
    if item.action == Action.CREATE:
        return f"it is in QuickBooks by now (id {link.qbo_id})" if link else ""
    if link is None:
        return "its link to QuickBooks was ended since the plan"
    if link.qbo_id != item.qbo_id:
        return f"it is linked to id {link.qbo_id} by now, not to {item.qbo_id}"
    return ""


def _closed(item: Item, document: Invoice, maker: Maker, held: str | None) -> str:
    """Why the period is closed to it: the date that billing has, or the one that QuickBooks holds."""
    from datetime import date

    dates = (document.invoice_date, date.fromisoformat(held) if held else None)
    days = days_after_closing(dates, maker.company)
    if days is None or days > 0 or (item.action == Action.CREATE and maker.settings.closed_period == "move_date"):
        return ""
    return f"the books are closed up to {maker.company.closing_date}"
