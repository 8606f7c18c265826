"""From checked documents to plan items: what will be done with each, in which order, and what the user sees of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from include.billing_sync.decide import Decision, beyond_the_limit, decide, was_voided
from include.billing_sync.diff import Difference, changes, still_other
from include.billing_sync.documents import CANON_VERSION, Invoice, plain
from include.billing_sync.exact_json import digest
from include.billing_sync.facts_of_document import GONE_STATUSES
from include.billing_sync.mapping import KINDS
from include.billing_sync.payload import Payload
from include.billing_sync.payloads import entity_for, invoice_payload, update_payload, void_payload
from include.billing_sync.ports import Link
from include.billing_sync.reasons import Finding, gravest
from include.billing_sync.resolution import NamePlan, Resolution
from include.billing_sync.settings import Company, RealmSettings
from include.billing_sync.statuses import Action, ItemState, Status
from include.billing_sync.tax import TaxTable

Mode = Literal["copy", "send"]
_ABOUT_CALLS = frozenset({"limits", "waits", "read_budget", "alert_to"})
"""Settings that say how QuickBooks is called and who is told, and nothing about a document."""


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One row of the outbox, before anything is sent. ``payload`` may hold references such as ``@customer:42``.

    ``total`` is billing's, negative for a credit memo; what QuickBooks shall show stands in ``meant``.
    """

    step: int
    kind: str
    billing_id: str
    entity: str
    action: Action
    reason: str
    explanation: str = ""
    doc_number: str | None = None
    doc_date: date | None = None
    warnings: Sequence[Finding] = ()
    payload: Mapping[str, Any] | None = None
    meant: Mapping[str, Any] | None = None
    changes: Sequence[Mapping[str, Any]] = ()
    total: Decimal | None = None
    fingerprint: str | None = None
    canon_version: int | None = None
    customer_id: str | None = None
    rows_digest: str | None = None
    qbo_id: str | None = None
    sync_token: str | None = None
    state: ItemState = ItemState.PLANNED
    is_single: bool = False


@dataclass(frozen=True, slots=True)
class DocumentStatus:
    """What the user sees of one document once the plan is made.

    ``total`` is billing's, negative for a credit memo. ``qbo_total`` is QuickBooks' own TotalAmt, never negative there.
    """

    kind: str
    billing_id: str
    entity: str
    status: Status
    reason: str
    findings: Sequence[Finding]
    detail: str = ""
    doc_number: str | None = None
    doc_date: date | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    currency: str | None = None
    total: Decimal | None = None
    fingerprint: str | None = None
    qbo_id: str | None = None
    qbo_total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """One document with what the checks found and what is known of it in QuickBooks."""

    invoice: Invoice
    fingerprint: str
    findings: Sequence[Finding] = ()
    link: Link | None = None
    is_elsewhere: bool = False
    is_routed_away: bool = False
    is_in_flight: bool = False
    was_deleted_in_qbo: bool = False
    is_asked_for: bool = False


@dataclass(slots=True)
class Totals:
    """Number and money of a plan by action, and of what is stopped by status and reason; currencies are never added up."""

    documents: Counter[str] = field(default_factory=Counter)
    money: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def add(self, key: str, amount: Decimal | None = None, currency: str | None = None) -> None:
        """Count one document under ``key``. An unknown amount counts as a document without money."""
        self.documents[key] += 1
        sums = self.money.setdefault(key, {})
        if amount is not None:
            sums[currency or "?"] = sums.get(currency or "?", Decimal(0)) + amount

    def to_json(self) -> dict[str, dict[str, Any]]:
        """By key: how many documents, and how much money in each currency, as text so that it stays exact."""
        return {
            key: {"documents": count, "money": {name: str(one) for name, one in sorted(self.money[key].items())}}
            for key, count in sorted(self.documents.items())
        }


@dataclass(slots=True)
class Maker:
    """Makes the payloads of one realm. The planner and the last look before a claim use the same one."""

    resolution: Resolution
    settings: RealmSettings
    company: Company
    taxes: TaxTable
    mode: Mode = "copy"

    def create(self, invoice: Invoice) -> Payload:
        """The create of a document. Raises ValueError for what the checks should have stopped."""
        match = self.resolution.customer(invoice.customer_id)
        if match.ref is None:
            raise ValueError(f"invoice {invoice.invoice_id}: its customer means nobody in QuickBooks: {match.detail}")
        return invoice_payload(
            invoice, self.resolution, self.settings, self.company, match.ref, taxes=self.taxes, mode=self.mode
        )

    def made_from(self, realm_keys: Iterable[str]) -> str:
        """A digest of all that decides on a payload besides the document and its customer.

        Two makers of one digest make the same payload of the same document for the same customer.
        """
        book = self.resolution.book
        return digest(
            {
                "settings": {
                    each.name: getattr(self.settings, each.name)
                    for each in fields(self.settings)
                    if each.name not in _ABOUT_CALLS
                },
                "company": self.company,
                "taxes": self.taxes,
                "mode": self.mode,
                "book": [book.rows(kind) for kind in KINDS if kind != "customer"],
                "items": self.resolution.names.item_rows,
                "realm_keys": sorted(realm_keys),
            }
        )

    def update(self, invoice: Invoice, answer: Mapping[str, Any]) -> Payload:
        """The sparse update of a linked document; ``answer`` is what QBO answered our last write."""
        return update_payload(self.create(invoice), answer)


def _changes(link: Link, payload: Payload | None, body: Mapping[str, Any]) -> list[Difference]:
    """What a write changes of what is in QuickBooks; a void takes its total."""
    if payload is not None:
        return changes(link.answer, body)
    return [Difference("TotalAmt", plain(link.total), plain(Decimal(0)))] if link.total else []


def owed(invoice: Invoice) -> Decimal:
    """What billing asks for: its total, and nothing for what is void or deleted there."""
    return Decimal(0) if invoice.status.lower() in GONE_STATUSES else invoice.total_amount


class Planner:
    """Plans the documents of one run and realm, in the order in which they come."""

    def __init__(self, maker: Maker, *, today: date, is_recopy: bool = False, repairs_moved: bool = False) -> None:
        self.maker = maker
        self.today = today
        self.is_recopy = is_recopy
        self.repairs_moved = repairs_moved
        self.totals = Totals()
        self.held = 0
        self.updates = 0
        self._step = 0
        self._sends: list[PlannedItem] = []

    def names(self, plans: Iterable[NamePlan]) -> list[PlannedItem]:
        """What comes first: accounts, then customers, then items, each in the order of billing ids."""
        ordered = sorted(plans, key=lambda plan: (plan.kind, plan.billing_id))
        return [self._name(plan) for plan in ordered]

    def document(self, checked: Checked) -> tuple[list[PlannedItem], DocumentStatus]:
        """What is done with one document, and what the user sees of it until then."""
        invoice = checked.invoice
        entity = checked.link.entity if checked.link else entity_for(invoice, self.maker.settings)
        if checked.is_in_flight:
            finding = Finding("planned", "an earlier write of it is not settled yet: it is planned again after that")
            return [], self._status(checked, entity, Status.UNKNOWN, "planned", [finding])
        decision = decide(
            invoice,
            checked.fingerprint,
            checked.link,
            checked.findings,
            settings=self.maker.settings,
            is_recopy=self.is_recopy,
            is_elsewhere=checked.is_elsewhere,
            is_routed_away=checked.is_routed_away,
            repairs_moved=self.repairs_moved,
            was_deleted_in_qbo=checked.was_deleted_in_qbo,
            is_asked_for=checked.is_asked_for,
            mode=self.maker.mode,
        )
        if decision.action is Action.NONE:
            findings = [*decision.findings, *self._standing_difference(checked, decision)]
            status, reason = gravest(findings)
            self.totals.add(f"{status}: {reason}", owed(invoice), invoice.currency)
            return [], self._status(checked, entity, status, reason, findings)
        if decision.action is Action.SEND:
            self._sends.append(self._mail(invoice, entity))
            self.totals.add(str(decision.action), invoice.total_amount, invoice.currency)
            return [], self._status(checked, entity, Status.SYNCED, "not_yet_sent", decision.findings)
        return self._write(checked, entity, decision)

    def _standing_difference(self, checked: Checked, decision: Decision) -> list[Finding]:
        """A difference that our last write left in QuickBooks stays named while neither side changes.

        The payload is made only where the plain totals differ, which a pushed tax variance may explain.
        """
        link, invoice = checked.link, checked.invoice
        if decision.reason != "unchanged" or link is None or link.total is None:
            return []
        if was_voided(link) and invoice.status.lower() in GONE_STATUSES:
            return []
        others = [str(one) for one in still_other(invoice, link.answer)]
        if link.total != abs(invoice.total_amount):
            meant = self._total_meant(invoice)
            others += [f"QuickBooks holds {link.total}, billing means {meant}"] if meant != link.total else []
        return [Finding("total_differs", "; ".join(others))] if others else []

    def _total_meant(self, invoice: Invoice) -> Decimal:
        try:
            return Decimal(str(self.maker.create(invoice).meant["total"]))
        except ValueError:
            return abs(invoice.total_amount)

    def needs_approval_for_updates(self) -> bool:
        """Whether the plan changes more Synced documents than the settings let through without a person."""
        return beyond_the_limit(self.updates, self.maker.settings)

    def sends(self) -> list[PlannedItem]:
        """The mails, which come after all documents."""
        return [self._numbered(item) for item in self._sends]

    def _write(self, checked: Checked, entity: str, decision: Decision) -> tuple[list[PlannedItem], DocumentStatus]:
        invoice, link = checked.invoice, checked.link
        payload = self._payload(invoice, link, decision.action)
        body = payload.body if payload else void_payload(link.answer) if link else None
        warnings = [*decision.findings, *(payload.warnings if payload else ())]
        if decision.then_send:
            self._sends.append(self._mail(invoice, entity))
            warnings.append(Finding("not_yet_sent", "QuickBooks mails it once it is there"))
        self.updates += link is not None
        item = PlannedItem(
            step=self._next_step(),
            kind="invoice",
            billing_id=invoice.invoice_id,
            entity=entity,
            action=decision.action,
            reason=decision.reason,
            explanation=decision.explanation,
            doc_number=invoice.doc_number,
            doc_date=invoice.invoice_date,
            warnings=warnings,
            payload=body,
            meant=payload.meant if payload else {},
            changes=[change.to_json() for change in _changes(link, payload, body)] if link and body else (),
            total=owed(invoice) if payload else Decimal(0),
            fingerprint=checked.fingerprint,
            canon_version=CANON_VERSION,
            customer_id=invoice.customer_id,
            rows_digest=invoice.rows_digest,
            qbo_id=link.qbo_id if link else None,
            sync_token=link.sync_token if link else None,
            state=ItemState.HELD if decision.needs_approval else ItemState.PLANNED,
            is_single=decision.action is Action.VOID,
        )
        self.totals.add(str(decision.action), invoice.total_amount, invoice.currency)
        self.held += bool(decision.needs_approval)
        reason = decision.needs_approval or "planned"
        finding = Finding(reason, decision.explanation)
        status = finding.status if decision.needs_approval else Status.PENDING
        return [item], self._status(checked, entity, status, reason, [finding, *warnings])

    def _payload(self, invoice: Invoice, link: Link | None, action: Action) -> Payload | None:
        if action is Action.CREATE:
            return self.maker.create(invoice)
        if action is Action.UPDATE and link is not None:
            return self.maker.update(invoice, link.answer)
        return None

    def _mail(self, invoice: Invoice, entity: str) -> PlannedItem:
        return PlannedItem(
            step=0,
            kind="invoice",
            billing_id=invoice.invoice_id,
            entity=entity,
            action=Action.SEND,
            reason="not_yet_sent",
            explanation="QuickBooks mails it to the customer",
            doc_number=invoice.doc_number,
            doc_date=invoice.invoice_date,
            payload={"to": str(invoice.billing_email).strip()},
            total=invoice.total_amount,
            is_single=True,
        )

    def _name(self, plan: NamePlan) -> PlannedItem:
        action = Action.NONE if plan.qbo_id else Action.CREATE
        self.totals.add(f"{plan.kind}:{'adopt' if plan.qbo_id else 'create'}")
        return PlannedItem(
            step=self._next_step(),
            kind=plan.kind,
            billing_id=plan.billing_id,
            entity=plan.entity,
            action=action,
            reason="adopted" if plan.qbo_id else "created",
            explanation=f"QuickBooks {'holds' if plan.qbo_id else 'has no'} {plan.entity} {plan.name!r}",
            doc_number=plan.name,
            warnings=plan.payload.warnings if plan.payload else (),
            payload=plan.payload.body if plan.payload else None,
            meant=plan.payload.meant if plan.payload else None,
            qbo_id=plan.qbo_id,
            is_single=True,
        )

    def _status(
        self, checked: Checked, entity: str, status: Status, reason: str, findings: Sequence[Finding]
    ) -> DocumentStatus:
        invoice, link = checked.invoice, checked.link
        return DocumentStatus(
            kind="invoice",
            billing_id=invoice.invoice_id,
            entity=entity,
            status=status,
            reason=reason,
            findings=findings,
            detail="; ".join(finding.detail for finding in findings if finding.detail),
            doc_number=invoice.doc_number,
            doc_date=invoice.invoice_date,
            customer_id=invoice.customer_id,
            customer_name=invoice.customer.name if invoice.customer else None,
            currency=invoice.currency,
            total=owed(invoice),
            fingerprint=checked.fingerprint,
            qbo_id=link.qbo_id if link else None,
            qbo_total=link.total if link else None,
        )

    def _next_step(self) -> int:
        self._step += 1
        return self._step

    def _numbered(self, item: PlannedItem) -> PlannedItem:
        return replace(item, step=self._next_step())
