"""Whom and what the documents of one run mean in QuickBooks, decided once per customer and service before any plan.

Mapped first, then by exact name, then to be created where the settings allow it (FEATURES X2, X3, F39-F60). What a run
creates is written under a reference such as ``@customer:42``, which the push resolves once QuickBooks has given it an id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from include.billing_sync.accounts import account_called, account_payload, new_accounts, serves
from include.billing_sync.documents import Customer, Invoice, Line
from include.billing_sync.facts import CustomerMatch
from include.billing_sync.mapping import (
    Absent,
    Ambiguous,
    BillingNames,
    Excluded,
    ItemNames,
    ListRow,
    Mapped,
    MappingBook,
    Matched,
    QboNames,
    Target,
    match_customer,
    match_item,
)
from include.billing_sync.parties import customer_payload, item_payload
from include.billing_sync.payload import Payload
from include.billing_sync.settings import Company, RealmSettings

NameKind = Literal["account", "customer", "item"]


@dataclass(frozen=True, slots=True)
class NamePlan:
    """An account, customer or item that the push settles before the documents: created, or adopted under its name."""

    kind: NameKind
    billing_id: str
    entity: Literal["Account", "Customer", "Item"]
    name: str
    qbo_id: str | None = None
    payload: Payload | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """The reference that a line may carry, or why its name could not be settled."""

    reference: str | None = None
    ambiguous: str = ""


class Names:
    """What is known of names on both sides when a run begins."""

    def __init__(
        self,
        *,
        rows: Iterable[ListRow],
        billing: BillingNames,
        taken: Mapping[str, str],
    ) -> None:
        """Index the reference cache; ``taken`` gives the billing id behind each QBO customer that is mapped or linked."""
        known = list(rows)
        self.qbo = QboNames(known)
        self.items = ItemNames(known)
        self.item_rows = sorted((row for row in known if row.entity == "Item"), key=lambda row: row.qbo_id)
        self.accounts = [row for row in known if row.entity == "Account"]
        self.billing = billing
        self.taken = taken
        self.customers = {row.qbo_id: row for row in known if row.entity == "Customer"}
        self.inactive = frozenset((row.entity, row.qbo_id) for row in known if not row.is_active)


@dataclass(slots=True)
class Resolution:
    """Answers per customer and per service, and the names that have to be settled in QuickBooks first."""

    book: MappingBook
    settings: RealmSettings
    company: Company
    names: Names
    customers: dict[str, CustomerMatch] = field(default_factory=dict)
    items: dict[str, Resolved] = field(default_factory=dict)
    plans: dict[tuple[str, str], NamePlan] = field(default_factory=dict)

    def add(self, invoices: Iterable[Invoice]) -> None:
        """Decide on the customers and services of these documents that were not met before, and on accounts to create."""
        self._plan_accounts()
        for invoice in invoices:
            if invoice.customer is not None and invoice.customer.customer_id not in self.customers:
                self.customers[invoice.customer.customer_id] = self._customer(invoice.customer, invoice.currency)
            for line in invoice.lines:
                key = item_key(line)
                if key and key not in self.items and self._wants_item(line):
                    self.items[key] = self._item(line, key)

    def customer(self, customer_id: str | None) -> CustomerMatch:
        """What became of a document's customer. One that billing does not know has no reference."""
        return self.customers.get(customer_id or "", CustomerMatch())

    def item(self, line: Line) -> Target | None:
        """The item of a line: as mapped, or as found or planned by name."""
        mapped = None if self.settings.items == "per_line" and line.kind == "charge" else self.book.item(line)
        if mapped is not None:
            return mapped
        if self.settings.items == "per_line" and not _name(line).strip() and self.settings.generic_item:
            return Target(self.settings.generic_item.id, self.settings.generic_item.name)
        resolved = self.items.get(item_key(line) or "")
        return Target(resolved.reference, _name(line)) if resolved and resolved.reference else None

    def ambiguous_lines(self, invoice: Invoice) -> dict[str, str]:
        """Line id and cause, for the lines whose item a name could not settle."""
        causes: dict[str, str] = {}
        for line in invoice.lines:
            resolved = self.items.get(item_key(line) or "")
            if resolved and resolved.ambiguous and self.item(line) is None:
                causes[line.line_id] = resolved.ambiguous
        return causes

    def tax_code(self, code: str | None) -> Target | None:
        """The tax code of a line, as mapped."""
        return self.book.tax_code(code)

    def target(self, kind: Literal["category", "tax_code"], key: str | None) -> Target | None:
        """What a key itself is mapped to."""
        return self.book.target(kind, key)

    def _plan_accounts(self) -> None:
        """The accounts that settings consent to have created; what needs none of them leaves them out of the plan."""
        for setting, named in new_accounts(self.settings).items():
            if ("account", named.name) not in self.plans:
                held = account_called(named.name, self.names.accounts)
                qbo_id = held.qbo_id if held is not None and serves(setting, held) else None
                payload = None if qbo_id else account_payload(setting, named.name)
                self._plan_name("account", named.name, "Account", named.name, qbo_id, payload)

    def _customer(self, customer: Customer, currency: str) -> CustomerMatch:
        answer = self.book.customer(customer.customer_id)
        if isinstance(answer, Mapped):
            return self._known(answer.target.qbo_id)
        if isinstance(answer, Excluded):
            return CustomerMatch(
                is_excluded=True, detail=f"customer {customer.customer_id} {customer.name!r} is never synced"
            )
        if customer.is_test:
            return CustomerMatch(is_excluded=True, detail=f"{customer.name!r} is a test customer in billing")
        if self.settings.customers == "mapped_only":
            return CustomerMatch(detail=_unmapped(customer, "and the settings allow mapped customers only"))
        wanted = currency if self.company.is_multi_currency else None
        found = match_customer(
            customer, self.names.qbo, self.names.billing, self.names.taken, wanted, self.settings.name_length
        )
        if isinstance(found, Ambiguous):
            return CustomerMatch(is_ambiguous=True, detail=found.why)
        if isinstance(found, Matched):
            self._plan_name("customer", customer.customer_id, "Customer", found.target.name, found.target.qbo_id)
            return self._known(found.target.qbo_id)
        if self.settings.customers == "match":
            why = "QuickBooks has no customer of this name, and the settings create none"
            return CustomerMatch(detail=_unmapped(customer, why))
        payload = customer_payload(customer, self.settings, self.company, currency)
        reference = self._plan_name("customer", customer.customer_id, "Customer", found.name, None, payload).reference
        return CustomerMatch(ref=reference, currency=customer.currency or currency)

    def _known(self, qbo_id: str) -> CustomerMatch:
        row = self.names.customers.get(qbo_id)
        if row is None:
            return CustomerMatch(ref=qbo_id)
        detail = "" if row.is_active else f"{row.name} (id {qbo_id}) is inactive in QuickBooks"
        return CustomerMatch(ref=qbo_id, currency=row.currency, is_inactive=not row.is_active, detail=detail)

    def _wants_item(self, line: Line) -> bool:
        if self.settings.items == "mapped_only" or line.kind == "tax":
            return False
        return self.settings.items == "per_line" or self.book.item(line) is None

    def _item(self, line: Line, key: str) -> Resolved:
        mapped = self.book.target("service", key)
        if mapped is not None:
            return Resolved(mapped.qbo_id)
        found = match_item(_name(line), self.names.items)
        if isinstance(found, Ambiguous):
            return Resolved(ambiguous=found.why)
        if isinstance(found, Matched):
            return self._plan_name("item", key, "Item", found.target.name, found.target.qbo_id)
        assert isinstance(found, Absent)  # noqa: S101 - the third of three
        return self._plan_name("item", key, "Item", found.name, None, item_payload(line, self.settings))

    def _plan_name(
        self,
        kind: NameKind,
        billing_id: str,
        entity: Literal["Account", "Customer", "Item"],
        name: str,
        qbo_id: str | None,
        payload: Payload | None = None,
    ) -> Resolved:
        self.plans[(kind, billing_id)] = NamePlan(kind, billing_id, entity, name, qbo_id, payload)
        return Resolved(qbo_id or f"@{kind}:{billing_id}")


def item_key(line: Line) -> str | None:
    """What names a line's item in billing: its service, else the text of the line; None for a nameless line."""
    if line.service_id:
        return line.service_id
    return f"name:{_name(line)}" if _name(line).strip() else None


def _name(line: Line) -> str:
    """The name as billing writes it: a space at its end is a difference that a person settles, never a guess."""
    return line.service_name or line.description


def _unmapped(customer: Customer, why: str) -> str:
    return f"customer {customer.customer_id} {customer.name!r} is not mapped: {why}"
