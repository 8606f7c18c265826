"""What QuickBooks holds of an invoice afterwards, and what it is never told."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.world import World

HEADER = {"DocNumber", "TxnDate", "DueDate", "CustomerRef", "PrivateNote", "Line", "CurrencyRef", "TxnTaxDetail"}
LINE = {"Amount", "DetailType", "Description", "SalesItemLineDetail", "DiscountLineDetail", "Id"}
DETAIL = {"ItemRef", "Qty", "UnitPrice", "ServiceDate", "TaxCodeRef"}


def written(world: World) -> list[str]:
    """The calls that wrote invoices to QuickBooks or mailed them, in order: batch, invoice or send."""
    calls = [call["path"].rsplit("/", 1)[1] for call in world.qbo.journal() if call["method"] == "POST"]
    return [call for call in calls if call in ("batch", "invoice", "send")]


def sent_invoices(world: World) -> list[dict[str, Any]]:
    """The bodies of the invoices as they were sent, one by one."""
    return [call["request_body"] for call in world.qbo.journal(path="/invoice") if call["method"] == "POST"]


@pytest.mark.row("F85", "F86", "F95", "F97")
def test_quickbooks_holds_the_invoice_line_by_line_as_billing_has_it(world: World) -> None:
    """Number, dates, customer, and of each line text, quantity, price, amount, item and its account; no group titles."""
    world.sql("insert into billing.services (service_id, service_name, category) values ('sip', 'SIP trunk', 'voice')")
    world.map("category", "voice", "4", "Design")
    lines = [
        {"amount": Decimal("19.98"), "quantity": 2, "unit_price": Decimal("9.99"), "description": "Seats, October"},
        {"amount": Decimal("0.07"), "category": "voice", "service_id": "sip", "description": ""},
        {"amount": Decimal("-5.00"), "kind": "credit", "category": "voice", "description": "Outage on 3 October"},
    ]
    world.invoice("T-1", lines=lines, day="2026-10-05", due_date="2026-11-04")

    world.run()

    (held,) = world.in_qbo("T-1")
    assert (held["TxnDate"], held["DueDate"], held["CustomerRef"]["name"]) == (
        "2026-10-05",
        "2026-11-04",
        "Northwind Cafe",
    )
    assert Decimal(str(held["TotalAmt"])) == Decimal("15.05")
    accounts = {item["Id"]: item["IncomeAccountRef"]["value"] for item in world.qbo.state("Item", world.realm_id)}
    told = [
        (
            line.get("Description"),
            detail.get("Qty"),
            Decimal(str(line["Amount"])),
            accounts[detail["ItemRef"]["value"]],
            detail["TaxCodeRef"]["value"],
        )
        for line in world.lines_in_qbo("T-1")
        for detail in [line["SalesItemLineDetail"]]
    ]
    assert told == [
        ("Seats, October", 2, Decimal("19.98"), "1", "NON"),
        ("SIP trunk", None, Decimal("0.07"), "82", "NON"),
        ("Outage on 3 October", None, Decimal("-5.00"), "82", "NON"),
    ]
    assert "voice" not in json.dumps(held)


@pytest.mark.row("F92")
def test_nothing_is_sent_that_is_for_quickbooks_to_choose(world: World) -> None:
    """No style, template, payment option, term, class or custom field: QuickBooks' own settings apply."""
    world.invoice("T-1", lines=[{"amount": Decimal(3), "quantity": 1, "unit_price": 3, "service_date": "2026-10-01"}])

    world.run()

    (body,) = sent_invoices(world)
    assert set(body) <= HEADER
    assert {key for line in body["Line"] for key in line} <= LINE
    assert {key for line in body["Line"] for key in line["SalesItemLineDetail"]} <= DETAIL


@pytest.mark.row("F87", "F88", "F89")
def test_an_invoice_counts_as_synced_only_with_the_id_that_quickbooks_gave_it(world: World) -> None:
    """The view names the id under which QuickBooks finds the invoice; one that it refused is an Error without any id."""
    world.invoice("T-1")
    world.run()
    world.invoice("T-2")
    world.qbo.fault("fault", path="/invoice", code="6540", detail="Deposited Transaction cannot be changed")

    world.run(invoice_numbers=["T-2"])

    (held,) = world.in_qbo("T-1")
    rows = world.sql("select doc_number, status, qbo_id, qbo_total from qbo_sync.document_status order by doc_number")
    assert rows[0] == ("T-1", "Synced", held["Id"], Decimal(100))
    assert (rows[1][0], rows[1][1] == "Synced", rows[1][2], rows[1][3]) == ("T-2", False, None, None)
    status, answer = world.qbo.call("GET", f"invoice/{rows[0][2]}", realm_id=world.realm_id)
    assert (status, answer["Invoice"]["DocNumber"]) == (200, "T-1")
    assert world.sql("select billing_id, qbo_id from qbo_sync.links where kind = 'invoice'") == [
        ("inv-T-1", held["Id"])
    ]


@pytest.mark.row("F90", "F91", "F93")
def test_copy_mails_nothing_and_send_mails_after_the_create(world: World) -> None:
    """Copied, QuickBooks has not mailed it. Sent, it is created and then mailed. Without billing's address it is only copied."""
    (cool,) = world.customers_in_qbo("Cool Cars")
    world.map("customer", "c1", cool["Id"], "Cool Cars")
    assert cool["PrimaryEmailAddr"]["Address"]
    world.invoice("T-1", billing_email="ap@northwind.test")
    world.run()
    assert written(world) == ["invoice"]
    assert world.in_qbo("T-1")[0]["EmailStatus"] == "NotSet"
    world.invoice("T-2", billing_email="ap@northwind.test")
    world.invoice("T-3")
    world.qbo.clear_journal()

    world.run(delivery="send", invoice_numbers=["T-2", "T-3"])

    assert written(world) == ["batch", "send"]
    mailed = {one["DocNumber"]: one["EmailStatus"] for one in world.in_qbo()}
    assert mailed == {"T-1": "NotSet", "T-2": "EmailSent", "T-3": "NotSet"}
    assert world.in_qbo("T-2")[0]["BillEmail"]["Address"] == "ap@northwind.test"
    assert world.status("inv-T-3")[0] == "Synced"
    assert "copied_not_sent" in world.reasons("inv-T-3")


@pytest.mark.row("F94")
def test_copying_again_updates_the_same_invoice(world: World) -> None:
    """Changed in billing and copied again: the same id, the next version, and no second invoice."""
    world.invoice("T-1", amounts=("10.00", "20.00"))
    world.run()
    (before,) = world.in_qbo("T-1")

    world.change("inv-T-1", "12.00")
    world.run(invoice_numbers=["T-1"])

    (after,) = world.in_qbo("T-1")
    assert (after["Id"], int(after["SyncToken"])) == (before["Id"], int(before["SyncToken"]) + 1)
    assert Decimal(str(after["TotalAmt"])) == Decimal(32)
    assert [line["Id"] for line in after["Line"] if "Id" in line] == [
        line["Id"] for line in before["Line"] if "Id" in line
    ]


def test_a_due_date_that_billing_takes_away_is_given_back_to_quickbooks(world: World) -> None:
    """QuickBooks fills in its own, as it does for an invoice that never had one; that it shows one stays named every night."""
    world.invoice("T-1", day="2026-10-05", due_date="2026-12-24")
    world.invoice("T-2", day="2026-10-05", due_date=None)
    world.run()
    world.sql("update billing.invoices set due_date = null, memo = 'open end' where invoice_id = 'inv-T-1'")

    world.run()
    told = world.reasons("inv-T-1")
    world.run()

    own = "due date: QuickBooks shows 2026-11-04, and billing names none"
    assert {one["DocNumber"]: one["DueDate"] for one in world.in_qbo()} == {"T-1": "2026-11-04", "T-2": "2026-11-04"}
    assert told == {"updated": own}
    assert [world.reasons(f"inv-{number}")["unchanged"] for number in ("T-1", "T-2")] == [
        f"unchanged since the last write; {own}"
    ] * 2


@pytest.mark.row("F98")
def test_a_description_of_4001_characters_is_cut_and_told(world: World) -> None:
    """QuickBooks holds 4,000 of them, of any script; exactly 4,000 stay as they are and nothing is said."""
    world.invoice("T-1", lines=[{"amount": Decimal(1), "description": "é" * 4001}])
    world.invoice("T-2", lines=[{"amount": Decimal(1), "description": "é" * 4000}])

    world.run()

    assert [world.lines_in_qbo(number)[0]["Description"] for number in ("T-1", "T-2")] == ["é" * 4000] * 2
    assert ("text_cut" in world.reasons("inv-T-1"), "text_cut" in world.reasons("inv-T-2")) == (True, False)


@pytest.mark.row("F99")
def test_another_currency_than_the_companys_is_stopped_before_any_call(world: World) -> None:
    """A EUR invoice in a company of US dollars: the reason names both, and QuickBooks is not asked to take it."""
    world.invoice("T-1", currency="EUR")

    world.run()

    assert world.status("inv-T-1") == ("Skipped", "customer_currency")
    assert world.reasons("inv-T-1")["customer_currency"] == "EUR instead of USD"
    assert world.sql("select count(*) from qbo_sync.attempts where event = 'sent'") == [(0,)]


@pytest.mark.row("F102", "F148", "X5")
def test_a_refused_tax_detail_is_explained_and_not_repeated(world: World) -> None:
    """QuickBooks' own words are kept, the cure names the setting, and the write went out once."""
    world.invoice("T-1")
    world.qbo.fault("fault", path="/invoice", code="6000", detail="Invalid TxnTaxDetail", count=0)

    world.run()

    world.qbo.clear_faults()
    assert world.status("inv-T-1") == ("Error", "refused")
    told = world.reasons("inv-T-1")["refused"]
    assert "Invalid TxnTaxDetail" in told
    assert "set qbo_computes" in told
    assert len(sent_invoices(world)) == 1


@pytest.mark.row("F148", "G18")
def test_a_fault_that_nobody_knows_is_told_in_its_own_words(world: World) -> None:
    """A code that the catalogue does not have: an Error after one call, with QuickBooks' words to the letter, kept as well."""
    words = "News from QuickBooks: «Ärger» 5 < 6 & 7"
    world.invoice("T-1")
    world.qbo.fault("fault", path="/invoice", code="98765", detail=words, count=0)

    world.run()

    world.qbo.clear_faults()
    assert world.status("inv-T-1") == ("Error", "refused")
    assert words in world.reasons("inv-T-1")["refused"]
    ((kept,),) = world.sql("select answer from qbo_sync.attempts where event = 'answered' and billing_id = 'inv-T-1'")
    assert words in kept
    assert len(sent_invoices(world)) == 1
