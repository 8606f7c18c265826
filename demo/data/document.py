"""Builds one invoice of the demo: lines with exact amounts, tax by jurisdiction, totals that follow from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from demo.data.company import EXEMPT, RATES, SERVICE, TAXABLE, Row, Subscriber

_CENT = Decimal("0.01")


@dataclass(slots=True)
class Document:
    """One invoice with all rows that belong to it; ``cases`` are the reasons it is there to show."""

    invoice: Row
    lines: list[Row] = field(default_factory=list)
    usage: list[Row] = field(default_factory=list)
    credits: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    jurisdictions: tuple[str, ...] = ()

    def add(self, kind: str, description: str, amount: Decimal | str, **more: Any) -> Row:
        """A line of this kind; what is not said is taken from the service, if one is named."""
        service = SERVICE.get(more.get("service_id", ""))
        place = len(self.lines) + 1
        row = {
            "line_id": f"{self.invoice['invoice_id']}-{place:03}",
            "invoice_id": self.invoice["invoice_id"],
            "position": place,
            "kind": kind,
            "category": service[3] if service else None,
            "description": description,
            "amount": Decimal(amount),
            "tax_code": TAXABLE if self.jurisdictions else EXEMPT,
            "service_date": self.invoice["invoice_date"],
            "updated_at": self.invoice["updated_at"],
        }
        self.lines.append(row | more)
        return self.lines[-1]

    def charge(self, service_id: str, quantity: Decimal | str = "1", **more: Any) -> Row:
        """A charge for a service at its list price, unless ``amount`` says otherwise."""
        quantity = Decimal(quantity)
        price = Decimal(SERVICE[service_id][4])
        amount = more.pop("amount", cents(quantity * price))
        description = more.pop("description", SERVICE[service_id][1])
        return self.add(
            "charge", description, amount, service_id=service_id, quantity=quantity, unit_price=price, **more
        )

    def discount(self, description: str, amount: Decimal | str) -> Row:
        """A discount: a negative amount in a category of its own."""
        return self.add("discount", description, amount, category="discount")

    def credit(self, description: str, amount: Decimal | str) -> Row:
        """A credit: likewise."""
        return self.add("credit", description, amount, category="credit")

    def finish(self, **header: Any) -> Document:
        """Add the tax lines and the totals; ``header`` overrides what follows from the lines."""
        subtotal = sum((line["amount"] for line in self.lines), Decimal(0))
        taxed = sum((line["amount"] for line in self.lines if line["tax_code"] == TAXABLE), Decimal(0))
        tax = Decimal(0)
        for code in self.jurisdictions if taxed > 0 else ():
            amount = cents(taxed * RATES[code] / 100)
            self.add("tax", f"{code} {RATES[code]} %", amount, tax_code=code)
            tax += amount
        total = subtotal + tax
        totals = {"subtotal_amount": subtotal, "tax_amount": tax, "total_amount": total, "balance_amount": total}
        self.invoice = totals | self.invoice | header
        if self.invoice["status"] in ("paid", "void", "deleted"):
            self.invoice["balance_amount"] = Decimal(0)
        return self

    def shows(self, reason: str, explanation: str) -> Document:
        """Note that this document is there to show a reason."""
        self.cases.append({"invoice_id": self.invoice["invoice_id"], "reason": reason, "explanation": explanation})
        return self


def document(number: int, who: Subscriber | None, invoice_date: date, **header: Any) -> Document:
    """An empty invoice; its id and document number follow from ``number``."""
    # Rows of a wrong date were written on an ordinary day.
    written = invoice_date if invoice_date.year == 2026 else date(2026, 10, 30)
    invoice = {
        "invoice_id": f"I-{number}",
        "doc_number": f"LL-{number}",
        "customer_id": who.customer_id if who else None,
        "invoice_date": invoice_date,
        "due_date": invoice_date + timedelta(days=30),
        "currency": "USD",
        "status": "open",
        "memo": None,
        "billing_email": who.email if who else None,
        "updated_at": datetime(written.year, written.month, written.day, 6, tzinfo=UTC),
    }
    return Document(invoice | header, jurisdictions=who.jurisdictions if who else ())


def cents(amount: Decimal) -> Decimal:
    """The amount rounded half up to the cent."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)
