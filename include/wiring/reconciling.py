"""Compare: billing and QuickBooks laid out side by side, document by document, and every difference kept with its repair.

Nothing is written to QuickBooks or to billing. Both sides are read in chunks into tables of the session, so memory does not
grow with their number, and QuickBooks is asked for a page of a thousand documents at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from include.billing_sync.documents import Invoice, fingerprint, to_json
from include.billing_sync.edits import edits, marked_by_us
from include.billing_sync.owned import looks_void
from include.billing_sync.pairs import Billed, Held, LastWrite
from include.billing_sync.payloads import entity_for
from include.billing_sync.ports import Entity
from include.billing_sync.reconcile import Rules, differences
from include.billing_sync.reconcile_totals import Totals, period
from include.billing_sync.tax import billing_tax, tax_method
from include.stores.billing import BadDocument, Document
from include.stores.reconciliations import ReconciliationStore
from include.wiring.changes import STREAM
from include.wiring.extracting import Window
from include.wiring.forms import ChoiceError, Choices
from include.wiring.realms import SOURCE, Realm, open_realm
from include.wiring.runs import Run, run_of
from include.wiring.settings import realm_keys
from qbo_hook.errors import QboNotFound
from qbo_hook.queries import chunks_of, is_in

log = logging.getLogger("ledgerline")

CHUNK = 500
MOST_SINGLE_READS = 100
"""Vanished documents that are each read once more before they are called deleted; beyond it the query's word counts."""
LIVELY = timedelta(hours=3)
"""A sync that ran within this time is expected to bring what changed since."""


class SumsDoNotTieError(RuntimeError):
    """The differences do not add up to the difference of the totals. A fault of this program, never of the books."""

    failure_mode = "person"


def compare(realm_key: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Compare one realm for a run. Returns counts; what was found stands in the tables."""
    run = run_of(context)
    with open_realm(realm_key) as realm:
        window = window_of(realm, run.choices, realm.today(datetime.now(UTC)))
        totals = reconcile(realm, run, window)
        return {
            "realm_key": realm_key,
            "billing": totals.billed,
            "quickbooks": totals.held,
            "drifting": totals.drifting,
            "explained": totals.explained,
        }


def window_of(realm: Realm, choices: Choices, today: date) -> Window:
    """The local dates to compare. Raises ChoiceError when the form's dates lie before the start date."""
    if choices.everything:
        return Window(realm.settings.start_date, None)
    try:
        return Window(*period(today, choices.from_date, choices.to_date, realm.settings.start_date))
    except ValueError as error:
        raise ChoiceError(f"{realm.key}: {error}.") from None


def reconcile(realm: Realm, run: Run, window: Window) -> Totals:
    """Lay out both sides, pair them, and keep what differs. Raises SumsDoNotTieError, and what reading raises."""
    store = ReconciliationStore(realm.state, realm=realm.id, source=SOURCE, dag_id=run.dag_id)
    opened = store.begin(run.run_id, window.from_date, window.to_date)
    log.info("%s: comparing what is dated %s to %s", realm.key, window.from_date or "…", window.to_date or "…")
    sides = _Sides(realm, store)
    sides.read_billing(window)
    sides.read_quickbooks(window)
    sides.read_strays()
    store.match_numbers()
    rules = rules_of(realm, store, opened.started_at)
    totals = Totals()
    with realm.state.transaction():
        for pairs in store.pairs(opened.started_at):
            found = []
            for pair in pairs:
                differing = differences(pair, rules)
                totals.add(pair, differing)
                found += differing
            store.save(opened.id, found)
        _require_ties(totals)
        store.take_up_late(opened.id)
        store.finish(opened.id, totals)
    log.info("%s: %s", realm.key, totals.in_words)
    return totals


def rules_of(realm: Realm, store: ReconciliationStore, now: datetime) -> Rules:
    """What settings let through, and how far a sync that is running has looked."""
    settings = realm.settings
    limit = settings.tax_variance_limit if settings.tax_variance == "push" else None
    return Rules(limit, store.synced_until(STREAM, now - LIVELY))


class _Sides:
    """Reads both sides of a realm into the tables of the session."""

    def __init__(self, realm: Realm, store: ReconciliationStore) -> None:
        self._realm, self._store = realm, store
        self._company = realm.company
        self._known_realms = set(realm_keys())
        # Where tax goes as lines of its own, QuickBooks shows none that could be compared with billing's.
        self._has_tax = tax_method(realm.settings, realm.company) != "as_lines"

    def read_billing(self, window: Window) -> None:
        """Every document of billing in the window that is this realm's."""
        lost = 0
        reader = self._realm.reader
        with reader.snapshot():
            for chunk in reader.read_invoices(window.from_date, window.to_date, chunk=CHUNK):
                ours = [document for document in chunk if self._is_ours(document)]
                self._put_billed(ours)
                lost += sum(_realm_key(document) not in self._known_realms for document in chunk) - sum(
                    _realm_key(document) is None for document in ours
                )
        if lost:
            log.warning("%s documents of billing belong to no company that is set up (no_routing_rule)", lost)

    def read_quickbooks(self, window: Window) -> None:
        """Every document of the window that QuickBooks holds."""
        limits = ((">=", window.from_date), ("<=", window.to_date))
        where = " AND ".join(f"TxnDate {sign} '{day}'" for sign, day in limits if day is not None)
        has_credits = self._realm.settings.negative_invoices == "credit_memo"
        for entity in ("Invoice", "CreditMemo") if has_credits else ("Invoice",):
            self._put_held(entity, self._realm.client.query_all(entity, where or None))

    def read_strays(self) -> None:
        """What is linked and was seen on one side only: the other side is asked for it by its id."""
        self._store.match_links()
        missing: dict[str, list[str]] = {}
        for entity, qbo_id in self._store.links_not_held():
            missing.setdefault(entity, []).append(qbo_id)
        for entity, ids in missing.items():
            self._read_by_ids(entity, ids)
        self._store.match_links()
        for ids in _portions(self._store.links_not_billed(), CHUNK):
            self._put_billed(self._realm.reader.read_by_ids(ids).values())

    def _read_by_ids(self, entity: str, ids: Sequence[str]) -> None:
        client = self._realm.client
        for portion in chunks_of(ids):
            self._put_held(entity, client.query_all(entity, is_in("Id", portion)))
        self._store.match_links()
        vanished = [qbo_id for kind, qbo_id in self._store.links_not_held() if kind == entity]
        self._put_held(entity, self._still_there(entity, vanished[:MOST_SINGLE_READS]))

    def _still_there(self, entity: str, ids: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Those that a read finds although the query did not show them; deleted is what QuickBooks answers with 610."""
        for qbo_id in ids:
            try:
                yield self._realm.client.read(entity, qbo_id)
            except QboNotFound:
                log.info("%s %s is deleted in QuickBooks", entity, qbo_id)

    def _put_held(self, entity: str, found: Iterable[dict[str, Any]]) -> None:
        for chunk in _portions(found, CHUNK):
            writes = self._store.last_writes(entity, [str(one["Id"]) for one in chunk])
            home = self._company.home_currency
            self._store.put_held([held_of(entity, one, writes.get(str(one["Id"])), home) for one in chunk])

    def _put_billed(self, documents: Iterable[Document]) -> None:
        rows = [self._billed(document) for document in documents]
        if rows:
            self._store.put_billed(rows)

    def _is_ours(self, document: Document) -> bool:
        key = _realm_key(document)
        return key == self._realm.key or (key is None and len(self._known_realms) == 1)

    def _billed(self, document: Document) -> tuple[Billed, str | None]:
        """Billing's side of a document, with its customer's id."""
        if isinstance(document, BadDocument):
            return self._unreadable(document), document.header.get("customer_id")
        updated_at = document.updated_at
        billed = Billed(
            billing_id=document.invoice_id,
            entity=entity_for(document, self._realm.settings),
            doc_number=document.doc_number,
            day=document.invoice_date,
            customer_name=document.customer.name if document.customer else None,
            currency=document.currency,
            total=document.total_amount,
            tax=billing_tax(document) if self._has_tax else None,
            balance=document.balance_amount,
            state=document.status,
            is_opted_out=document.is_opted_out,
            origin=document.origin,
            fingerprint=fingerprint(to_json(document)),
            updated_at=datetime.fromisoformat(updated_at) if updated_at else None,
            is_ours=self._is_ours(document),
        )
        return billed, document.customer_id

    def _unreadable(self, document: BadDocument) -> Billed:
        """A document that breaks the billing contract: what of it can be read. Its status says what is wrong."""
        header = document.header
        return Billed(
            billing_id=document.billing_id,
            entity="Invoice",
            doc_number=header.get("doc_number"),
            day=header.get("invoice_date"),
            customer_name=None,
            currency=header.get("currency") or "",
            total=header.get("total_amount") or Decimal(0),
            tax=None,
            balance=header.get("balance_amount"),
            state=header.get("status") or "",
            fingerprint=fingerprint(document.to_content()),
            is_ours=self._is_ours(document),
        )


def held_of(entity_name: str, entity: Entity, last: LastWrite | None, home_currency: str) -> Held:
    """QuickBooks' side of a document. The amounts of a credit memo are negative, as billing's are.

    :param last: our last write and QuickBooks' answer to it; None for what is not linked.
    """
    sign = -1 if entity_name == "CreditMemo" else 1
    total = _amount(entity["TotalAmt"])
    customer = entity.get("CustomerRef") or {}
    return Held(
        entity=entity_name,
        qbo_id=str(entity["Id"]),
        doc_number=entity.get("DocNumber"),
        day=date.fromisoformat(str(entity["TxnDate"])),
        customer_ref=str(customer["value"]) if customer.get("value") is not None else None,
        customer_name=customer.get("name"),
        currency=str((entity.get("CurrencyRef") or {}).get("value") or home_currency),
        total=sign * total,
        tax=sign * _amount((entity.get("TxnTaxDetail") or {}).get("TotalTax") or 0),
        balance=sign * _amount(entity.get("Balance", total)),
        is_void=looks_void(entity) and not (last is not None and last.has_memo_of(entity)),
        edits=edits(last.answer, entity) if last is not None else (),
        marked=marked_by_us(entity),
    )


def _amount(value: Decimal | int) -> Decimal:
    return Decimal(str(value))


def _realm_key(document: Document) -> str | None:
    key = document.realm_key if isinstance(document, Invoice) else document.header.get("realm_key")
    return str(key) if key is not None else None


def _portions(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(values)
    while portion := list(islice(rest, size)):
        yield portion


def _require_ties(totals: Totals) -> None:
    loose = [f"{month or 'no date'} {currency}" for month, currency, sums in totals.months() if not sums.is_whole]
    if loose:
        raise SumsDoNotTieError(f"the differences do not make up the difference of the totals in: {', '.join(loose)}")
