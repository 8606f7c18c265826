"""Documents, their canonical JSON and fingerprint, and money: what goes in comes out."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.billing_sync.documents import (
    NOT_CONTENT,
    Customer,
    Invoice,
    Line,
    fingerprint,
    invoice_from_json,
    plain,
    to_json,
)
from include.billing_sync.money import (
    exponent,
    is_exact,
    is_known_currency,
    parse_amount,
    product_is_certain,
    round_half_up,
)
from tests.core.builders import charge, invoice

texts = st.text(max_size=20)
maybe_text = st.none() | texts
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4)
days = st.dates(min_value=date(1900, 1, 1), max_value=date(2999, 12, 31))
lines = st.builds(
    Line,
    line_id=texts,
    position=st.integers(0, 999),
    kind=st.sampled_from(["charge", "discount", "credit", "tax"]),
    description=texts,
    amount=amounts,
    category=maybe_text,
    service_id=maybe_text,
    quantity=st.none() | amounts,
    unit_price=st.none() | amounts,
    tax_code=maybe_text,
    tax_amount=st.none() | amounts,
    service_date=st.none() | days,
)
customers = st.builds(
    Customer, customer_id=texts, name=texts, currency=maybe_text, email=maybe_text, is_test=st.booleans()
)
invoices = st.builds(
    Invoice,
    invoice_id=texts,
    doc_number=texts,
    customer_id=texts,
    invoice_date=days,
    currency=texts,
    total_amount=amounts,
    status=texts,
    lines=st.lists(lines, max_size=3).map(tuple),
    due_date=st.none() | days,
    subtotal_amount=st.none() | amounts,
    tax_amount=st.none() | amounts,
    memo=maybe_text,
    is_opted_out=st.booleans(),
    detail_date=st.none() | days,
    customer=st.none() | customers,
)


@given(invoices)
def test_a_document_comes_back_from_its_json(document):
    """Through text and all: amounts keep their value, absent fields stay absent."""
    content = json.loads(json.dumps(to_json(document)))

    assert invoice_from_json(content) == document
    assert to_json(invoice_from_json(content)) == content


def test_a_document_without_number_and_customer_comes_back_from_its_json():
    """Null is a value that billing may have there; the checks name it."""
    document = invoice(doc_number=None, customer_id=None)

    assert invoice_from_json(to_json(document)) == document


@given(invoices)
def test_the_same_document_has_the_same_fingerprint(document):
    """Also after a way through the database."""
    content = to_json(document)

    assert fingerprint(json.loads(json.dumps(content))) == fingerprint(content)


@given(amounts)
def test_the_way_an_amount_is_written_changes_no_fingerprint(amount):
    """10, 10.0 and 10.0000 are one amount, so a column that changes its scale updates nothing."""
    scaled = amount * Decimal("1.0000")

    assert fingerprint(to_json(invoice(charge(str(amount))))) == fingerprint(to_json(invoice(charge(str(scaled)))))
    assert Decimal(plain(amount)) == amount


def test_minus_zero_is_zero():
    """No document differs from itself by a sign of nothing."""
    assert plain(Decimal("-0.000")) == "0.00"


@pytest.mark.parametrize(
    "change",
    [
        {"total_amount": Decimal("100.01")},
        {"doc_number": "INV-1002"},
        {"invoice_date": date(2026, 11, 2)},
        {"customer_id": "C2"},
        {"lines": (charge("100.00", description="Fiber 501"),)},
        {"billing_email": "a@b.co"},
    ],
)
def test_whatever_quickbooks_is_told_is_part_of_the_fingerprint(change):
    """A change of it is an update."""
    assert fingerprint(to_json(replace(invoice(), **change))) != fingerprint(to_json(invoice()))


def test_what_quickbooks_is_not_told_is_no_part_of_the_fingerprint():
    """Status, balance, contact and the like may change without an update; every such name is a field."""
    changed = replace(
        invoice(),
        status="paid",
        balance_amount=Decimal(0),
        is_opted_out=True,
        detail_date=date(2026, 1, 1),
        updated_at="now",
        realm_key="demo",
        origin="billing",
        customer=Customer("C1", "Another name"),
    )

    assert fingerprint(to_json(changed)) == fingerprint(to_json(invoice()))
    assert {field.name for field in fields(Invoice)} >= NOT_CONTENT


def test_a_canon_of_another_release_is_refused():
    """A fingerprint that cannot be compared is never guessed."""
    with pytest.raises(ValueError, match="content canon 99 is unknown"):
        fingerprint({}, 99)


@given(amounts, st.integers(min_value=0, max_value=3))
def test_rounding_moves_an_amount_by_at_most_half_a_unit(amount, digits):
    """Half up, away from zero, and an exact amount stays."""
    rounded = round_half_up(amount, digits)

    assert abs(rounded - amount) <= Decimal(5).scaleb(-digits - 1)
    assert is_exact(rounded, digits)
    assert round_half_up(-amount, digits) == -rounded


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "certain"),
    [
        ("2", "0.5", "1.00", True),
        ("1", "0.005", "0.01", False),
        ("1", "0.015", "0.02", True),
        ("3", "33.333", "100.00", True),
        ("3", "33.333", "99.99", False),
    ],
)
def test_a_product_is_certain_if_both_ways_of_rounding_agree_on_it(quantity, price, amount, certain):
    """Half up and half even must both give the amount."""
    assert product_is_certain(Decimal(quantity), Decimal(price), Decimal(amount)) is certain


def test_currencies_have_the_digits_of_iso_4217():
    """Two for most, none for the yen, three for the dinar; anything else is no currency."""
    assert [exponent(code) for code in ("USD", "JPY", "KWD")] == [2, 0, 3]
    assert is_known_currency("GBP")
    assert not is_known_currency("gbp")
    with pytest.raises(ValueError, match="'XQZ' is not an ISO 4217"):
        exponent("XQZ")


@pytest.mark.parametrize("text", ["", "ten", "1,000.00", "NaN", "Infinity", "1.2.3"])
def test_text_in_a_number_is_an_error(text):
    """Nothing but a finite number is an amount."""
    with pytest.raises(ValueError, match="number"):
        parse_amount(text)


def test_a_number_is_read_exactly():
    """No float on the way."""
    assert parse_amount("0.1") * 3 == Decimal("0.3")
