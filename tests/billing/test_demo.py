"""The demo's billing database: what it holds, that it ties out, and that loading it twice changes nothing."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import psycopg
import pytest

from demo.load import load, main
from include.billing_sync.money import product_is_certain, round_half_up
from include.billing_sync.reasons import CATALOGUE
from include.stores.billing import BillingReader

BILLING_ALONE = {
    "negative_subtotal", "no_lines", "too_many_lines", "doc_number_missing", "doc_number_too_long", "doc_number_duplicate",
    "totals_do_not_match", "amount_precision", "date_out_of_range", "text_invalid", "currency_unknown", "customer_missing",
    "category_missing", "draft", "opted_out", "excluded_customer", "before_start_date", "qbo_origin", "customer_currency",
    "ambiguous_name", "name_changed", "text_cut", "detail_expired", "copied_not_sent", "period_closed", "out_of_scope",
    "no_routing_rule", "item_unmapped",
}  # fmt: skip
"""The reasons of FEATURES that billing can cause without QuickBooks' help."""


@pytest.fixture(scope="module")
def invoices(read_only_demo):
    """All invoices of the demo by id."""
    with psycopg.connect(read_only_demo) as connection:
        return {x.invoice_id: x for chunk in BillingReader(connection).read_invoices() for x in chunk}


@pytest.fixture(scope="module")
def cases(read_only_demo):
    """The ids of the invoices by the reason that they show."""
    shown = defaultdict(list)
    with psycopg.connect(read_only_demo) as connection:
        for invoice_id, reason in connection.execute("select invoice_id, reason from billing.demo_cases order by 1, 2"):
            shown[reason].append(invoice_id)
    return shown


def test_every_reason_that_billing_alone_can_cause_has_a_document(cases):
    """And every case names a reason of the catalogue."""
    assert set(cases) >= BILLING_ALONE
    assert set(cases) <= set(CATALOGUE)


def test_the_demo_is_three_months_of_a_small_company(invoices, cases):
    """About forty customers, 150 to 300 invoices, US dollars, August to October 2026."""
    odd = {invoice_id for ids in cases.values() for invoice_id in ids}
    ordinary = [invoice for key, invoice in invoices.items() if key not in odd]

    assert 150 <= len(invoices) <= 300
    assert 38 <= len({invoice.customer_id for invoice in invoices.values()} - {None}) <= 42
    assert {(x.invoice_date.year, x.invoice_date.month) for x in ordinary} == {(2026, 8), (2026, 9), (2026, 10)}
    assert {x.currency for x in ordinary} == {"USD"}


def test_ordinary_invoices_tie_out_to_the_cent(invoices, cases):
    """Lines without tax give the subtotal, tax lines the tax, both together the total; each tax is its rate on what is taxed."""
    rates = {
        "TX-STATE": "6.25",
        "TX-AUSTIN": "2",
        "TX-HOUSTON": "2",
        "TX-DALLAS": "2",
        "NM-STATE": "4.875",
        "LA-STATE": "5",
    }
    wrong = {key for reason in ("totals_do_not_match", "amount_precision", "no_lines") for key in cases[reason]}
    for key, invoice in invoices.items():
        if key in wrong:
            continue
        net = [line for line in invoice.lines if line.kind != "tax"]
        taxes = [line for line in invoice.lines if line.kind == "tax"]
        taxed = sum((line.amount for line in net if line.tax_code == "TAXABLE"), Decimal(0))
        assert sum(line.amount for line in net) == invoice.subtotal_amount, key
        assert sum(line.amount for line in taxes) == invoice.tax_amount, key
        assert invoice.subtotal_amount + invoice.tax_amount == invoice.total_amount, key
        for line in taxes:
            assert line.amount == round_half_up(taxed * Decimal(rates[line.tax_code]) / 100), key


def test_all_kinds_of_charges_occur(invoices):
    """Recurring, one-off, equipment, usage whose amount is not quantity x price, discounts and credits, taxed and exempt."""
    lines = [line for invoice in invoices.values() for line in invoice.lines]
    usage = [line for line in lines if line.category == "usage" and line.quantity]

    assert {line.category for line in lines} == {
        "recurring", "usage", "equipment", "one_off", "satellite", "discount", "credit", None,
    }  # fmt: skip
    assert {line.kind for line in lines} == {"charge", "discount", "credit", "tax"}
    assert {line.tax_code for line in lines} >= {"TAXABLE", "EXEMPT", "TX-STATE", "NM-STATE", "LA-STATE"}
    assert any(not product_is_certain(line.quantity, line.unit_price, line.amount) for line in usage)
    assert all(line.amount < 0 for line in lines if line.kind in ("discount", "credit"))
    assert any(line.subscription_id for line in lines)


def test_rated_usage_adds_up_to_the_lines_that_bill_it(read_only_demo):
    """Quantities and amounts of the days give those of the line."""
    with psycopg.connect(read_only_demo) as connection:
        rows = connection.execute(
            "select l.quantity, l.amount, sum(u.quantity), sum(u.amount) from billing.usage_records as u "
            "inner join billing.invoice_lines as l on u.line_id = l.line_id group by l.line_id"
        ).fetchall()

    assert len(rows) >= 90
    assert all((quantity, amount) == (used, rated) for quantity, amount, used, rated in rows)


def test_a_credit_is_carried_over_three_invoices_until_nothing_is_left(read_only_demo):
    """F156: what one invoice leaves is what the next one starts with, and the chain ends at zero."""
    with psycopg.connect(read_only_demo) as connection:
        chain = connection.execute(
            "select granted_amount, used_amount, remaining_amount from billing.credits where credit_id like 'K-carried%' "
            "order by granted_date"
        ).fetchall()

    assert [granted for granted, _, _ in chain[1:]] == [left for _, _, left in chain[:-1]]
    assert sum(used for _, used, _ in chain) == Decimal("180.00")
    assert chain[-1][2] == 0


def test_the_cases_are_what_they_say(invoices, cases):
    """The edges of each limit, in numbers."""

    def those(reason):
        return [invoices[key] for key in cases[reason]]

    assert sorted(invoice.subtotal_amount for invoice in those("negative_subtotal")) == [
        Decimal("-35.00"), Decimal("-1.00"), Decimal("-0.01"),
    ]  # fmt: skip
    assert [len(invoice.lines) for invoice in those("too_many_lines")] == [751]
    assert [len(invoice.doc_number) for invoice in those("doc_number_too_long")] == [22]
    assert {invoice.doc_number for invoice in those("doc_number_duplicate")} == {"LL-77777"}
    assert {invoice.invoice_date.year for invoice in those("date_out_of_range")} == {1900, 2999}
    assert {invoice.customer.currency for invoice in those("customer_currency")} == {"EUR", "USD"}
    assert all(len(invoice.customer.name) > 100 for invoice in those("ambiguous_name")[2:])
    assert len({invoice.customer.name[:100] for invoice in those("ambiguous_name")}) == 2
    assert all(invoice.customer.is_test for invoice in those("excluded_customer"))
    assert [invoice.billing_email for invoice in those("copied_not_sent")] == [None]
    inside = those("created")
    assert {len(invoice.lines) for invoice in inside} >= {750}
    assert {len(invoice.doc_number) for invoice in inside} >= {21}
    assert {len(line.description) for invoice in inside for line in invoice.lines} >= {4000}
    assert {invoice.total_amount for invoice in inside} >= {Decimal("0.00")}


def test_loading_again_changes_nothing(demo_dsn, billing):
    """Not even what somebody edited or deleted since: the demo may be played with."""
    billing.execute("update billing.invoices set memo = 'my own' where invoice_id = 'I-10001'")
    billing.execute("delete from billing.invoices where invoice_id = 'I-10002'")
    before = _contents(billing)

    assert load(demo_dsn) is False

    assert _contents(billing) == before


def test_two_databases_hold_the_same_demo(pg, billing):
    """The data are made from fixed seeds: the same wherever and whenever they are made."""
    other = pg.create_database("demo_again")
    assert load(other) is True

    with psycopg.connect(other) as connection:
        assert _contents(connection) == _contents(billing)


def _contents(connection) -> dict[str, list]:
    tables = ("customers", "subscriptions", "invoices", "invoice_lines", "usage_records", "credits", "demo_cases")
    return {
        table: connection.execute(
            f"select to_jsonb(t) - array['updated_at'] from billing.{table} as t order by to_jsonb(t)::text"
        ).fetchall()
        for table in tables
    }


def test_a_benchmark_may_want_more_invoices(demo_dsn, reader, capsys):
    """`--invoices N` fills up with plain ones, once, to N in all; fewer than there are is no wish."""
    assert load(demo_dsn, 1_250) is True
    assert load(demo_dsn, 1_250) is False
    assert load(demo_dsn, 10) is False

    assert sum(len(chunk) for chunk in reader.read_invoices()) == 1_250


def test_a_reader_may_read_billing_and_nothing_else(demo_dsn, pg, monkeypatch, capsys):
    """`--reader NAME` makes the role where it is missing, grants select, and can be said again."""
    monkeypatch.setenv("BILLING_READER_PASSWORD", "only-for-tests")
    for _ in range(2):
        monkeypatch.setattr("sys.argv", ["demo.load", "--dsn", demo_dsn, "--reader", "billing_reader"])
        main()

    assert "already loaded, nothing changed" in capsys.readouterr().out
    login = demo_dsn.replace(f"postgres:{pg.password}@", "billing_reader:only-for-tests@")
    with psycopg.connect(login) as connection:
        assert len(BillingReader(connection).read_by_ids(["I-10001"])) == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update billing.invoices set memo = 'x'")


def test_the_totals_are_printed(demo_dsn, monkeypatch, capsys):
    """One row for each reason shown, and the sum of each currency."""
    monkeypatch.setattr("sys.argv", ["demo.load", "--dsn", demo_dsn])

    main()

    out = capsys.readouterr().out
    assert "ordinary" in out
    assert "62,089.345" in out
    assert all(reason in out for reason in BILLING_ALONE)
