"""Every case of the demo gets the reason that it is there to show, from the gate itself and the demo's own mapping book."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest

from include.billing_sync.facts import CheckContext, facts
from include.billing_sync.mapping import BillingNames, MappingBook
from include.billing_sync.reasons import gravest
from include.billing_sync.resolution import Names, Resolution
from include.billing_sync.settings import Company, Named, RealmSettings
from include.billing_sync.statuses import Status
from include.expectations.runner import Gate
from include.stores.billing import BillingReader
from include.wiring.mapping_folder import read_folder

TODAY = date(2026, 11, 22)
FOLDER = Path(__file__).resolve().parents[2] / "include" / "mappings" / "demo"
SETTINGS = RealmSettings(
    "demo", "qbo_demo", "America/Chicago", date(2026, 7, 1), generic_item=Named("1", "Services"), tax="override"
)
COMPANY = Company("US", "USD", is_multi_currency=False, has_custom_numbers=True, closing_date=date(2026, 7, 31))
DECIDED_ELSEWHERE = {
    "created": "it has no finding at all",
    "no_routing_rule": "the extract asks which company a document belongs to",
    "copied_not_sent": "only a run that sends misses the address",
}


@pytest.fixture(scope="module")
def demo(read_only_demo):
    """All invoices, the reasons that each is there to show, and the names of all customers."""
    with psycopg.connect(read_only_demo) as connection:
        reader = BillingReader(connection)
        invoices = [invoice for chunk in reader.read_invoices() for invoice in chunk]
        names = [(row["customer_id"], row["name"]) for row in reader.read_list("customers")]
        cases: dict[str, set[str]] = {}
        for key, reason in connection.execute("select invoice_id, reason from billing.demo_cases").fetchall():
            cases.setdefault(key, set()).add(reason)
    return invoices, cases, names


@pytest.fixture(scope="module")
def found(demo):
    """The findings of the gate by invoice, copying and sending."""
    return {mode: _judged(demo, mode) for mode in ("copy", "send")}


def _judged(demo, mode):
    invoices, _, names = demo
    book = MappingBook(row.mapping for rows in read_folder(FOLDER).values() for row in rows)
    known = Names(rows=[], billing=BillingNames(names, SETTINGS.name_length, book.settled_customers()), taken={})
    resolution = Resolution(book=book, settings=SETTINGS, company=COMPANY, names=known)
    resolution.add(invoices)
    numbers = [invoice.doc_number for invoice in invoices]
    facts_of_all = []
    for invoice in invoices:
        context = CheckContext(
            settings=SETTINGS,
            company=COMPANY,
            book=resolution,
            today=TODAY,
            customer=resolution.customer(invoice.customer_id),
            mode=mode,
            same_number_in_run=numbers.count(invoice.doc_number) - 1,
            ambiguous_lines=resolution.ambiguous_lines(invoice),
        )
        row = {"billing_id": invoice.invoice_id, "doc_number": invoice.doc_number, "is_new": True}
        facts_of_all.append(row | facts(invoice, context))
    return Gate(SETTINGS).judge(facts_of_all)


def test_each_case_gets_its_reason(demo, found):
    """What the explanation of a case says is what the checks find."""
    _, cases, _ = demo
    wrong = {}
    for key, expected in cases.items():
        got = {finding.reason for finding in found["copy"].get(key, [])}
        if not expected - set(DECIDED_ELSEWHERE) <= got:
            wrong[key] = (expected, got)

    assert wrong == {}


def test_cases_have_no_finding_that_they_are_not_there_to_show(demo, found):
    """One cause each, except where one brings another with it: a date out of range lies before the start date as well."""
    _, cases, _ = demo
    brought_along = {"date_out_of_range": {"before_start_date", "period_closed", "detail_expired"}}
    brought_along |= {"before_start_date": {"period_closed", "detail_expired"}, "period_closed": set()}
    surprising = {}
    for key, expected in cases.items():
        allowed = expected | {other for reason in expected for other in brought_along.get(reason, ())}
        got = {finding.reason for finding in found["copy"].get(key, []) if finding.stops}
        if not got <= allowed:
            surprising[key] = (expected, got)

    assert surprising == {}


def test_ordinary_invoices_pass(demo, found):
    """None of them is stopped, so the demo shows as many Synced documents as it has ordinary ones."""
    invoices, cases, _ = demo
    stopped = {
        invoice.invoice_id: [finding.to_json() for finding in found["copy"][invoice.invoice_id]]
        for invoice in invoices
        if invoice.invoice_id not in cases and found["copy"].get(invoice.invoice_id)
    }

    assert stopped == {}


def test_a_missing_address_shows_when_sending(demo, found):
    """Copying needs no e-mail; sending does."""
    _, cases, _ = demo
    (key,) = [key for key, reasons in cases.items() if reasons == {"copied_not_sent"}]

    assert not found["copy"].get(key)
    assert [finding.reason for finding in found["send"][key]] == ["copied_not_sent"]


def test_an_invoice_without_customer_and_below_zero_is_an_error_with_both_reasons(demo, found):
    """The gravest reason gives the status, the other one is kept."""
    _, cases, _ = demo
    (key,) = [key for key, reasons in cases.items() if reasons == {"customer_missing", "negative_subtotal"}]

    assert gravest(found["copy"][key]) == (Status.ERROR, "negative_subtotal")
    assert {finding.reason for finding in found["copy"][key]} == {"customer_missing", "negative_subtotal"}
