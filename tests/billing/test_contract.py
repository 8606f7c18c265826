"""The billing contract: what does not fit is named with file and column before anything is read."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from include.billing_sync.documents import Customer, Invoice, Line
from include.stores.contract import (
    CONTRACT,
    CUSTOMERS,
    INVOICE_LINES,
    INVOICES,
    PAGE,
    contract_violations,
    page_with_tables,
)


@pytest.fixture
def violations(read_only_demo, sql_folder):
    """Check the copied files against the demo."""

    def check() -> list[str]:
        with psycopg.connect(read_only_demo) as connection:
            return contract_violations(connection, sql_folder)

    return check


@pytest.mark.parametrize("row_factory", [None, dict_row])
def test_the_shipped_files_keep_the_contract(read_only_demo, row_factory):
    """The demo database passes, whatever rows the connection makes, and no transaction stays open."""
    with psycopg.connect(read_only_demo) as connection:
        connection.row_factory = row_factory or connection.row_factory

        assert contract_violations(connection) == []
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_a_missing_column_is_named_with_its_file(violations, edit):
    """A file without due_date is named, and so is the column."""
    edit("invoices.sql", "    due_date,\n    currency", "    currency")

    assert violations() == ["invoices.sql: column due_date is missing; return it as date"]


def test_a_misspelt_column_shows_what_is_returned_instead(violations, edit):
    """A quoted name in capitals is another name to PostgreSQL: the message shows it."""
    edit("customers.sql", "    email,\n    phone,\n    line1", '    email as "Email",\n    phone,\n    line1')

    assert violations() == ["customers.sql: column email is missing; it is returned as 'Email'"]


@pytest.mark.parametrize(
    ("file", "column", "expression", "found", "cure"),
    [
        ("invoices.sql", "total_amount", "total_amount::float8", "float8", "cast it to numeric"),
        ("invoices.sql", "total_amount", "total_amount::text", "text", "cast it to numeric"),
        ("invoices.sql", "total_amount", "total_amount::money", "money", "cast it to numeric"),
        ("invoices.sql", "invoice_date", "invoice_date::timestamptz", "timestamptz", "cast it to date, after"),
        ("invoices.sql", "due_date", "null", "text", "cast it to date, after"),
        ("invoices.sql", "updated_at", "updated_at::timestamp", "timestamp", "make it timestamptz"),
        ("invoices.sql", "is_opted_out", "is_opted_out::int", "int4", "cast it to boolean"),
        ("invoice_lines.sql", "position", "position::numeric", "numeric", "cast it to integer"),
        ("customers.sql", "name", "to_jsonb(name)", "jsonb", "cast it to text"),
    ],
)
def test_a_wrong_type_is_named_with_file_column_and_cure(violations, edit, file, column, expression, found, cure):
    """Floats, texts and times in the wrong place are found without reading a row."""
    end = "\nfrom final" if column == "updated_at" else ",\n"
    edit(file, f"\n    {column}{end}", f"\n    {expression} as {column}{end}")

    (violation,) = violations()

    assert violation.startswith(f"{file}: column {column} is {found} but must be ")
    assert cure in violation


@pytest.mark.parametrize(
    "expression", ["invoice_id::varchar", "invoice_id::char(20)", "1::bigint", "gen_random_uuid()"]
)
def test_ids_may_be_text_numbers_or_uuids(violations, edit, expression):
    """Ids are what they are in billing; they become text."""
    edit("invoices.sql", "select\n    invoice_id,", f"select\n    {expression} as invoice_id,")

    assert violations() == []


def test_more_columns_than_asked_for_are_welcome(violations, edit):
    """A team may return columns of its own."""
    edit("invoices.sql", "    due_date,\n    currency", "    due_date,\n    'x'::text as region,\n    currency")

    assert violations() == []


def test_a_column_returned_twice_is_named(violations, edit):
    """Two columns of one name are never guessed between."""
    edit("services.sql", "select\n    service_id,", "select\n    service_id,\n    service_id,")

    assert violations() == ["services.sql: column service_id is returned more than once; keep one"]


def test_a_syntax_error_comes_with_the_line_of_the_file(violations, sql_folder):
    """PostgreSQL's own message and the line it points at; the other files are checked all the same."""
    (sql_folder / "services.sql").write_text("-- %(ids)s %(changed_since)s\nselect service_id\nform billing.services\n")
    (sql_folder / "tax_codes.sql").unlink()

    first, second = violations()

    assert first == 'services.sql: syntax error at or near "billing"; LINE 3: form billing.services'
    assert second == f"tax_codes.sql: the file is missing in {sql_folder}"


def test_a_missing_table_is_told_in_the_words_of_the_database(violations, edit):
    """A file for another schema than this database has."""
    edit("customers.sql", "billing.customers", "crm.clients")

    (violation,) = violations()

    assert violation.startswith('customers.sql: relation "crm.clients" does not exist; LINE 22:')


def test_a_parameter_that_is_not_used_or_not_known_is_named(violations, edit):
    """Without ids the re-read before a push would read everything; an unknown parameter is a typing error."""
    edit("customers.sql", "%(ids)s", "%(idz)s")

    first, second = violations()

    assert first == "customers.sql: does not use the parameter %(ids)s; filter by it (null = all)"
    assert second.startswith("customers.sql: ")
    assert "idz" in second


def test_a_file_cannot_change_billing(violations, sql_folder, read_only_demo):
    """Only queries fit: a statement that writes is refused and does nothing."""
    (sql_folder / "services.sql").write_text("delete from billing.credits -- %(ids)s %(changed_since)s")

    (violation,) = violations()

    assert violation.startswith("services.sql: syntax error")
    with psycopg.connect(read_only_demo) as connection:
        assert connection.execute("select count(*) > 0 from billing.credits").fetchone() == (True,)


def test_the_contract_names_what_the_core_knows():
    """The columns of the three document files are the fields of the core's types and nothing else."""
    columns = {file.name: {column.name for column in file.columns} for file in CONTRACT}

    assert columns[INVOICES.name] == {field.name for field in fields(Invoice)} - {"lines", "customer", "rows_digest"}
    assert columns[INVOICE_LINES.name] == {field.name for field in fields(Line)} | {"invoice_id"}
    assert columns[CUSTOMERS.name] == {field.name for field in fields(Customer)} | {"updated_at"}


def test_the_page_of_the_contract_is_up_to_date():
    """`python -m include.stores.contract` would change nothing in docs/billing-contract.md."""
    page = PAGE.read_text(encoding="utf-8")

    assert page_with_tables(page) == page
    assert all(f"## {file.name}" in page for file in CONTRACT)


def test_every_billing_file_is_in_the_contract():
    """No file lies in include/sql/billing that nobody checks."""
    folder = Path(__file__).resolve().parents[2] / "include" / "sql" / "billing"

    assert {path.name for path in folder.glob("*.sql")} == {file.name for file in CONTRACT}
