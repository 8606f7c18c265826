"""Billing's own digest of the rows of a document: equal for equal rows, another one for any change of any column."""

from __future__ import annotations

import pytest

from include.billing_sync.documents import Invoice, fingerprint, to_json
from include.stores.billing import BillingError


def planned(reader) -> dict[str, Invoice]:
    """All readable invoices of the demo by id."""
    return {one.invoice_id: one for chunk in reader.read_invoices() for one in chunk if isinstance(one, Invoice)}


def asked(reader, invoices) -> dict[str, str]:
    """What billing says of these invoices now."""
    return reader.digests({one.invoice_id: one.customer_id for one in invoices.values()})


def test_billing_says_the_digest_under_which_it_was_read(reader):
    """Read in portions through a cursor, by ids, or asked for the digests alone: the same for each invoice."""
    invoices = planned(reader)
    by_ids = reader.read_by_ids(list(invoices))

    assert asked(reader, invoices) == {billing_id: one.rows_digest for billing_id, one in invoices.items()}
    assert {billing_id: by_ids[billing_id].rows_digest for billing_id in invoices} == asked(reader, invoices)
    assert len({one.rows_digest for one in invoices.values()}) == len(invoices)


@pytest.mark.parametrize(
    "change",
    [
        "update billing.invoices set memo = 'x' where invoice_id = 'I-10001'",
        "update billing.invoices set balance_amount = balance_amount + 0.01 where invoice_id = 'I-10001'",
        "update billing.invoice_lines set amount = amount + 0.01 where invoice_id = 'I-10001' and position = 1",
        "update billing.invoice_lines set description = description || ' ' where invoice_id = 'I-10001' and position = 1",
        "delete from billing.invoice_lines where invoice_id = 'I-10001' and position = 1",
        "update billing.customers set phone = '1' where customer_id ="
        " (select customer_id from billing.invoices where invoice_id = 'I-10001')",
    ],
)
def test_any_change_of_any_row_is_another_digest(reader, billing, change):
    """Header, line, a line that went, customer; invoices of others keep theirs."""
    invoices = planned(reader)
    before = asked(reader, invoices)
    customer = invoices["I-10001"].customer_id
    billing.execute(change)

    after = asked(reader, invoices)

    assert after["I-10001"] != before["I-10001"]
    assert all(
        after[billing_id] == before[billing_id]
        for billing_id in invoices
        if invoices[billing_id].customer_id != customer
    )


def test_an_invoice_that_went_has_no_digest(reader):
    """Nothing is made up for an id that billing does not know."""
    assert reader.digests({"no such invoice": "nobody"}) == {}


def test_the_digest_is_no_content(reader):
    """Another digest alone is no change of the document."""
    invoice = planned(reader)["I-10001"]
    content = to_json(invoice)

    assert fingerprint(content | {"rows_digest": "another"}) == fingerprint(content)


@pytest.mark.parametrize("table", ["invoices", "invoice_lines", "customers"])
def test_a_table_that_went_is_named_with_its_file_wherever_the_error_surfaces(reader, billing, table):
    """The three questions go out together, and the answer to the first may come with the last: the file is found all the same."""
    invoices = planned(reader)
    billing.execute(f"alter table billing.{table} rename to hidden")

    with pytest.raises(BillingError, match=rf'^\w+\.sql: relation "billing.{table}" does not exist.*correct the file'):
        asked(reader, invoices)
