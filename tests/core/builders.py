"""Documents, books and companies for the tests of the core: the ordinary case, of which a test changes one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from include.billing_sync.documents import Customer, Invoice, Line
from include.billing_sync.fact_context import CheckContext, CustomerMatch
from include.billing_sync.mapping import MappingBook, MappingRow
from include.billing_sync.settings import Company, RealmSettings
from include.billing_sync.tax import Rate

TODAY = date(2026, 11, 22)
US = Company("US", "USD", is_multi_currency=False, has_custom_numbers=True, uses_automated_tax=True)
GB = Company("GB", "GBP", is_multi_currency=False, has_custom_numbers=True)
SETTINGS = RealmSettings("demo", "qbo_demo", "America/Chicago", start_date=date(2026, 1, 1))
ANNA = Customer("C1", "Anna's Orchard", currency=None, email="anna@orchard.test")
TAXES = {"5": (Rate("21", Decimal(20)),), "6": (), "7": (Rate("23", Decimal("9.975")),)}

_ROWS = (
    ("category", "recurring", "11", "Recurring charges"),
    ("category", "usage", "12", "Usage"),
    ("category", "discount", "13", "Discounts"),
    ("category", "credit", "14", "Credits"),
    ("category", "tax", "19", "Sales tax"),
    ("category", "NY-CITY", "18", "City tax"),
    ("service", "sip-trunk", "15", "SIP trunk"),
    ("tax_code", "STD", "5", "20.0% S"),
    ("tax_code", "ZERO", "6", "No VAT"),
    ("tax_code", "ODD", "7", "9.975% S"),
    ("tax_code", "rounding", "6", "No VAT"),
)


def book(*more: tuple[str, str, str, str], without: tuple[str, ...] = ()) -> MappingBook:
    """A mapping book; ``more`` rows replace rows of the same key, ``without`` names keys to leave out."""
    rows = {(kind, key): (kind, key, qbo_id, name) for kind, key, qbo_id, name in (*_ROWS, *more) if key not in without}
    return MappingBook(
        MappingRow(kind, key, None, qbo_id, name)  # type: ignore[arg-type]  # kind is one of the five
        for kind, key, qbo_id, name in rows.values()
    )


def charge(amount: str = "100.00", **more: Any) -> Line:
    """A charge in the category recurring; further charges need a ``position`` of their own."""
    position = more.pop("position", 1)
    values = {"kind": "charge", "description": "Fiber 500", "category": "recurring"} | more
    return Line(f"L{position}", position, amount=Decimal(amount), **values)


def tax_line(amount: str, code: str, position: int = 90) -> Line:
    """The tax of one jurisdiction."""
    return Line(f"L{position}", position, "tax", f"{code} tax", Decimal(amount), tax_code=code)


def invoice(*lines: Line, **more: Any) -> Invoice:
    """An open invoice of Anna's over these lines, by default one charge of 100.00; totals follow from the lines."""
    lines = lines or (charge(),)
    tax = sum((line.amount for line in lines if line.kind == "tax"), Decimal(0))
    tax = more.pop("tax_amount", tax)
    net = sum((line.amount for line in lines if line.kind != "tax"), Decimal(0))
    values: dict[str, Any] = {
        "invoice_id": "I1",
        "doc_number": "INV-1001",
        "customer_id": "C1",
        "invoice_date": date(2026, 11, 1),
        "due_date": date(2026, 12, 1),
        "currency": "USD",
        "total_amount": net + (tax or 0),
        "status": "open",
        "tax_amount": tax,
        "customer": ANNA,
    }
    return Invoice(lines=lines, **(values | more))


def context(**more: Any) -> CheckContext:
    """A US realm that knows Anna as customer 42, on 2026-11-22."""
    values: dict[str, Any] = {
        "settings": SETTINGS,
        "company": US,
        "book": book(),
        "today": TODAY,
        "taxes": TAXES,
        "customer": CustomerMatch("42"),
    }
    return CheckContext(**(values | more))


def settings(**more: Any) -> RealmSettings:
    """The documented defaults, changed where said."""
    return replace(SETTINGS, **more)
