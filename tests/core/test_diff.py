"""Differences between what was meant, what QuickBooks answered and what it held before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from include.billing_sync.diff import Difference, changes, compare_answer
from include.billing_sync.owned import owned_fields
from include.billing_sync.payloads import invoice_payload, update_payload
from tests.core.builders import SETTINGS, US, book, charge, invoice

MEANT = {
    "doc_number": "INV-1001",
    "date": "2026-11-01",
    "due_date": "2026-12-01",
    "customer": "42",
    "currency": "USD",
    "total": "100.00",
    "tax": "0.00",
    "lines": 1,
}


def answered(**changes_):
    """QuickBooks' answer to the usual invoice, numbers as the wire reads them."""
    line = {
        "Id": "1",
        "Amount": Decimal("100.00"),
        "Description": "Fiber 500",
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "11", "name": "Recurring"}, "TaxCodeRef": {"value": "NON"}},
    }
    return {
        "Id": "900",
        "SyncToken": "0",
        "DocNumber": "INV-1001",
        "TxnDate": "2026-11-01",
        "DueDate": "2026-12-01",
        "CustomerRef": {"value": "42", "name": "Anna"},
        "CurrencyRef": {"value": "USD"},
        "PrivateNote": "Ref I1",
        "TotalAmt": 100,
        "TxnTaxDetail": {"TotalTax": 0},
        "Line": [line, {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}],
    } | changes_


def test_an_answer_as_meant_differs_in_nothing():
    """100 and 100.00 are one amount; a line that QuickBooks adds by itself is none of ours."""
    assert compare_answer(MEANT, answered()) == []


@pytest.mark.row("F85")
@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"DocNumber": "1043"}, Difference("doc_number", "1043", "INV-1001")),
        ({"DocNumber": None}, Difference("doc_number", None, "INV-1001")),
        ({"TxnDate": "2026-11-02"}, Difference("date", "2026-11-02", "2026-11-01")),
        ({"DueDate": "2026-12-31"}, Difference("due_date", "2026-12-31", "2026-12-01")),
        ({"CustomerRef": {"value": "43"}}, Difference("customer", "43", "42")),
        ({"CurrencyRef": {"value": "EUR"}}, Difference("currency", "EUR", "USD")),
        ({"TotalAmt": Decimal("100.01")}, Difference("total", "100.01", "100.00")),
        ({"TxnTaxDetail": {"TotalTax": Decimal("0.01")}}, Difference("tax", "0.01", "0.00")),
        ({"Line": []}, Difference("lines", "0", "1")),
    ],
)
def test_each_field_that_is_not_as_meant_is_named(change, difference):
    """To the last cent, with both values."""
    assert compare_answer(MEANT, answered(**change)) == [difference]


def test_a_difference_reads_as_a_sentence_and_is_stored_as_json():
    """For the log, and for the plan."""
    difference = Difference("total", "100.01", "100.00")

    assert str(difference) == "total: QuickBooks holds 100.01, billing means 100.00"
    assert str(Difference("doc_number", None, "A")) == "doc_number: QuickBooks holds nothing, billing means A"
    assert difference.to_json() == {"field": "total", "old": "100.01", "new": "100.00"}


def test_what_nobody_meant_is_not_compared():
    """A due date that billing leaves open is QuickBooks' to fill; a company of one currency may name none."""
    meant = {name: value for name, value in MEANT.items() if name not in ("due_date", "tax")}

    assert compare_answer(meant, answered(DueDate="2027-01-01", TxnTaxDetail={"TotalTax": 9})) == []
    assert compare_answer(MEANT, answered(CurrencyRef=None, TxnTaxDetail=None)) == []


def update_of(document):
    """The body of an update of the usual invoice, and what was kept of the answer before."""
    answer = owned_fields(answered())
    payload = invoice_payload(document, book(), SETTINGS, US, "42")
    return answer, update_payload(payload, answer).body


def test_an_update_that_would_change_nothing_shows_nothing():
    """What is kept of the answer and what would be sent are compared in one form."""
    assert changes(*update_of(invoice())) == []


@pytest.mark.row("G2")
def test_an_update_shows_field_by_field_what_it_changes():
    """Header and lines, old value and new; lines that come and lines that go."""
    document = invoice(
        charge("120.00", quantity=Decimal(2), unit_price=Decimal(60)),
        charge("5.00", position=2, category="usage", description="Minutes"),
        doc_number="INV-1001A",
    )

    assert changes(*update_of(document)) == [
        Difference("DocNumber", "INV-1001", "INV-1001A"),
        Difference("line 1 Amount", "100.00", "120.00"),
        Difference("line 1 Qty", None, "2.00"),
        Difference("line 1 UnitPrice", None, "60.00"),
        Difference("line 2", None, "5.00 Minutes"),
    ]
    gone = changes(*update_of(invoice(charge("7.00", category="usage"))))
    assert gone[-1] == Difference("line id 1", "100.00 Fiber 500", None)


def test_a_changed_tax_is_shown():
    """The override is part of what an update writes."""
    body = {"TxnTaxDetail": {"TotalTax": Decimal("8.88")}, "Line": []}

    assert changes({"TotalTax": "8.87"}, body) == [Difference("TotalTax", "8.87", "8.88")]
    assert changes({"TotalTax": "8.880"}, body) == []
