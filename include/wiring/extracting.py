"""Extract: the documents that a run was asked for, from one snapshot of billing into ``candidates``."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg.rows import tuple_row

from include.billing_sync.documents import Invoice
from include.billing_sync.planning import DocumentStatus, owed
from include.billing_sync.reasons import Finding, gravest
from include.billing_sync.statuses import Status
from include.stores.billing import BadDocument, Document
from include.stores.candidates import store_candidates
from include.stores.statements import sql
from include.wiring.forms import Choices
from include.wiring.realms import SOURCE, Realm
from include.wiring.settings import realm_keys

log = logging.getLogger("ledgerline")

NUMBERS_TOLD = 20
"""Of the form's, in one line of the log."""


@dataclass(frozen=True, slots=True)
class Window:
    """Local dates of the realm, both included; None is open."""

    from_date: date | None = None
    to_date: date | None = None


def extract(realm: Realm, plan_id: int, window: Window, choices: Choices, run_id: str) -> Counter[str]:
    """Store the chosen documents as candidates of the plan. Returns counts by what became of what was read."""
    counts: Counter[str] = Counter()
    wanted = _Wanted(realm, choices)
    reader = realm.reader
    with reader.snapshot():
        chunks = wanted.looking_for_numbers(reader.read_invoices(window.from_date, window.to_date))
        routing = Routing(realm, plan_id, run_id, counts)
        chosen = ([d for d in routing.ours(chunk) if wanted.takes(d, counts)] for chunk in chunks)
        store_candidates(realm.state, plan_id, chosen)
    if missing := wanted.numbers_not_seen:
        log.warning(
            "%s: billing has no invoice %s dated %s to %s: check the form's numbers and dates",
            realm.key,
            ", ".join(missing[:NUMBERS_TOLD]) + (", …" if len(missing) > NUMBERS_TOLD else ""),
            window.from_date or "…",
            window.to_date or "…",
        )
    log.info(
        "extract: %s",
        ", ".join(f"{count} {what}" for what, count in sorted(counts.items()) if count) or "nothing to read",
    )
    return counts


def extract_held(realm: Realm, plan_id: int, choices: Choices) -> Counter[str]:
    """Store what this company holds under the chosen numbers, wherever billing routes it by now."""
    with realm.state.cursor(row_factory=tuple_row) as cursor:
        numbers = [number.casefold() for number in choices.numbers]
        rows = cursor.execute(
            sql("documents_held"), {"realm": realm.id, "source": SOURCE, "kind": "invoice", "numbers": numbers}
        ).fetchall()
    documents = list(realm.reader.read_by_ids([billing_id for (billing_id,) in rows]).values())
    store_candidates(realm.state, plan_id, [documents])
    log.info("extract: %s candidates, which this company holds under the numbers asked for", len(documents))
    return Counter(candidates=len(documents))


class _Wanted:
    """The filters of the form. What a filter leaves out is not asked for, so it gets no status from this run."""

    def __init__(self, realm: Realm, choices: Choices) -> None:
        self._numbers = {number.casefold() for number in choices.numbers}
        self._not_seen = {number.casefold(): number for number in choices.numbers}
        self._customers = set(choices.customers)
        self._low, self._high = choices.amount_from, choices.amount_to
        self._ids = _with_status(realm, choices.statuses) if choices.statuses else None

    @property
    def numbers_not_seen(self) -> list[str]:
        """The numbers of the form that no document of any company had."""
        return sorted(self._not_seen.values())

    def looking_for_numbers(self, chunks: Iterable[Sequence[Document]]) -> Iterator[Sequence[Document]]:
        """The chunks as they come; the numbers of the form are looked for in them."""
        for chunk in chunks:
            if self._not_seen:
                for document in chunk:
                    self._not_seen.pop((_header(document)[0] or "").casefold(), None)
            yield chunk

    def takes(self, document: Document, counts: Counter[str]) -> bool:
        """Whether the form asks for the document."""
        taken = self._fits(document)
        counts["candidates" if taken else "left out by the filters"] += 1
        return taken

    def _fits(self, document: Document) -> bool:
        number, customer, total, billing_id = _header(document)
        if self._numbers and (number or "").casefold() not in self._numbers:
            return False
        if self._customers and customer not in self._customers:
            return False
        if self._ids is not None and billing_id not in self._ids:
            return False
        if self._low is not None and (total is None or total < self._low):
            return False
        return not (self._high is not None and (total is None or total > self._high))


class Routing:
    """Which documents are this realm's. One that names no realm, where there are several, is Skipped ``no_routing_rule``."""

    def __init__(self, realm: Realm, plan_id: int, run_id: str, counts: Counter[str]) -> None:
        self._realm, self._plan_id, self._run_id, self._counts = realm, plan_id, run_id, counts
        self._known = set(realm_keys())

    def ours(self, documents: Sequence[Document]) -> list[Document]:
        """The documents of this realm; those without one get their status here, over a connection that is not copying."""
        ours, lost = [], []
        for document in documents:
            key = document.realm_key if isinstance(document, Invoice) else document.header.get("realm_key")
            if key == self._realm.key or (key is None and len(self._known) == 1):
                ours.append(document)
            elif key is None or key not in self._known:
                lost.append(document)
            else:
                self._counts["of other companies"] += 1
        if lost:
            self._counts["without a company"] += len(lost)
            statuses = [_unrouted(document, self._known) for document in lost]
            self._realm.plans_aside.save_statuses(self._plan_id, self._run_id, statuses, SOURCE)
        return ours

    def let_go(self, billing_ids: Sequence[str]) -> None:
        """What waited for a push and is not in billing any more waits no longer: its status says what became of it."""
        gone = self._realm.plans_aside.pending(SOURCE, "invoice", billing_ids) if billing_ids else []
        if not gone:
            return
        self._counts["gone from billing"] += len(gone)
        statuses = [_vanished(row["billing_id"], row["entity"], row["qbo_id"]) for row in gone]
        self._realm.plans_aside.save_statuses(self._plan_id, self._run_id, statuses, SOURCE)


def _vanished(billing_id: str, entity: str, qbo_id: str | None) -> DocumentStatus:
    text = "billing does not hold it any more"
    told = Finding("deleted_in_billing", f"{text}, and QuickBooks has it as id {qbo_id}")
    finding = told if qbo_id else Finding("out_of_scope", text)
    status, reason = gravest([finding])
    return DocumentStatus(
        kind="invoice",
        billing_id=billing_id,
        entity=entity,
        status=status,
        reason=reason,
        findings=[finding],
        detail=finding.detail,
        total=Decimal(0),
        qbo_id=qbo_id,
    )


def _unrouted(document: Document, known: set[str]) -> DocumentStatus:
    number, customer, total, billing_id = _header(document)
    text = f"billing's realm_key for it is {_told_key(document, known)}; there are: {', '.join(sorted(known))}"
    return DocumentStatus(
        kind="invoice",
        billing_id=billing_id,
        entity="Invoice",
        status=Status.SKIPPED,
        reason="no_routing_rule",
        findings=[Finding("no_routing_rule", text)],
        detail=text,
        doc_number=number,
        customer_id=customer,
        currency=document.header.get("currency") if isinstance(document, BadDocument) else document.currency,
        total=owed(document) if isinstance(document, Invoice) else total,
    )


def _told_key(document: Document, known: set[str]) -> str:
    """The key in quotes, so that a blank in it is seen, and the one that is probably meant."""
    key = document.realm_key if isinstance(document, Invoice) else document.header.get("realm_key")
    if key is None:
        return "empty"
    meant = next((one for one in sorted(known) if one.casefold() == key.strip().casefold()), None)
    hint = f" (blanks or case apart it is {meant!r}: correct it in include/sql/billing/invoices.sql)" if meant else ""
    return f"{key!r}, which names no company{hint}"


def _header(document: Document) -> tuple[str | None, str | None, Decimal | None, str]:
    if isinstance(document, BadDocument):
        header = document.header
        return header.get("doc_number"), header.get("customer_id"), header.get("total_amount"), document.billing_id
    return document.doc_number, document.customer_id, document.total_amount, document.invoice_id


def _with_status(realm: Realm, statuses: Sequence[str]) -> set[str]:
    rows = realm.state.execute(
        b"select billing_id from qbo_sync.statuses where realm = %s and source = %s and kind = 'invoice' and status = any(%s)",
        (realm.id, SOURCE, list(statuses)),
    ).fetchall()
    return {next(iter(row.values())) if isinstance(row, dict) else row[0] for row in rows}
