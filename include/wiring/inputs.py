"""The last look before a claim: billing read again, today's mappings, link and closing date (exactly once, rule 3).

A payload is a function of the document, its customer's id in QuickBooks, and what the plan records as ``made_from``. Where
billing's digest of all rows of a document is the one of the plan, and the other two are the same as well, making the payload
again could only give the stored text, so that text is taken. In every other case the document is read and its payload is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from include.billing_sync.closing import days_after_closing, posting_date
from include.billing_sync.decide import MAILED
from include.billing_sync.documents import Invoice, fingerprint, to_json
from include.billing_sync.exact_json import StoredJson, dumps
from include.billing_sync.facts_of_document import DRAFT, GONE_STATUSES
from include.billing_sync.mapping import Mapped
from include.billing_sync.payloads import entity_for, name_of, references, resolve_in_text, resolve_references
from include.billing_sync.planning import Maker
from include.billing_sync.ports import NAME_KINDS, Item, Link, Ready
from include.billing_sync.reasons import MOVED
from include.billing_sync.settings import NEW_ACCOUNT
from include.billing_sync.statuses import Action, ItemState
from include.billing_sync.texts import is_email
from include.stores.billing import BillingReader, Document
from include.stores.outbox import PostgresOutbox
from include.stores.settling import MAPPING_KINDS

Lookup = Callable[[str], "str | None"]
_MAY_REFER = '"@'
"""Stands in the text of every body that holds a reference such as ``@customer:42``."""

BILLING_HOLDS = timedelta(seconds=1)
"""How long before a claim billing may have been read. Our own state is asked at the claim in any case."""

_OPEN = frozenset({ItemState.PLANNED, ItemState.SENDING, ItemState.UNKNOWN})
_NAME_TAKEN = frozenset({"already_in_qbo", "refused"})


class LiveInputs:
    """What a plan item would be if it were planned now.

    ``belongs_here`` tells whether billing routes a document to this realm. ``make`` builds the realm's Maker from its present
    mappings, reference lists and company facts; it is called again whenever one of these has changed since the batch before,
    which one small query per batch tells. ``made_from`` is the plan's digest of all that this maker had then.
    """

    def __init__(
        self,
        *,
        state: psycopg.Connection[Any],
        realm: int,
        reader: BillingReader,
        outbox: PostgresOutbox,
        make: Callable[[], Maker],
        belongs_here: Callable[[Invoice], bool],
        realm_keys: Sequence[str] = (),
        made_from: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._state = state
        self._realm = realm
        self._reader = reader
        self._outbox = outbox
        self._make = make
        self._belongs_here = belongs_here
        self._realm_keys = realm_keys
        self._planned_from = made_from
        self._clock = clock
        self._prepared: Sequence[Item] = ()
        self._prepared_at = datetime.min.replace(tzinfo=UTC)
        self._version: tuple[Any, ...] | None = None
        self._maker: Maker | None = None
        self._is_made_alike = False
        self._unchanged: set[int] = set()
        self._documents: Mapping[str, Document] = {}
        self._links: Mapping[tuple[str, str], Link] = {}
        self._names: Mapping[tuple[str, str], str] = {}

    def prepare(self, items: Sequence[Item]) -> None:
        """Read billing, links and the state of the mappings for the items of the next claim.

        Of a document that is in every respect as it was planned, billing is asked for the digest of its rows alone. What was read
        for these very items a moment ago stands as long as links, mappings and the company's facts are the same now.
        """
        if self._stands(items):
            return
        self._prepared, self._prepared_at = (), self._clock()
        self._read(items)
        self._prepared = items

    def _stands(self, items: Sequence[Item]) -> bool:
        is_recent = timedelta(0) <= self._clock() - self._prepared_at <= BILLING_HOLDS
        return (
            is_recent
            and bool(self._prepared)
            and items == self._prepared
            and self._outbox.links_of(items) == self._links
            and self._present_version() == self._version
        )

    def _read(self, items: Sequence[Item]) -> None:
        documents = [item for item in items if item.kind not in NAME_KINDS]
        self._links = self._outbox.links_of(items)
        self._names = self._mapped_names([item for item in items if item.kind in NAME_KINDS])
        if not documents:
            return
        version = self._present_version()
        if self._maker is None or version != self._version:
            self._maker, self._version = self._make(), version
            self._is_made_alike = self._planned_from == self._maker.made_from(self._realm_keys)
        self._unchanged = self._as_planned(documents, self._maker)
        self._documents = self._reader.read_by_ids(
            [item.billing_id for item in documents if item.id not in self._unchanged]
        )
        self._maker.resolution.add(d for d in self._documents.values() if isinstance(d, Invoice))

    def _as_planned(self, items: Sequence[Item], maker: Maker) -> set[int]:
        """The creates whose rows in billing, customer in QuickBooks and everything else are what they were planned from."""
        if not self._is_made_alike:
            return set()
        likely = [
            item
            for item in items
            if item.action == Action.CREATE
            and item.rows_digest
            and (item.kind, item.billing_id) not in self._links
            and self._is_same_customer(item, maker)
        ]
        found = self._reader.digests({item.billing_id: item.customer_id for item in likely}) if likely else {}
        return {item.id for item in likely if found.get(item.billing_id) == item.rows_digest}

    def _is_same_customer(self, item: Item, maker: Maker) -> bool:
        """Whether the document's customer is mapped by now to the one that was planned, be it created since."""
        planned = str((item.meant or {}).get("customer"))
        mapped = maker.resolution.book.customer(item.customer_id)
        if planned.startswith("@"):
            return isinstance(mapped, Mapped) and planned == f"@customer:{item.customer_id}"
        return isinstance(mapped, Mapped) and planned == mapped.target.qbo_id

    def ready(self, item: Item) -> Ready:
        """The text to send for the item, or why it is stale or stopped."""
        if item.kind in NAME_KINDS:
            return self._ready_name(item)
        if item.id in self._unchanged and isinstance(item.payload, StoredJson):
            return self._ready_as_planned(item, item.payload.text)
        document = self._documents.get(item.billing_id)
        if document is None:
            return Ready(None, None, stale="billing does not hold it any more")
        if not isinstance(document, Invoice):
            return Ready(None, None, stale="billing changed it, and it breaks the billing contract now")
        if why := self._no_longer_wanted(item, document):
            return Ready(None, None, stale=why)
        if item.action == Action.SEND:
            return self._ready_mail(item, document)
        return self._ready_document(item, document)

    def _ready_name(self, item: Item) -> Ready:
        known = self._names.get((item.kind, item.billing_id))
        if known is not None:
            return Ready(None, None, stale=f"{item.kind} {item.billing_id} is {known} by now")
        payload = item.payload or {}
        text = payload.text if isinstance(payload, StoredJson) else dumps(payload)
        wanted = list(references(dict(payload))) if _MAY_REFER in text else []
        if not wanted:
            return Ready(text, None)
        made = self._created(wanted)
        missing = [reference for reference in wanted if reference not in made]
        return self._awaited(item, missing) or Ready(resolve_in_text(text, made.get), None)

    def _ready_as_planned(self, item: Item, text: str) -> Ready:
        maker = self._maker_now()
        find = self._lookup(maker)
        try:
            return Ready(
                resolve_in_text(text, find), item.fingerprint, meant=resolve_references(dict(item.meant or {}), find)
            )
        except LookupError as error:
            stale = Ready(None, None, stale=f"its mapping changed since the plan: {error}")
            return self._unsettled_name(item, maker) or stale

    def _ready_mail(self, item: Item, document: Invoice) -> Ready:
        link = self._links.get((item.kind, item.billing_id))
        if link is None or link.realm != self._realm:
            return Ready(None, None, stale="its link to QuickBooks was ended since the plan")
        if link.email_status == MAILED:
            return Ready(None, None, already=f"another run has mailed it (id {link.qbo_id})")
        if not is_email(document.billing_email):
            why = "billing has no usable e-mail address for it any more"
            return Ready(None, None, blocked="copied_not_sent", blocked_detail=why)
        return Ready("", None, send_to=str(document.billing_email).strip(), qbo_id=link.qbo_id)

    def _no_longer_wanted(self, item: Item, document: Invoice) -> str:
        """Why billing does not want it any more as it was planned, for what is no part of its content."""
        status = document.status.lower()
        is_here = self._belongs_here(document)
        if item.action == Action.VOID and item.reason == MOVED:
            is_moved = not is_here or entity_for(document, self._maker_now().settings) != item.entity
            return "" if is_moved else "billing has it here again"
        if not is_here:
            return f"billing gives it to company {document.realm_key or 'none'} by now"
        if item.action == Action.VOID:
            return "" if status in GONE_STATUSES else f"it is {status} in billing again"
        if document.is_opted_out:
            return "billing marks it as not to be pushed by now"
        return f"it is {status} in billing by now" if status == DRAFT or status in GONE_STATUSES else ""

    def _ready_document(self, item: Item, document: Invoice) -> Ready:
        link = self._links.get((item.kind, item.billing_id))
        if item.action == Action.CREATE and link and link.realm == self._realm and link.fingerprint == item.fingerprint:
            return Ready(None, None, already=f"another run has created it (id {link.qbo_id})")
        if fingerprint(to_json(document), item.canon_version or 1) != item.fingerprint:
            return self._changed_since(document, link)
        if why := _link_changed(item, link):
            return Ready(None, None, stale=why)
        maker = self._maker_now()
        held = str(link.answer["TxnDate"]) if link and link.answer.get("TxnDate") else None
        if why := _closed(document, maker, held):
            return Ready(None, None, blocked="period_closed", blocked_detail=why)
        if item.action == Action.VOID:
            payload = {**(item.payload or {}), "SyncToken": item.sync_token}
            return Ready(dumps(payload), item.fingerprint, qbo_id=item.qbo_id)
        return self._unsettled_name(item, maker) or self._ready_payload(item, document, link, maker)

    def _changed_since(self, document: Invoice, link: Link | None) -> Ready:
        """Billing changed it since the plan; another run may have brought just that to QuickBooks meanwhile."""
        is_there = link and link.realm == self._realm and link.fingerprint is not None
        if link and is_there and fingerprint(to_json(document), link.canon_version or 1) == link.fingerprint:
            return Ready(None, None, already=f"another run has written billing's latest (id {link.qbo_id})")
        return Ready(None, None, stale="billing changed it since the plan")

    def _unsettled_name(self, item: Item, maker: Maker) -> Ready | None:
        """A name that the document needs has no id yet: wait for it, or say why it will get none."""
        find = self._lookup(maker)
        return self._awaited(
            item, [reference for reference in references(dict(item.payload or {})) if find(reference) is None]
        )

    def _awaited(self, item: Item, missing: Sequence[str]) -> Ready | None:
        """What becomes of an item of which these references have no id; None when none is missing."""
        if not missing:
            return None
        found = self._outbox.names_of_plan(item.plan_id, missing)
        for reference in missing:
            state, outcome, detail = found.get(reference, ("", "", ""))
            if state in _OPEN:
                return Ready(
                    None, None, waits=f"{reference[1:]} is not in QuickBooks yet: {detail or 'it comes first'}"
                )
            if state == ItemState.REFUSED:
                reason = "customer_unmapped" if reference.startswith("@customer:") else "item_unmapped"
                reason = "ambiguous_name" if outcome in _NAME_TAKEN else reason
                return Ready(None, None, blocked=reason, blocked_detail=f"{reference[1:]}: {detail}")
        return Ready(None, None, stale=f"its mapping changed since the plan: {missing[0][1:]} has no id in QuickBooks")

    def _ready_payload(self, item: Item, document: Invoice, link: Link | None, maker: Maker) -> Ready:
        customer = maker.resolution.customer(document.customer_id)
        if customer.ref is None:
            why = customer.detail or f"customer {document.customer_id} is not mapped any more"
            reason = "ambiguous_name" if customer.is_ambiguous else "customer_unmapped"
            return Ready(None, None, blocked=reason, blocked_detail=why)
        try:
            payload = maker.update(document, link.answer) if link else maker.create(document)
            body, planned = dict(payload.body), dict(item.payload or {})
            if link:
                body["SyncToken"] = planned["SyncToken"] = item.sync_token
            text = dumps(body)
            # Without a reference there is nothing to resolve, and most documents have none.
            if _MAY_REFER in text or body != planned:
                planned = resolve_references(planned, self._lookup(maker))
        except (ValueError, LookupError) as error:
            return Ready(None, None, stale=f"its mapping changed since the plan: {error}")
        if body != planned:
            return Ready(
                None, None, stale="what it would be in QuickBooks changed since the plan (mapping or settings)"
            )
        return Ready(text, item.fingerprint, meant=payload.meant, qbo_id=item.qbo_id)

    def _lookup(self, maker: Maker) -> Lookup:
        def find(reference: str) -> str | None:
            kind, key = name_of(reference)
            target = maker.resolution.book.target(MAPPING_KINDS[kind], key)
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

    def _created(self, wanted: Sequence[str]) -> Mapping[str, str]:
        """The QBO ids of those accounts that a run has created or found by now, by reference."""
        rows = self._state.execute(
            b"select billing_key, qbo_id from qbo_sync.mappings"
            b" where realm = %(realm)s and kind = 'account' and billing_key = any(%(names)s)",
            {"realm": self._realm, "names": [name_of(reference)[1] for reference in wanted]},
        ).fetchall()
        return {f"{NEW_ACCOUNT}{name}": qbo_id for name, qbo_id in map(tuple, rows)}

    def _mapped_names(self, items: Sequence[Item]) -> Mapping[tuple[str, str], str]:
        """What the mapping book says by now of these customers and items, most of which it does not know."""
        if not items:
            return {}
        rows = self._state.execute(
            b"select kind, billing_key, qbo_id, qbo_name from qbo_sync.mappings"
            b" where realm = %(realm)s and kind = any(%(kinds)s) and billing_key = any(%(keys)s)",
            {
                "realm": self._realm,
                "kinds": [MAPPING_KINDS[item.kind] for item in items],
                "keys": [item.billing_id for item in items],
            },
        ).fetchall()
        by_key = {
            (kind, key): f"mapped to {name} (id {qbo_id})" if qbo_id else "excluded" for kind, key, qbo_id, name in rows
        }
        return {
            (item.kind, item.billing_id): told
            for item in items
            if (told := by_key.get((MAPPING_KINDS[item.kind], item.billing_id)))
        }


def _link_changed(item: Item, link: Link | None) -> str:
    if item.action == Action.CREATE:
        return f"it is in QuickBooks by now (id {link.qbo_id})" if link else ""
    if link is None:
        return "its link to QuickBooks was ended since the plan"
    if link.qbo_id != item.qbo_id:
        return f"it is linked to id {link.qbo_id} by now, not to {item.qbo_id}"
    if item.link_token is not None and link.sync_token != item.link_token:
        return "another run has written to it since the plan"
    return ""


def _closed(document: Invoice, maker: Maker, held: str | None) -> str:
    """Why the period is closed to it: the date under which it goes to QuickBooks, or the one that QuickBooks holds."""
    day = posting_date(document.invoice_date, maker.settings, maker.company)
    days = days_after_closing((day, date.fromisoformat(held) if held else None), maker.company)
    if days is None or days > 0:
        return ""
    return f"the books are closed up to {maker.company.closing_date}"
