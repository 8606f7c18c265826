"""Mapping files: all errors at once, each with file and row; saved files read back the same (issue: bad input; F26)."""

from __future__ import annotations

import pytest

from include.billing_sync.mapping import Kind, MappingRow
from include.billing_sync.mapping_files import check_against_lists, parse, render
from include.billing_sync.names import ListRow

HEADING = "billing_id,billing_name,qbo_id,qbo_name,excluded\n"


def problems(kind: Kind, text: str) -> list[str]:
    return [str(problem) for problem in parse(kind, text.encode())[1]]


def test_a_file_becomes_mappings() -> None:
    """Every column, a row per key, the row that it stands in."""
    rows, found = parse("customer", f'{HEADING}42,"Acme, Inc",5,Acme,\n43,House,,,yes\n'.encode())

    assert found == []
    assert [(row.number, row.mapping) for row in rows] == [
        (2, MappingRow("customer", "42", "Acme, Inc", "5", "Acme")),
        (3, MappingRow("customer", "43", "House", None, None, True)),
    ]


def test_name_and_exclusion_may_be_left_out() -> None:
    """billing_name and excluded are for people; a file without them is whole."""
    rows, found = parse("category", b"billing_id,qbo_id,qbo_name\nrecurring,2,Hours\n")

    assert found == []
    assert rows[0].mapping == MappingRow("category", "recurring", None, "2", "Hours")


def test_the_mark_that_spreadsheets_write_first_is_no_error() -> None:
    """CSV UTF-8 from a spreadsheet begins with a byte order mark and ends its rows with CR LF."""
    rows, found = parse("category", b"\xef\xbb\xbfbilling_id,qbo_id,qbo_name\r\nrecurring,2,Hours\r\n")

    assert found == []
    assert rows[0].mapping.billing_key == "recurring"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("customer", "billing_id,qbo_id,qbo_name,colour\n", "customers.csv, row 1: unknown column 'colour'; allowed: "),
        ("customer", "billing_id;qbo_id;qbo_name\n1;5;A\n", "customers.csv, row 1: unknown column 'billing_id;qbo_id"),
        ("service", "billing_id,qbo_id\n", "services.csv, row 1: column qbo_name is missing; add it"),
        ("service", "billing_id,qbo_id,qbo_name,qbo_id\n", "services.csv, row 1: column qbo_id stands twice"),
        ("service", "", "services.csv: empty; the first row names the columns"),
        ("customer", f"{HEADING}42,A,5,Acme,\n42,B,6,Beta,\n", "customers.csv, row 3: billing_id '42' stands in row 2"),
        ("customer", f"{HEADING}42,A,,Acme,\n", "customers.csv, row 2: qbo_id is empty; map 42, or remove the row"),
        ("customer", f"{HEADING}42,A,5,,\n", "customers.csv, row 2: qbo_name is empty; map 42, or remove the row"),
        ("customer", f"{HEADING},A,5,Acme,\n", "customers.csv, row 2: billing_id is empty"),
        ("customer", f"{HEADING}42,A,5,Acme\n", "customers.csv, row 2: has 4 cells, the heading has 5; quote a cell"),
        ("customer", f"{HEADING}42,A,5,Acme,maybe\n", "customers.csv, row 2: excluded is 'maybe'; allowed: yes, no"),
        ("customer", f"{HEADING} 42,A,5,Acme,\n", "customers.csv, row 2: billing_id ' 42' begins or ends with a space"),
        ("customer", f"{HEADING}*,A,5,Acme,\n", "customers.csv, row 2: * is no customer; a default is possible in"),
        ("service", f"{HEADING}*,A,5,Acme,\n", "services.csv, row 2: * is no service; a default is possible in"),
        ("category", f"{HEADING}usage,A,,,yes\n", "categories.csv, row 2: excluded is for customers only"),
        ("tax_code", f'{HEADING}CA,"a\nb",5,Tax,\nTX,,"Ta"x,,\n', "tax_codes.csv, row 4: not readable as CSV"),
        (
            "tax_code",
            f"{HEADING}CA,{'x' * 200_000},5,Tax,\n",
            "tax_codes.csv, row 2: not readable as CSV: field larger",
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_and_row(kind: Kind, text: str, expected: str) -> None:
    """Unknown column, duplicate key, missing id or name, a row of the wrong width: one sentence each."""
    (found,) = problems(kind, text)

    assert found.startswith(expected)


def test_a_wrong_encoding_names_its_row() -> None:
    """A file saved in another encoding than UTF-8."""
    found = parse("customer", HEADING.encode() + b"42,Caf\xe9,5,Cafe,\n")[1]

    assert [str(problem) for problem in found] == ["customers.csv, row 2: not UTF-8 text: save the file as CSV UTF-8"]


def test_all_errors_of_a_file_come_at_once() -> None:
    """A person sees the whole list, not the first of it."""
    assert len(problems("customer", f"{HEADING}42,A,,,\n42,B,6,Beta,perhaps\n,C,7,Ceta,\n")) == 5


@pytest.mark.parametrize(
    ("kind", "row", "entry", "expected"),
    [
        ("customer", ("42", "99", "Acme"), None, "customers.csv, row 2: QuickBooks has no Customer with id 99"),
        ("tax_code", ("CA", "99", "Tax"), None, "tax_codes.csv, row 2: QuickBooks has no TaxCode with id 99"),
        (
            "customer",
            ("42", "5", "Acme"),
            ListRow("Customer", "5", "Beta"),
            "customers.csv, row 2: Customer 5 is named 'Beta' in QuickBooks, not 'Acme'",
        ),
        (
            "category",
            ("usage", "9", "Calls"),
            ListRow("Item", "9", "Calls", is_active=False),
            "categories.csv, row 2: Item 9 (Calls) is inactive in QuickBooks",
        ),
        (
            "category",
            ("usage", "9", "Design"),
            ListRow("Item", "9", "Design", kind="Category"),
            "categories.csv, row 2: Item 9 (Design) is a category in QuickBooks",
        ),
    ],
)
def test_a_mapping_must_agree_with_quickbooks(
    kind: Kind, row: tuple[str, str, str], entry: ListRow | None, expected: str
) -> None:
    """An id that QuickBooks does not have, or has under another name."""
    key, qbo_id, name = row
    rows, _ = parse(kind, f"{HEADING}{key},,{qbo_id},{name},\n".encode())

    (problem,) = check_against_lists(kind, rows, {} if entry is None else {entry.qbo_id: entry})

    assert str(problem).startswith(expected)


def test_a_name_with_its_parents_agrees_too() -> None:
    """QuickBooks shows an item as Design:Fountains, and either form is right."""
    entry = ListRow("Item", "9", "Fountains", "Design:Fountains", kind="Service")
    rows, _ = parse("category", f"{HEADING}a,,9,Fountains,\nb,,9,Design:Fountains,\n".encode())

    assert check_against_lists("category", rows, {"9": entry}) == []


@pytest.mark.row("F26")
def test_what_is_saved_reads_back_the_same_and_sorted() -> None:
    """Commas, quotes, line breaks, outer spaces of a billing name and a leading zero survive."""
    rows = [
        MappingRow("customer", "b", 'Say "Hi", Ltd', "010", "Hi: old"),
        MappingRow("customer", "a", " two\nlines\r\n ", "5", "Ä"),
        MappingRow("customer", "c", None, None, None, True),
    ]

    saved = render(rows)
    read, found = parse("customer", saved)

    assert found == []
    assert [row.mapping for row in read] == sorted(rows, key=lambda row: row.billing_key)
    assert render(row.mapping for row in read) == saved
