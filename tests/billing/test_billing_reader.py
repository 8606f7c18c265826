"""Reading billing: which documents a choice returns, in one snapshot, in chunks, as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import dict_row

from include.billing_sync.documents import Customer, Invoice
from include.stores.billing import BillingReader
from include.stores.contract import CONTRACT


def everything(reader: BillingReader, **choice) -> dict[str, Invoice]:
    """All chosen documents by id."""
    return {invoice.invoice_id: invoice for chunk in reader.read_invoices(**choice) for invoice in chunk}


def test_an_invoice_comes_with_its_lines_and_its_customer(reader):
    """Header, lines in their order, the service's name and number, and the customer's contact."""
    invoice = everything(reader)["I-10001"]

    assert invoice.doc_number == "LL-10001"
    assert (invoice.invoice_date, invoice.currency, invoice.status) == (date(2026, 8, 8), "USD", "paid")
    assert invoice.subtotal_amount + invoice.tax_amount == invoice.total_amount == sum(x.amount for x in invoice.lines)
    assert [line.position for line in invoice.lines] == list(range(1, len(invoice.lines) + 1))
    assert (invoice.lines[0].service_name, invoice.lines[0].service_sku) == ("Fiber 1000", "FIB-1000")
    assert invoice.detail_date == date(2026, 8, 1)
    assert isinstance(invoice.customer, Customer)
    assert (invoice.customer.name, invoice.customer.region) == ("Cool Cars", "TX")


def test_both_dates_of_a_window_are_included(reader):
    """From the first to the last day, as a bookkeeper says it; a window of one day is that day."""
    days = {invoice.invoice_date for invoice in everything(reader).values()}
    september = everything(reader, from_date=date(2026, 9, 1), to_date=date(2026, 9, 30))
    one_day = everything(reader, from_date=date(2026, 9, 22), to_date=date(2026, 9, 22))

    assert {x.invoice_date for x in september.values()} == {day for day in days if (day.year, day.month) == (2026, 9)}
    assert {x.invoice_date for x in one_day.values()} == {date(2026, 9, 22)}


def test_drafts_voids_and_deletions_are_read_too(reader):
    """Nothing is left out: each gets a status later."""
    statuses = {invoice.status for invoice in everything(reader).values()}

    assert statuses == {"draft", "open", "paid", "void", "deleted"}


@pytest.mark.parametrize(
    "edit",
    [
        "update billing.invoices set memo = 'changed' where invoice_id = 'I-10009'",
        "update billing.invoice_lines set amount = amount + 1 where line_id = 'I-10009-001'",
        "delete from billing.invoice_lines where line_id = 'I-10009-001'",
        "insert into billing.invoice_lines (line_id, invoice_id, position, kind, amount) "
        "values ('new', 'I-10009', 99, 'charge', 1)",
    ],
)
def test_any_edit_of_an_invoice_or_its_lines_is_a_change_since_then(reader, billing, edit):
    """changed_since sees the header, a changed line, a new line and a line that is gone; and nothing else."""
    before = reader.billing_clock()
    assert everything(reader, changed_since=before) == {}

    billing.execute(edit)

    changed = everything(reader, changed_since=before)
    assert list(changed) == ["I-10009"]
    assert len(changed["I-10009"].lines) == len(reader.read_by_ids(["I-10009"])["I-10009"].lines)


def test_an_edit_that_changes_nothing_is_no_change(reader, billing):
    """Writing the same values again does not move the time of change."""
    before = reader.billing_clock()

    billing.execute("update billing.invoices set memo = memo")

    assert everything(reader, changed_since=before) == {}


def test_what_is_committed_while_we_read_is_not_half_read(reader, billing):
    """All chunks come from one snapshot: an edit between two chunks is seen by the next reading, whole."""
    chunks = reader.read_invoices(chunk=10)
    first = next(chunks)
    billing.execute("update billing.invoice_lines set description = 'edited meanwhile'")
    billing.execute("insert into billing.invoices (invoice_id, status) values ('Z-new', 'open')")

    read = {document.invoice_id: document for document in [*first, *(x for chunk in chunks for x in chunk)]}

    assert "Z-new" not in read
    assert {line.description for invoice in read.values() for line in invoice.lines}.isdisjoint({"edited meanwhile"})
    assert "Z-new" in {getattr(x, "billing_id", None) for chunk in reader.read_invoices() for x in chunk}


def test_the_clock_is_that_of_the_snapshot(reader, billing):
    """What is committed after the clock was taken has a later time of change, so a watermark at the clock misses nothing."""
    with reader.snapshot():
        clock = reader.billing_clock()
        read = everything(reader)
        billing.execute("update billing.invoices set memo = 'late' where invoice_id = 'I-10002'")

    assert read["I-10002"].memo is None
    assert list(everything(reader, changed_since=clock)) == ["I-10002"]
    assert abs(clock - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_snapshot_cannot_write(demo_dsn):
    """Whatever a billing file does, it cannot change billing."""
    with psycopg.connect(demo_dsn) as connection:
        reader = BillingReader(connection)

        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), reader.snapshot():
            connection.execute("delete from billing.credits")

        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
        assert connection.read_only is None


@pytest.mark.parametrize("autocommit", [True, False])
def test_any_idle_connection_will_do(demo_dsn, autocommit):
    """With or without autocommit, and whatever rows the connection makes."""
    with psycopg.connect(demo_dsn, autocommit=autocommit, row_factory=dict_row) as connection:
        reader = BillingReader(connection)

        assert len(everything(reader)) == 180
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_connection_in_a_transaction_is_refused(demo_dsn):
    """Its snapshot could be older than the question."""
    with psycopg.connect(demo_dsn) as connection:
        connection.execute("select 1")

        with pytest.raises(RuntimeError, match="is in a transaction already"):
            BillingReader(connection).read_by_ids(["I-10001"])


def test_chunks_have_the_size_asked_for(reader):
    """All but the last are full, and together they are everything once, in the order of the ids."""
    chunks = list(reader.read_invoices(chunk=32))

    ids = [document.invoice_id for chunk in chunks for document in chunk]
    assert [len(chunk) for chunk in chunks] == [32] * 5 + [20]
    assert ids == sorted(set(ids))


def test_a_chunk_of_long_invoices_ends_early(reader, billing):
    """Memory follows the lines, not only the invoices: 60 invoices of 700 lines are never in one chunk of 500."""
    billing.execute("delete from billing.invoices")
    billing.execute(
        "insert into billing.invoices (invoice_id, invoice_date, currency, status, total_amount) "
        "select n::text, '2026-09-01', 'USD', 'open', 0 from generate_series(1, 60) as n"
    )
    billing.execute(
        "insert into billing.invoice_lines (line_id, invoice_id, position, kind, amount) "
        "select n || '-' || p, n, p, 'charge', 0 from generate_series(1, 60) as n, generate_series(1, 700) as p"
    )

    sizes = [sum(len(invoice.lines) for invoice in chunk) for chunk in reader.read_invoices()]

    assert sum(sizes) == 42_000
    assert max(sizes) < 20_700


def test_reading_by_ids_gives_the_same_documents(reader):
    """The re-read before a push compares like with like; ids that billing does not know are absent."""
    all_of_them = everything(reader)
    wanted = [*list(all_of_them)[:40], "no such invoice"]

    read = reader.read_by_ids(wanted)

    assert read == {billing_id: all_of_them[billing_id] for billing_id in wanted[:-1]}
    assert reader.read_by_ids([]) == {}


def test_the_order_of_a_file_does_not_matter(reader, edited, edit):
    """Lines are put into the order of their positions, whatever a team's file does; the fingerprint stays the same."""
    edit("invoice_lines.sql", "order by invoice_id, position, line_id", "order by random()")
    edit("customers.sql", "order by customer_id", "order by random()")

    assert everything(edited) == everything(reader)


def test_a_team_may_write_its_own_file(edited, sql_folder):
    """Numbers as ids, whole amounts, padded texts and constants: another schema read through the same contract."""
    (sql_folder / "invoices.sql").write_text(
        "select 7::bigint as invoice_id, null::text as realm_key, 'A-7'::char(10) as doc_number, null::uuid as customer_id,\n"
        "date '2026-09-01' as invoice_date, null::date as due_date, 'USD'::char(3) as currency, 'open' as status,\n"
        "12 as subtotal_amount, 0 as tax_amount, 12::bigint as total_amount, null::numeric as balance_amount, null as memo,\n"
        "null as billing_email, null::boolean as is_opted_out, null::date as detail_date, null as origin,\n"
        "timestamptz '2026-09-01 12:00+02' as updated_at\n"
        "where 7 = any(coalesce(%(ids)s::text[]::int[], array[7])) and %(from_date)s::date is null\n"
        "and %(to_date)s::date is null and %(changed_since)s::timestamptz is null\n"
    )

    invoice = everything(edited)["7"]

    assert (invoice.doc_number, invoice.total_amount, invoice.is_opted_out) == ("A-7", Decimal(12), False)
    assert invoice.updated_at == "2026-09-01T10:00:00+00:00"
    assert invoice.lines == ()
    assert edited.read_by_ids(["7"]) == {"7": invoice}


@pytest.mark.parametrize("file", [file for file in CONTRACT if "from_date" not in file.parameters])
def test_lists_are_read_with_all_their_columns(reader, file):
    """Customers, services, subscriptions and tax codes, for mappings and their reports."""
    rows = list(reader.read_list(file.key))

    first = rows[0]
    key = file.columns[0].name
    assert set(first) == {column.name for column in file.columns}
    assert [row[key] for row in rows] == sorted({row[key] for row in rows})
    assert list(reader.read_list(file.key, ids=[first[key]])) == [first]


def test_an_hourly_look_reads_what_changed_and_not_all_of_billing(billing, demo_dsn):
    """Of twenty thousand invoices one header and one line of another changed: indexes lead to these two."""
    billing.execute(
        "insert into billing.invoices (invoice_id, invoice_date, currency, status, total_amount, updated_at) "
        "select 'many-' || n, date '2026-01-01', 'USD', 'draft', 0, '2026-01-01' from generate_series(1, 20000) as n"
    )
    billing.execute(
        "insert into billing.invoice_lines (line_id, invoice_id, position, kind, amount, updated_at) "
        "select 'many-' || n || '-1', 'many-' || n, 1, 'charge', 0, '2026-01-01' from generate_series(1, 20000) as n"
    )
    billing.execute("analyze billing.invoices, billing.invoice_lines")
    (since,) = billing.execute("select clock_timestamp()").fetchone()
    billing.execute("update billing.invoices set memo = 'new' where invoice_id = 'many-7'")
    billing.execute("update billing.invoice_lines set description = 'new' where line_id = 'many-9-1'")

    with psycopg.connect(demo_dsn) as connection:
        reader = BillingReader(connection)
        with reader.snapshot():
            found = list(everything(reader, changed_since=since))
            (touched,) = connection.execute(
                "select sum(seq_tup_read + idx_tup_fetch) from pg_stat_xact_user_tables "
                "where schemaname = 'billing' and relname in ('invoices', 'invoice_lines')"
            ).fetchone()

    assert found == ["many-7", "many-9"]
    assert touched < 100
