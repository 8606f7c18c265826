"""One rule set for transactions that are not sales: what differs from one to the other is a row of a table.

A row says which properties are required, where references lead, what kind of lines there are, whose balance moves, and what
the server fills in. The order of the checks is the same for all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from qbo_simulator import openlines, wire
from qbo_simulator.books import Books, Record
from qbo_simulator.clock import meta_time
from qbo_simulator.entities.kinds import EntityType
from qbo_simulator.errors import Fault, NotSimulated, business, missing
from qbo_simulator.rules import charges, links
from qbo_simulator.rules.addresses import number_address
from qbo_simulator.rules.base import Rules, is_sparse, merged
from qbo_simulator.rules.currencies import check_accounts, check_names
from qbo_simulator.rules.expenses import read_expense_lines, require_type
from qbo_simulator.rules.lines import Lines
from qbo_simulator.rules.numbers import refuse_duplicate_number
from qbo_simulator.rules.tax import apply_tax
from qbo_simulator.rules.terms import due_date
from qbo_simulator.rules.tracking import TRACKED, settle_tracking
from qbo_simulator.rules.transactions import check_closed_books, custom_fields, refuse_deposited, settle_currency
from qbo_simulator.wire import Json

Owed = dict[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a property leads; of an account also which types it may have."""

    field: str
    entity: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What is true of one transaction type."""

    required: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    # The name whose balance moves: (list, property, sign of the balance).
    party: tuple[str, str, int] | None = None
    lines: Literal["expense", "own", ""] = "expense"
    is_numbered: bool = True
    has_balance: bool = False
    has_due_date: bool = False
    has_custom_fields: bool = False
    has_currency: bool = True
    prints_links: bool = False
    # Whether its billable lines wait to be invoiced.
    is_charged: bool = False
    kept: tuple[str, ...] = ("CurrencyRef", "ExchangeRate", "DocNumber", "RecurDataRef")
    # Everything else, before and after the lines are read.
    prepare: Callable[[Books, Json, Json | None], None] | None = None
    settle: Callable[[Books, Json, Record | None], int] | None = None
    # What names owe after this document, when that is more than one balance.
    owed: Callable[[Books, Json], Owed] | None = None
    # What else a new version, or the end, of a document brings about.
    linked: Callable[[Books, int, Json | None, Json | None], None] | None = None
    # References that ``prepare`` or ``settle`` look up.
    resolved: tuple[str, ...] = ()
    gaps: tuple[str, ...] = field(default=())


class FormRules(Rules):
    """Create, update and delete of one row of the table."""

    def __init__(self, entity: EntityType, form: Form) -> None:
        super().__init__(entity)
        self.form = form
        self.gaps = form.gaps

    def create(self, books: Books, raw: Json, flags: frozenset[str]) -> Record:
        """Check and store a new document."""
        document = self.entity.shape.read(raw)
        last_line = self._settle(books, document, None, flags)
        record = books.insert(self.entity, document, last_line=last_line)
        self._follow(books, record.id, None, record.document)
        return record

    def update(self, books: Books, record: Record, raw: Json, flags: frozenset[str]) -> Record:
        """Check and store a new version; lines are replaced as a whole."""
        old = record.document
        self._refuse_locked(books, old)
        document = merged(self.entity, old, raw, self.form.kept)
        if is_sparse(raw) and "Line" in raw and "TxnTaxDetail" not in raw:
            document.pop("TxnTaxDetail", None)
        last_line = self._settle(books, document, record, flags)
        changed = books.replace(record, document, last_line=last_line)
        self._follow(books, record.id, old, changed.document)
        return changed

    def delete(self, books: Books, record: Record) -> None:
        """Remove the document; what is linked to it must be unlinked first."""
        self._refuse_locked(books, record.document)
        links.refuse_when_paid(record)
        books.delete(record)
        self._follow(books, record.id, record.document, None)

    def send(self, books: Books, record: Record, send_to: str | None) -> Record:
        """Mark as mailed (purchase orders)."""
        document = dict(record.document)
        address = send_to or document.get("POEmail", {}).get("Address")
        if not address or "@" not in address:
            raise Fault("6420", "An e-mail address is required to send the transaction.", element="POEmail")
        document["POEmail"] = {"Address": address}
        document["EmailStatus"] = "EmailSent"
        document["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": meta_time(books.now)}
        return books.replace(record, document)

    def _refuse_locked(self, books: Books, document: Json) -> None:
        check_closed_books(books, document["TxnDate"])
        refuse_deposited(document)

    def _settle(self, books: Books, document: Json, record: Record | None, flags: frozenset[str]) -> int:
        form, old = self.form, record.document if record else None
        for name in form.required:
            if name not in document:
                raise missing(name)
        if form.prepare:
            form.prepare(books, document, old)
        document.setdefault("TxnDate", books.today)
        check_closed_books(books, document["TxnDate"])
        self._settle_references(books, document, old)
        refuse_duplicate_number(books, self.entity, document, record, flags)
        for name, shape in self.entity.shape.fields.items():
            if name.endswith("Addr") and name in document and shape is not None:
                number_address(books, document, old, name)
        if form.has_custom_fields:
            custom_fields(books, document)
        last_line = self._settle_lines(books, document, record)
        if form.has_due_date and "DueDate" not in document:
            document["DueDate"] = due_date(books, document, days=0)
        if form.settle:
            last_line = form.settle(books, document, record)
        if record and self.entity.name in openlines.HOLDERS:
            openlines.settle_used(books, document, record)
        if form.has_balance:
            self._settle_balance(document, old)
        if form.has_currency:
            self._settle_money(books, document)
        self._settle_links(books, document, old or {})
        if form.is_charged:
            charges.settle_charges(books, self.entity.name, document, old or {})
        return last_line

    def _settle_links(self, books: Books, document: Json, old: Json) -> None:
        name = self.entity.name
        linked = links.settle_links(books, name, document.pop("LinkedTxn", []), old.get("LinkedTxn", []))
        if self.form.lines == "expense":
            links.check_line_links(books, name, document["Line"], old.get("Line", []))
        if linked or self.form.prints_links:
            document["LinkedTxn"] = linked

    def _settle_money(self, books: Books, document: Json) -> None:
        """All that the document touches is of its currency; with several currencies its total is told in the home one, too."""
        check_accounts(books, document)
        names = list(self.form.owed(books, document)) if self.form.owed else []
        if "EntityRef" in document:
            names.append((document["EntityRef"]["type"], int(document["EntityRef"]["value"])))
        check_names(books, document, names)
        if books.company.is_multicurrency and "TotalAmt" in document and "HomeTotalAmt" in self.entity.shape.fields:
            document["HomeTotalAmt"] = wire.money(document["TotalAmt"] * Decimal(document["ExchangeRate"]))

    def _settle_references(self, books: Books, document: Json, old: Json | None) -> None:
        party: Record | None = None
        for one in self.form.references:
            if one.field not in document:
                continue
            was = (old or {}).get(one.field)
            if one.entity == "Account":
                require_type(books, document[one.field], one.types, one.field, was)
            else:
                found = books.refer(one.entity, document[one.field], was=was)
                if self.form.party and one.field == self.form.party[1]:
                    party = found
        settle_tracking(books, document, old)
        self._refuse_unresolved(document)
        if not self.form.has_currency:
            return
        if party is None:
            document.setdefault("CurrencyRef", {"value": books.company.home_currency})
        settle_currency(books, document, party, is_free=party is None)

    def _refuse_unresolved(self, document: Json) -> None:
        """A reference that nobody looks up would be believed: 501 with its name."""
        known = {one.field for one in self.form.references} | {
            "CurrencyRef",
            "RecurDataRef",
            *TRACKED,
            *self.form.resolved,
        }
        for name in document:
            if name.endswith("Ref") and name not in known:
                raise NotSimulated(f"{name} on {self.entity.name}")
        if document.get("CustomField") and not self.form.has_custom_fields:
            raise NotSimulated(f"CustomField on {self.entity.name}")

    def _settle_lines(self, books: Books, document: Json, record: Record | None) -> int:
        last_line = record.last_line if record else 0
        if self.form.lines != "expense":
            return last_line
        given = document.get("Line")
        if not given:
            raise missing("Line")
        old = record.document if record else {}
        payee = document.get("EntityRef", {}).get("type", "")
        lines = read_expense_lines(books, given, old, last_line, document["TxnDate"], self.form.is_numbered, payee)
        tax = self._tax(books, document, lines, old or None)
        document["Line"] = lines.items
        total = lines.subtotal + tax
        if total < 0:
            raise business(books.settings.negative_total_text)
        document["TotalAmt"] = total or 0
        return lines.last_id

    def _tax(self, books: Books, document: Json, lines: Lines, old: Json | None) -> Decimal | int:
        """US purchases carry no tax of their own; elsewhere it is computed from the purchase rates of each line's code."""
        if books.company.is_us:
            document.pop("TxnTaxDetail", None)
            document.pop("GlobalTaxCalculation", None)
            return 0
        return apply_tax(books, document, lines, old, None, "PurchaseTaxRateList")

    def _settle_balance(self, document: Json, old: Json | None) -> None:
        applied = old["TotalAmt"] - old["Balance"] if old else 0
        balance = document["TotalAmt"] - applied
        if balance < 0:
            raise business("The amount of the transaction cannot be less than what has been applied to it.")
        document["Balance"] = balance or 0

    def _owed(self, books: Books, document: Json | None) -> Owed:
        if document is None:
            return {}
        if self.form.owed:
            return self.form.owed(books, document)
        if self.form.party is None or self.form.party[1] not in document:
            return {}
        entity, name, sign = self.form.party
        return {(entity, int(document[name]["value"])): sign * wire.cents(document.get("Balance", 0))}

    def _follow(self, books: Books, id: int, old: Json | None, new: Json | None) -> None:
        """Balances of names follow; their LastUpdatedTime moves with every write, their SyncToken never."""
        before, after = self._owed(books, old), self._owed(books, new)
        for key in {**before, **after}:
            books.touch(*key, after.get(key, 0) - before.get(key, 0))
        links.follow_sources(books, self.entity.name, id, old, new)
        if self.form.is_charged:
            charges.follow_charges(books, self.entity.name, id, old, new)
        if self.form.linked:
            self.form.linked(books, id, old, new)
