"""Billing documents as the core sees them, their canonical JSON and their content fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any

CANON_VERSION = 1
NO_CONTENT = "void"
"""Stands where a fingerprint would: our own void is there, which is the content of no document."""
NOT_CONTENT = frozenset(
    {
        "status",
        "balance_amount",
        "updated_at",
        "realm_key",
        "is_opted_out",
        "detail_date",
        "origin",
        "rows_digest",
    }
)
"""Header columns that say something about the document but are nothing that QuickBooks is told."""


@dataclass(frozen=True, slots=True)
class Line:
    """One invoice line. ``kind`` is charge, discount, credit or tax; discounts and credits carry negative amounts."""

    line_id: str
    position: int
    kind: str
    description: str
    amount: Decimal
    category: str | None = None
    service_id: str | None = None
    service_name: str | None = None
    service_sku: str | None = None
    subscription_id: str | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    tax_code: str | None = None
    tax_amount: Decimal | None = None
    service_date: date | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Who owes. ``name`` becomes QuickBooks' DisplayName; the contact is sent only when the customer is created there."""

    customer_id: str
    name: str
    currency: str | None = None
    company_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice of billing with its lines. Amounts are in ``currency``; dates are local dates of the realm.

    ``rows_digest`` is billing's own digest of all rows that it was read from: equal digests mean equal rows,
    unequal ones mean nothing.
    """

    invoice_id: str
    doc_number: str | None
    customer_id: str | None
    invoice_date: date
    currency: str
    total_amount: Decimal
    status: str
    lines: tuple[Line, ...]
    due_date: date | None = None
    subtotal_amount: Decimal | None = None
    tax_amount: Decimal | None = None
    balance_amount: Decimal | None = None
    memo: str | None = None
    billing_email: str | None = None
    is_opted_out: bool = False
    detail_date: date | None = None
    origin: str | None = None
    realm_key: str | None = None
    updated_at: str | None = None
    rows_digest: str | None = None
    customer: Customer | None = field(default=None)


_FIELDS: dict[type, tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]] = {
    kind: (names, attrgetter(*names))
    for kind in (Line, Customer, Invoice)
    for names in [tuple(each.name for each in fields(kind))]
}


def to_json(value: Any) -> Any:
    """The canonical JSON form of a document or a part of it: Decimals and dates as text, absent fields left out."""
    if type(value) in _FIELDS:
        return _members(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, tuple):
        return [to_json(part) for part in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def _members(value: Line | Customer | Invoice) -> dict[str, Any]:
    """The fields that are not absent. A run holds hundreds of thousands of them, so the usual types come first."""
    names, values_of = _FIELDS[type(value)]
    told: dict[str, Any] = {}
    for name, part in zip(names, values_of(value), strict=True):
        kind = type(part)
        if kind is str:
            told[name] = part
        elif kind is Decimal:
            told[name] = plain(part)
        elif part is not None and part is not False:
            told[name] = to_json(part)
    return told


def plain(amount: Decimal) -> str:
    """A Decimal as text without exponent and without trailing zeros beyond the cent, so that 10, 10.0 and 10.00 agree."""
    text = str(amount)
    if text[-3:-2] == ".":
        # Two places: nothing to cut or to fill up, and an exponent would stand where the point is.
        return "0.00" if text == "-0.00" else text
    text = format(amount, "f")
    if "." in text:
        whole, _, part = text.partition(".")
        part = part.rstrip("0").ljust(2, "0")
        text = f"{whole}.{part}"
    else:
        text += ".00"
    return text.removeprefix("-") if text.strip("-0.") == "" else text


def invoice_from_json(content: Mapping[str, Any]) -> Invoice:
    """The invoice that :func:`to_json` wrote. Raises KeyError or ValueError when the content is not such a document."""
    values = {"doc_number": None, "customer_id": None, **content}
    lines = tuple(line_from_json(line) for line in values.pop("lines"))
    customer = values.pop("customer", None)
    for name in ("total_amount", "subtotal_amount", "tax_amount", "balance_amount"):
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    for name in ("invoice_date", "due_date", "detail_date"):
        if values.get(name) is not None:
            values[name] = date.fromisoformat(values[name])
    return Invoice(**values, lines=lines, customer=Customer(**customer) if customer else None)


def line_from_json(content: Mapping[str, Any]) -> Line:
    """The line that :func:`to_json` wrote."""
    values = dict(content)
    for name in ("amount", "quantity", "unit_price", "tax_amount"):
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    if values.get("service_date") is not None:
        values["service_date"] = date.fromisoformat(values["service_date"])
    return Line(**values)


def fingerprint(content: Mapping[str, Any], canon_version: int = CANON_VERSION) -> str:
    """SHA-256 over what QuickBooks is told of a document, under a versioned canon.

    Contact data of the customer is no part of it (it goes to QuickBooks only when the customer is created), nor is anything in
    :data:`NOT_CONTENT`. Raises ValueError for a canon that this release does not know.
    """
    if canon_version != CANON_VERSION:
        raise ValueError(
            f"content canon {canon_version} is unknown to this release, which writes canon {CANON_VERSION}"
        )
    told = {key: value for key, value in content.items() if key not in NOT_CONTENT and key != "customer"}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
