"""The accountant at work in QuickBooks itself."""

from decimal import Decimal
from typing import Any

import pytest

from qbo_simulator.testing import SimulatorError
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import expense_line, journal_line


def test_edits_raise_the_sync_token(qbo: Qbo) -> None:
    """An edit in QuickBooks makes the caller's token stale."""
    made = qbo.create("Invoice", **invoice())

    qbo.simulator.act("edit", entity="Invoice", id=made["Id"], changes={"PrivateNote": "by hand"})

    assert (qbo.read("Invoice", made["Id"])["PrivateNote"], qbo.read("Invoice", made["Id"])["SyncToken"]) == (
        "by hand",
        "1",
    )
    assert qbo.post("invoice", {**made, "PrivateNote": "mine"}).error["code"] == "5010"


def test_deleting_and_voiding_go_through_the_rules(qbo: Qbo) -> None:
    """What QBO refuses, the accountant cannot do either."""
    first, second = (qbo.create("Invoice", **invoice()) for _ in range(2))

    qbo.simulator.act("delete", entity="Invoice", id=first["Id"])
    qbo.simulator.act("void", entity="Invoice", id=second["Id"])

    assert qbo.get(f"invoice/{first['Id']}").error["code"] == "610"
    assert qbo.read("Invoice", second["Id"])["TotalAmt"] == 0
    with pytest.raises(SimulatorError, match=r'409.*"code":"610"'):
        qbo.simulator.act("delete", entity="Invoice", id=first["Id"])


def test_a_received_payment_takes_the_oldest_invoices_first(qbo: Qbo) -> None:
    """150 on two invoices of 100, then what is over stays unapplied."""
    newer = qbo.create("Invoice", **invoice(item_line(100), TxnDate="2026-03-01"))
    older = qbo.create("Invoice", **invoice(item_line(100), TxnDate="2026-02-01"))

    qbo.simulator.act("receive_payment", customer="1", amount="150.00")
    assert [qbo.read("Invoice", one["Id"])["Balance"] for one in (older, newer)] == [0, 50]

    second = qbo.simulator.act(
        "receive_payment", customer="1", amount="60.50", invoices=[newer["Id"]], date="2026-04-01"
    )
    assert Decimal(str(second["Payment"]["UnappliedAmt"])) == Decimal("10.5")
    assert second["Payment"]["TxnDate"] == "2026-04-01"


def test_the_accountant_closes_the_books(qbo: Qbo) -> None:
    """From then on 6210."""
    qbo.simulator.act("close_books", date="2026-12-31")

    assert qbo.post("invoice", invoice()).error["code"] == "6210"


def test_merged_customers_are_one(qbo: Qbo) -> None:
    """Invoices and balance move to the survivor; the other is inactive and its name free."""
    made = qbo.create("Invoice", **invoice(customer="2"))

    result = qbo.simulator.act("merge", entity="Customer", id="2", into="3")

    assert result["merged_away"] == "2"
    assert qbo.read("Invoice", made["Id"])["CustomerRef"] == {"value": "3", "name": "Cool Cars"}
    assert [qbo.read("Customer", one)["Balance"] for one in ("2", "3")] == [0, 100]
    gone = qbo.read("Customer", "2")
    assert (gone["Active"], gone["DisplayName"]) == (False, "Bill's Windsurf Shop (deleted)")
    assert [row["Id"] for row in qbo.query("select * from Invoice where CustomerRef = '3'").rows] == [made["Id"]]
    assert qbo.create("Customer", DisplayName="Bill's Windsurf Shop")["Active"] is True


def test_the_accountant_creates_deactivates_and_sends(qbo: Qbo) -> None:
    """The other deeds."""
    made = qbo.simulator.act("create", entity="Invoice", values=invoice())["Invoice"]

    sent = qbo.simulator.act("send", entity="Invoice", id=made["Id"], to="x@y.example")["Invoice"]
    off = qbo.simulator.act("deactivate", entity="Item", id="3")["Item"]
    on = qbo.simulator.act("activate", entity="Item", id="3")["Item"]

    assert (sent["EmailStatus"], off["Active"], on["Active"]) == ("EmailSent", False, True)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"do": "dance"}, "'do' must be one of"),
        ({"do": "void", "entity": "Invoice", "amount": 1}, "void takes"),
        ({"do": "void", "entity": "X"}, "no entity"),
    ],
)
def test_an_unknown_deed_is_refused(qbo: Qbo, wanted: dict[str, Any], words: str) -> None:
    """422 with what is possible."""
    with pytest.raises(SimulatorError, match=words):
        qbo.simulator.control("POST", "act", wanted)


def test_a_merged_name_is_gone_from_lines_too(qbo: Qbo) -> None:
    """What a journal entry and a bill say on their lines now belongs to the other name; deleting them keeps its balance right."""
    name = {"Type": "Customer", "EntityRef": ref(3)}
    lines = [journal_line("Debit", 5, "84", Entity=name), journal_line("Credit", 5, "34")]
    entry = qbo.create("JournalEntry", Line=lines)
    bill = qbo.create("Bill", VendorRef=ref(30), Line=[expense_line(CustomerRef=ref(3))])
    spent = {"PaymentType": "CreditCard", "AccountRef": ref(41), "EntityRef": ref(30), "Line": [expense_line()]}
    expense = qbo.create("Purchase", **spent)

    qbo.simulator.act("merge", entity="Customer", id="3", into="4")
    qbo.simulator.act("merge", entity="Vendor", id="30", into="31")

    moved = qbo.read("JournalEntry", entry["Id"])["Line"][0]["JournalEntryLineDetail"]["Entity"]["EntityRef"]
    changed = qbo.read("Bill", bill["Id"])
    assert moved == {"value": "4", "name": "Diego Rodriguez"}
    assert changed["Line"][0]["AccountBasedExpenseLineDetail"]["CustomerRef"]["value"] == "4"
    assert (changed["VendorRef"]["value"], qbo.read("Vendor", "31")["Balance"]) == ("31", 100)
    assert qbo.read("Purchase", expense["Id"])["EntityRef"] == {
        "value": "31", "name": "Brosnahan Insurance Agency", "type": "Vendor",
    }  # fmt: skip
    assert qbo.read("Customer", "4")["Balance"] == 5
    qbo.post("journalentry", {"Id": entry["Id"], "SyncToken": "0"}, operation="delete")
    assert (qbo.read("Customer", "4")["Balance"], qbo.read("Customer", "3")["Balance"]) == (0, 0)
