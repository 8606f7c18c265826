"""Real invoices in the billing contract: the retail file gives its known numbers."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from demo.load_online_retail import load, main, read
from include.billing_sync.documents import Invoice
from include.stores.billing import BillingReader
from include.stores.contract import contract_violations

FILE = Path(__file__).resolve().parents[2].parent / "shared/data/online_retail/online_retail_2010-12_2011-05.csv.gz"
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
needs_the_file = pytest.mark.skipif(not FILE.exists(), reason="the retail file is not part of the project")


@pytest.fixture(scope="module")
def retail(pg):
    """The URL of a database with the whole file."""
    dsn = pg.create_database("retail")
    load(dsn, FILE)
    return dsn


@pytest.fixture
def small(pg, tmp_path):
    """Load a file of a few rows and read its invoices."""

    def load_rows(*rows: str) -> dict[str, Invoice]:
        path = tmp_path / "retail.csv"
        path.write_text(HEAD + "\n".join(rows) + "\n")
        pg.drop_database("retail_small")
        dsn = pg.create_database("retail_small")
        load(dsn, path)
        with psycopg.connect(dsn) as connection:
            return {x.invoice_id: x for chunk in BillingReader(connection).read_invoices() for x in chunk}

    return load_rows


@needs_the_file
def test_the_whole_file_gives_its_known_numbers(retail):
    """7,410 pushable invoices of 3,332,591.96; 1,677 negative; 1,785 without customer; 980 of exactly zero; 209,029 lines."""
    pushable, lines, negative, without_customer, of_zero, longest = Decimal(0), 0, 0, 0, 0, 0
    count = 0
    with psycopg.connect(retail) as connection:
        assert contract_violations(connection) == []
        for chunk in BillingReader(connection).read_invoices():
            for invoice in chunk:
                assert isinstance(invoice, Invoice)
                total = sum(line.amount for line in invoice.lines)
                assert total == invoice.total_amount == invoice.subtotal_amount
                lines += len(invoice.lines)
                longest = max(longest, len(invoice.lines))
                negative += total < 0
                without_customer += invoice.customer_id is None
                of_zero += total == 0
                if total >= 0 and invoice.customer_id is not None:
                    count += 1
                    pushable += total

    assert (count, pushable) == (7_410, Decimal("3332591.96"))
    assert (negative, without_customer, of_zero) == (1_677, 1_785, 980)
    assert (lines, longest) == (209_029, 675)


@needs_the_file
def test_loading_the_file_again_changes_nothing(retail):
    """The second call does not even read it."""
    assert load(retail, Path("/nowhere/at/all.csv")) is False


def test_lines_are_rounded_half_up_also_below_zero(small):
    """3 x 0.335 is 1.005 and becomes 1.01, and minus that becomes minus 1.01."""
    invoices = small(
        "1,A,THING,3,2010-12-01 08:26:00,0.335,17850,United Kingdom",
        "C2,A,THING,-3,2010-12-01 08:26:00,0.335,17850,United Kingdom",
    )

    assert [invoice.total_amount for invoice in invoices.values()] == [Decimal("1.01"), Decimal("-1.01")]


def test_a_price_in_tenths_of_a_penny_is_an_amount_alone(small):
    """Quantity and price are given for whole pence only."""
    (invoice,) = small(
        "1,A,THING,3,2010-12-01 08:26:00,0.335,17850,United Kingdom",
        "1,B,OTHER,2,2010-12-01 08:26:00,2.550,17850,United Kingdom",
    ).values()

    assert [(line.quantity, line.unit_price) for line in invoice.lines] == [(None, None), (2, Decimal("2.550"))]
    assert [line.amount for line in invoice.lines] == [Decimal("1.01"), Decimal("5.10")]


def test_rows_of_one_invoice_need_not_follow_one_another(small):
    """As one invoice of the file does: its rows stand around another one."""
    invoices = small(
        "1,A,THING,1,2010-12-01 08:26:00,1.00,17850,United Kingdom",
        "2,A,THING,1,2010-12-01 08:26:00,1.00,17851,United Kingdom",
        "1,B,OTHER,1,2010-12-01 08:26:00,2.00,17850,United Kingdom",
    )

    assert [line.description for line in invoices["1"].lines] == ["THING", "OTHER"]
    assert invoices["1"].total_amount == Decimal("3.00")


def test_what_the_file_leaves_out_is_null(small):
    """No customer, no description; the customer's name is made of its number, and there is no tax."""
    invoices = small("1,A,,1,2010-12-01 08:26:00,0,,United Kingdom", "2,A,THING,1,2010-12-01 08:26:00,1,17850,EIRE")

    assert (invoices["1"].customer_id, invoices["1"].lines[0].description, invoices["1"].total_amount) == (None, "", 0)
    assert invoices["2"].customer.name == "Customer 17850"
    assert {(line.category, line.tax_code, line.service_name) for x in invoices.values() for line in x.lines} == {
        ("goods", "NO_VAT", "THING")
    }
    assert {(invoice.currency, invoice.tax_amount) for invoice in invoices.values()} == {("GBP", 0)}


def test_another_file_is_refused_with_its_columns(tmp_path):
    """Nothing is loaded out of columns that only look alike."""
    path = tmp_path / "other.csv.gz"
    path.write_bytes(gzip.compress(b"Invoice,Price\n1,2\n"))

    with pytest.raises(ValueError, match=r"other.csv.gz: the columns are \['Invoice', 'Price'\], not"):
        list(read(path))


def test_a_missing_file_is_no_error(monkeypatch, capsys, tmp_path):
    """The data are optional: the command says what it misses and ends well."""
    missing = tmp_path / "retail.csv.gz"
    monkeypatch.setattr("sys.argv", ["load", "--dsn", "postgresql://nobody@127.0.0.1:1/none", "--file", str(missing)])

    main()

    assert capsys.readouterr().out.startswith(f"skipped: {missing} does not exist")
