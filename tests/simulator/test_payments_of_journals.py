"""Payments on journal entries: what a line in somebody's name owes is paid, what it credits is used up."""

import json
from typing import Any

import pytest

from tests.simulator.applying import (
    CHECKING,
    EQUITY,
    PAYABLE,
    RECEIVABLE,
    applied,
    cheque,
    journal,
    left,
    of_vendor,
    owed,
    payment,
    told,
)
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import expense_line, journal_line, named


def test_what_a_journal_entry_debits_a_customer_is_paid(qbo: Qbo) -> None:
    """40 of 100: links on both sides, the line told, the rest of the money unapplied, the customer owes the difference."""
    entry = journal(qbo, "Debit", 100, DocNumber="J-1")

    paid = qbo.create("Payment", **payment(50, applied(40, entry)))

    link = {"TxnId": entry["Id"], "TxnType": "JournalEntry", "TxnLineId": "0"}
    assert (paid["Line"][0]["LinkedTxn"], paid["UnappliedAmt"]) == ([link], 10)
    assert told(paid) == {"txnId": entry["Id"], "txnOpenBalance": "100.00", "txnReferenceNumber": "J-1"}
    read = qbo.read("JournalEntry", entry["Id"])
    assert (read["LinkedTxn"], read["SyncToken"]) == ([{"TxnId": paid["Id"], "TxnType": "Payment"}], "1")
    assert (read["Line"], owed(qbo), left(qbo, entry)) == (entry["Line"], 50, 60)


def test_what_a_journal_entry_credits_a_customer_pays_an_invoice(qbo: Qbo) -> None:
    """A payment of zero with a line on each, as with a credit memo; the credit adds to the money of a payment."""
    entry = journal(qbo, "Credit", 30)
    first, second = (qbo.create("Invoice", **invoice(item_line(100))) for _ in range(2))

    without = qbo.create("Payment", **payment(0, applied(10, first, "Invoice"), applied(10, entry)))
    beside = qbo.create("Payment", **payment(25, applied(40, second, "Invoice"), applied(20, entry)))

    assert (without["UnappliedAmt"], beside["UnappliedAmt"]) == (0, 5)
    assert [qbo.read("Invoice", one["Id"])["Balance"] for one in (first, second)] == [90, 60]
    assert (owed(qbo), left(qbo, entry)) == (145, 0)


def test_more_than_is_open_of_a_journal_entry_cannot_be_applied(qbo: Qbo) -> None:
    """6000 beyond a debit, beyond a credit, and beyond what an earlier payment left; nothing is written."""
    debit, credit = journal(qbo, "Debit", 100), journal(qbo, "Credit", 30)
    qbo.create("Payment", **payment(60, applied(60, debit)))

    answers = [
        qbo.post("payment", payment(200, applied("40.01", debit))),
        qbo.post("payment", payment(200, applied(20, debit), applied("20.01", debit))),
        qbo.post("payment", payment(0, applied("30.01", credit))),
        qbo.post("payment", payment(0, applied(40, debit), applied(30, credit))),
    ]

    assert [(one.status, one.error["code"]) for one in answers] == [(400, "6000")] * 4
    assert all("add up to more" in one.error["Detail"] for one in answers)
    assert (len(qbo.simulator.state("Payment")), owed(qbo), left(qbo, debit)) == (1, 10, 40)


@pytest.mark.parametrize("way", [{"operation": "delete"}, {"operation": "update", "include": "void"}])
def test_a_payment_that_ends_gives_a_journal_entry_back(qbo: Qbo, way: dict[str, str]) -> None:
    """Voided or deleted: open again, unlinked, owed again."""
    debit, credit = journal(qbo, "Debit", 100), journal(qbo, "Credit", 30)
    paid = qbo.create("Payment", **payment(50, applied(80, debit), applied(30, credit)))

    qbo.post("payment", {"Id": paid["Id"], "SyncToken": "0", "sparse": True}, **way)

    assert [qbo.read("JournalEntry", one["Id"]).get("LinkedTxn") for one in (debit, credit)] == [None, None]
    assert (owed(qbo), left(qbo, debit)) == (70, 100)


def test_an_update_moves_a_payment_from_one_entry_to_another(qbo: Qbo) -> None:
    """What is not sent again is open again; what was read can be sent back; what was open counts the payment's own part."""
    first, second = journal(qbo, "Debit", 100), journal(qbo, "Debit", 100)
    paid = qbo.create("Payment", **payment(80, applied(50, first), applied(30, second)))

    same = qbo.post("payment", paid)["Payment"]
    moved = qbo.post("payment", {**same, "Line": [applied(80, second)]})["Payment"]

    assert (same["Line"], told(moved)["txnOpenBalance"]) == (paid["Line"], "100.00")
    assert (left(qbo, first), left(qbo, second), owed(qbo)) == (100, 20, 120)
    assert "LinkedTxn" not in qbo.read("JournalEntry", first["Id"])


def test_only_an_entry_in_the_customers_name_is_paid(qbo: Qbo) -> None:
    """6000 for another's and for one in nobody's name, 2500 for none at all; a job billed with its parent is paid by it."""
    of_another, of_job, of_nobody = (
        journal(qbo, "Debit", 10, "2"),
        journal(qbo, "Debit", 10, "9"),
        of_vendor(qbo, "Credit", 10),
    )

    answers = [qbo.post("payment", payment(10, applied(10, one))) for one in (of_another, of_nobody, {"Id": "9999"})]
    accepted = qbo.post("payment", payment(10, applied(10, of_job), customer="7"))

    assert [one.error["code"] for one in answers] == ["6000", "6000", "2500"]
    assert "The Journal Entry" in answers[0].error["Detail"]
    assert (accepted.status, qbo.read("Customer", "9")["Balance"]) == (200, 0)


def test_of_several_lines_in_one_name_the_link_tells_which(qbo: Qbo) -> None:
    """By TxnLineId; without it 501. The entry stays linked until the payment has left both lines."""
    name = named("Customer", "1")
    lines = [journal_line("Debit", amount, RECEIVABLE, Entity=name) for amount in (60, 40)]
    entry = qbo.create("JournalEntry", Line=[*lines, journal_line("Credit", 100, EQUITY)])

    unclear = qbo.post("payment", payment(10, applied(10, entry)))
    wrong = [qbo.post("payment", payment(10, applied(10, entry, TxnLineId=line))) for line in ("2", "7")]
    beyond = qbo.post("payment", payment(100, applied(41, entry, TxnLineId="1")))
    both = [applied(60, entry, TxnLineId="0"), applied(40, entry, TxnLineId="1")]
    paid = qbo.create("Payment", **payment(100, *both))
    kept = qbo.post("payment", {**paid, "Line": both[:1]})["Payment"]
    linked = qbo.read("JournalEntry", entry["Id"])["LinkedTxn"]

    assert (unclear.status, "TxnLineId" in unclear.text) == (501, True)
    assert [one.error["code"] for one in (*wrong, beyond)] == ["6000"] * 3
    assert (kept["UnappliedAmt"], linked) == (40, [{"TxnId": paid["Id"], "TxnType": "Payment"}])
    assert (left(qbo, entry, TxnLineId="1"), left(qbo, entry, TxnLineId="0"), owed(qbo)) == (40, 0, 0)


def test_a_paid_journal_entry_is_changed_within_what_was_paid(qbo: Qbo) -> None:
    """More is open, less than paid is 6000, another name, side or account 501; it is not deleted before it is unlinked."""
    entry = journal(qbo, "Debit", 100)
    qbo.create("Payment", **payment(60, applied(60, entry)))
    read = qbo.read("JournalEntry", entry["Id"])

    def changed(amount: Any, side: str = "Debit", account: str = RECEIVABLE, name: Any = None) -> Any:
        lines = [
            {"Id": "0", **journal_line(side, amount, account, Entity=name or named("Customer", "1"))},
            {"Id": "1", **journal_line("Credit" if side == "Debit" else "Debit", amount, EQUITY)},
        ]
        return qbo.post("journalentry", {**read, "Line": lines})

    gone = qbo.post("journalentry", {**read, "Line": [journal_line(side, 5, EQUITY) for side in ("Debit", "Credit")]})
    refused = [changed(59), qbo.post("journalentry", read, operation="delete")]
    unknown = [changed(100, "Credit"), changed(100, name=named("Customer", "2")), changed(100, account=CHECKING), gone]
    raised = changed(130)["JournalEntry"]

    assert [(one.status, one.error["code"]) for one in refused] == [(400, "6000")] * 2
    assert [one.status for one in unknown] == [501] * 4
    assert (raised["LinkedTxn"], owed(qbo), left(qbo, entry)) == (read["LinkedTxn"], 70, 70)


def test_an_entry_on_other_receivables_than_the_payments_is_not_simulated(qbo: Qbo) -> None:
    """501; a payment that names these receivables pays it."""
    other = qbo.create("Account", Name="Other receivables", AccountType="Accounts Receivable")["Id"]
    lines = [journal_line("Debit", 10, other, Entity=named("Customer", "1")), journal_line("Credit", 10, EQUITY)]
    entry = qbo.create("JournalEntry", Line=lines)

    refused = qbo.post("payment", payment(10, applied(10, entry)))
    made = qbo.post("payment", payment(10, applied(10, entry), ARAccountRef=ref(other)))

    assert (refused.status, "ARAccountRef" in refused.text) == (501, True)
    assert (made.status, qbo.read("Account", other)["CurrentBalance"]) == (200, 0)


def test_a_voided_credit_memo_opens_again_the_entry_that_it_had_paid(qbo: Qbo) -> None:
    """The payment without money is empty, and nothing is linked any more."""
    entry = journal(qbo, "Debit", 100)
    memo = qbo.create("CreditMemo", **invoice(item_line(30)))
    paid = qbo.create("Payment", **payment(0, applied(30, entry), applied(30, memo, "CreditMemo")))

    qbo.post("creditmemo", {"Id": memo["Id"], "SyncToken": "1"}, operation="void")

    kept = qbo.read("Payment", paid["Id"])
    assert (kept["Line"], kept["UnappliedAmt"], owed(qbo), left(qbo, entry)) == ([], 0, 100, 100)
    assert "LinkedTxn" not in qbo.read("JournalEntry", entry["Id"])


def test_a_vendors_journal_entries_are_paid_and_used_as_credits(qbo: Qbo) -> None:
    """What is credited to him is paid, what is debited pays a bill; more is refused, and a deleted payment gives all back."""
    debt, credit = of_vendor(qbo, "Credit", 100), of_vendor(qbo, "Debit", 30)
    bill = qbo.create("Bill", VendorRef=ref(30), Line=[expense_line(50)])

    beyond = [qbo.post("billpayment", cheque(200, applied(amount, one))) for amount, one in ((101, debt), (31, credit))]
    paid = qbo.create("BillPayment", **cheque(80, applied(60, debt), applied(50, bill, "Bill"), applied(30, credit)))
    balance = qbo.read("Vendor", "30")["Balance"]
    links = [qbo.read("JournalEntry", one["Id"])["LinkedTxn"] for one in (debt, credit)]
    qbo.post("billpayment", paid, operation="delete")

    assert [(one.status, one.error["code"]) for one in beyond] == [(400, "6000")] * 2
    assert (balance, qbo.read("Account", PAYABLE)["CurrentBalance"]) == (40, -120)
    assert paid["Line"][0]["LinkedTxn"] == [{"TxnId": debt["Id"], "TxnType": "JournalEntry", "TxnLineId": "1"}]
    assert links == [[{"TxnId": paid["Id"], "TxnType": "BillPaymentCheck"}]] * 2
    assert qbo.read("Vendor", "30")["Balance"] == 120


def test_a_loaded_payment_may_not_say_which_line_it_pays(qbo: Qbo) -> None:
    """A company from elsewhere links the entry alone: its line in the customer's name is meant, and can be freed again."""
    entry = journal(qbo, "Debit", "40.00")
    paid = qbo.create("Payment", **payment("15.00", applied("15.00", entry)))
    plain = json.dumps([{**paid, "Line": [applied(15, entry)]}], default=float)

    qbo.simulator.load("Payment", plain.encode(), qbo.realm_id)
    after_loading = owed(qbo)
    qbo.post("payment", {"Id": paid["Id"], "SyncToken": paid["SyncToken"]}, operation="delete")

    assert (after_loading, owed(qbo)) == (25, 40)
