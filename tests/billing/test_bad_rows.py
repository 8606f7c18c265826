"""Bad input from billing: it stops its own document with file, column and cure, and no other."""

from __future__ import annotations

import psycopg
import pytest

from include.billing_sync.documents import Invoice
from include.billing_sync.reasons import CATALOGUE
from include.stores.billing import BadDocument, BillingError, BillingReader

HIT = "I-10009"


def split(reader: BillingReader) -> tuple[dict[str, Invoice], dict[str, BadDocument]]:
    """All documents: the good ones and the bad ones, by id."""
    good: dict[str, Invoice] = {}
    bad: dict[str, BadDocument] = {}
    for chunk in reader.read_invoices(chunk=50):
        for document in chunk:
            if isinstance(document, Invoice):
                good[document.invoice_id] = document
            else:
                bad[document.billing_id] = document
    return good, bad


def the_only_problem(reader: BillingReader):
    """The problem of the one bad document, after a look at the others, which are all there."""
    good, bad = split(reader)
    assert list(bad) == [HIT]
    assert len(good) == 179
    assert isinstance(reader.read_by_ids([HIT])[HIT], BadDocument)
    (problem,) = bad[HIT].rows
    assert problem.reason in CATALOGUE
    return problem


@pytest.mark.parametrize(
    ("edit", "file", "column", "value", "reason"),
    [
        ("invoices set invoice_date = null", "invoices.sql", "invoice_date", "null", "date_out_of_range"),
        ("invoices set currency = null", "invoices.sql", "currency", "null", "currency_unknown"),
        ("invoices set total_amount = null", "invoices.sql", "total_amount", "null", "totals_do_not_match"),
        ("invoices set status = null", "invoices.sql", "status", "null", "text_invalid"),
        ("invoices set total_amount = 'NaN'", "invoices.sql", "total_amount", "NaN", "totals_do_not_match"),
        ("invoices set tax_amount = 'Infinity'", "invoices.sql", "tax_amount", "Infinity", "amount_precision"),
        ("invoices set invoice_date = 'infinity'", "invoices.sql", "invoice_date", "'infinity'", "date_out_of_range"),
        ("invoices set due_date = '0044-03-15 BC'", "invoices.sql", "due_date", "'0044-03-15 BC'", "date_out_of_range"),
    ],
)
def test_a_bad_header_stops_its_own_invoice(reader, billing, edit, file, column, value, reason):
    """Nulls where none may be, numbers that are none, dates that Python cannot hold."""
    billing.execute(f"update billing.{edit} where invoice_id = '{HIT}'")

    problem = the_only_problem(reader)

    assert (problem.file, problem.document_id, problem.column) == (file, HIT, column)
    assert (problem.value, problem.reason) == (value, reason)
    assert problem.cure


@pytest.mark.parametrize(
    ("edit", "column", "value", "reason"),
    [
        ("amount = null", "amount", "null", "amount_precision"),
        ("amount = 'NaN'", "amount", "NaN", "amount_precision"),
        ("kind = 'chargee'", "kind", "'chargee'", "text_invalid"),
        ("service_date = 'infinity'", "service_date", "'infinity'", "date_out_of_range"),
        ("description = repeat('x', 10485760)", "description", "a text of 10,485,760 characters", "text_invalid"),
    ],
)
def test_a_bad_line_stops_its_own_invoice(reader, billing, edit, column, value, reason):
    """The line is named; a line of 10 MB is neither cut nor kept."""
    billing.execute(f"update billing.invoice_lines set {edit} where line_id = '{HIT}-001'")

    problem = the_only_problem(reader)

    assert (problem.file, problem.column) == ("invoice_lines.sql", f"{column} of line {HIT}-001")
    assert (problem.value, problem.reason) == (value, reason)


@pytest.mark.parametrize("text", ["twelve", "12,50", "", "0x1G", "NaN"])
def test_text_in_a_number_stops_its_own_invoice(edited, edit, billing, text):
    """A column that billing keeps as text, cast as docs/billing-contract.md says: one value in it is no number."""
    billing.execute("alter table billing.invoice_lines alter column amount type text")
    billing.execute("update billing.invoice_lines set amount = %s where line_id = %s", [text, f"{HIT}-001"])
    edit(
        "invoice_lines.sql",
        "\n        invoice_lines.amount,",
        "\n        case when pg_input_is_valid(amount, 'numeric') then amount::numeric end as amount,",
    )

    problem = the_only_problem(edited)

    assert problem.column == f"amount of line {HIT}-001"
    assert problem.value in ("null", "NaN")


def test_a_number_column_that_is_text_throughout_is_named_in_every_document(edited, edit):
    """The check before the run would have named it; if it was passed over, nothing is guessed out of the text."""
    edit("invoice_lines.sql", "\n    amount,", "\n    amount::text as amount,")

    bad = edited.read_by_ids([HIT])[HIT]

    assert isinstance(bad, BadDocument)
    assert bad.rows[0].value == "'756.00'"
    assert "cast the column to numeric" in bad.rows[0].cure


def test_a_cast_that_fails_ends_the_reading_with_the_file_named(edited, edit):
    """PostgreSQL refuses the whole query: file, its own words and the cure; no transaction is left open."""
    edit(
        "invoice_lines.sql", "\n    amount,", "\n    (case when position = 1 then 'x' else '1' end)::numeric as amount,"
    )

    with pytest.raises(
        BillingError, match=r'invoice_lines.sql: invalid input syntax for type numeric: "x".*correct'
    ) as caught:
        list(edited.read_invoices())

    assert caught.value.file == "invoice_lines.sql"


def test_a_document_keeps_all_its_problems(reader, billing):
    """Whoever cures it sees everything at once, header and lines."""
    billing.execute(f"update billing.invoices set currency = null, due_date = 'infinity' where invoice_id = '{HIT}'")
    billing.execute(f"update billing.invoice_lines set amount = 'NaN' where invoice_id = '{HIT}'")

    _, bad = split(reader)

    columns = [row.column for row in bad[HIT].rows]
    assert columns[:2] == ["due_date", "currency"]
    assert len(columns) > 3
    assert bad[HIT].header["doc_number"] == "LL-10009"


@pytest.mark.parametrize(("file", "column"), [("invoices.sql", "invoice_id"), ("invoice_lines.sql", "invoice_id")])
def test_a_row_without_a_document_id_ends_the_reading(edited, edit, file, column):
    """Nobody could say which document it belongs to, so nothing of the file is used; the message shows the row."""
    edit(file, f"select\n    {column},", f"select\n    nullif({column}, '{HIT}') as {column},")

    with pytest.raises(
        BillingError, match=f"{file}: column {column} is null or unreadable in the row with .*give each row its id"
    ):
        list(edited.read_invoices())


def test_an_invoice_returned_twice_is_stopped(edited, edit):
    """The usual slip of a join: the document is named, and pushed in neither of its forms."""
    edit(
        "invoices.sql",
        "from final\n",
        "from final\ninner join generate_series(1, 3) as n (copy) on copy = 1 or invoice_id = '" + HIT + "'\n",
    )

    problem = the_only_problem(edited)

    assert (problem.column, problem.value) == ("invoice_id", "returned more than once")


def test_a_line_returned_twice_is_stopped(edited, edit):
    """Its invoice would be too high by that line."""
    join = f"from final\ninner join generate_series(1, 2) as n (copy) on copy = 1 or line_id = '{HIT}-001'\n"
    edit("invoice_lines.sql", "from final\n", join)

    problem = the_only_problem(edited)

    assert (problem.column, problem.value) == (f"line_id of line {HIT}-001", "returned more than once")


def test_lines_that_were_not_asked_for_end_the_reading(edited, edit):
    """A file that does not filter by ids would be read again for every portion."""
    for table in ("invoice_lines", "invoices"):
        edit("invoice_lines.sql", f"(%(ids)s::text[] is null or {table}.invoice_id = any(%(ids)s::text[]))", "true")

    with pytest.raises(
        BillingError, match=r"invoice_lines.sql: returns lines that were not asked for; filter by %\(ids\)s"
    ):
        edited.read_by_ids([HIT])


def test_a_customer_that_breaks_the_contract_stops_the_invoices_that_name_it(reader, billing):
    """A customer without a name: its invoices say so, and the other customers' go on."""
    billing.execute("update billing.customers set customer_name = null where customer_id = 'C-1003'")

    good, bad = split(reader)

    assert {document.header["customer_id"] for document in bad.values()} == {"C-1003"}
    assert {(row.file, row.column) for document in bad.values() for row in document.rows} == {
        ("customers.sql", "name of customer C-1003")
    }
    assert len(good) + len(bad) == 180


def test_a_customer_that_billing_does_not_have_is_left_to_the_mapping(reader, billing):
    """The invoice names a customer that customers.sql does not return: it is read, without contact."""
    billing.execute(f"update billing.invoices set customer_id = 'C-gone' where invoice_id = '{HIT}'")

    invoice = reader.read_by_ids([HIT])[HIT]

    assert (invoice.customer_id, invoice.customer) == ("C-gone", None)


def test_odd_texts_are_read_as_they_are(reader, billing):
    """Emoji, right-to-left text, quotes, colons, line ends: the checks judge them, the reading loses nothing."""
    text = "☎️ 🌞 שלום \"quoted\": 'x'; drop table\tt\r\n\\N \\. €"
    billing.execute("update billing.invoice_lines set description = %s where line_id = %s", [text, f"{HIT}-001"])

    assert reader.read_by_ids([HIT])[HIT].lines[0].description == text


def test_a_bad_row_of_a_list_is_left_out_and_logged(reader, billing, caplog):
    """One customer without a name does not keep the names of all others from being known."""
    billing.execute("update billing.customers set customer_name = null where customer_id = 'C-1003'")

    names = {row["customer_id"]: row["name"] for row in reader.read_list("customers")}

    assert "C-1003" not in names
    assert len(names) == 40
    assert "customers.sql: name of customer_id 'C-1003' is null; it must not be null" in caplog.text


def test_a_lost_connection_is_not_blamed_on_a_file(reader, billing):
    """It stays what it is, so that the task is retried."""
    chunks = reader.read_invoices(chunk=10)
    next(chunks)
    billing.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()"
    )

    with pytest.raises(psycopg.OperationalError):
        list(chunks)


def test_a_missing_file_is_named(edited, sql_folder):
    """An installation that lost a file says which."""
    (sql_folder / "customers.sql").unlink()

    with pytest.raises(BillingError, match=r"customers.sql: the file is missing"):
        edited.read_by_ids([HIT])
