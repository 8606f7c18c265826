"""Payments on expenses and deposits: money that went out to a customer or came in from him, without a form of his own."""

from typing import Any

import pytest

from tests.simulator.applying import (
    CHECKING,
    CHEQUE,
    PAYABLE,
    RECEIVABLE,
    applied,
    cheque,
    deposit,
    expense,
    left,
    owed,
    payment,
    told,
)
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import expense_line

MASTERCARD = "41"
# The ways to pay an expense, and how links name it then.
WAYS = [
    ("Check", CHEQUE),
    ("Expense", {"PaymentType": "Cash", "AccountRef": ref(CHECKING)}),
    ("Expense", {"PaymentType": "CreditCard", "AccountRef": ref(MASTERCARD)}),
]
CARD_CREDIT = {"PaymentType": "CreditCard", "AccountRef": ref(MASTERCARD), "Credit": True}


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_money_that_went_out_to_a_customer_is_a_debt_of_his(qbo: Qbo, kind: str, way: dict[str, Any]) -> None:
    """A refund of 40 takes up a credit memo of 100: links on both sides under the way it was paid, nothing is owed twice."""
    memo = qbo.create("CreditMemo", **invoice(item_line(100)))
    refund = qbo.create("Purchase", **expense(40, DocNumber="R-1", **way))
    before = owed(qbo)

    paid = qbo.create("Payment", **payment(0, applied(40, refund, kind), applied(40, memo, "CreditMemo")))

    link = {"TxnId": refund["Id"], "TxnType": kind, "TxnLineId": "1"}
    assert (paid["Line"][0]["LinkedTxn"], paid["UnappliedAmt"]) == ([link], 0)
    assert told(paid) == {"txnId": refund["Id"], "txnOpenBalance": "40.00", "txnReferenceNumber": "R-1"}
    read = qbo.read("Purchase", refund["Id"])
    assert (read["LinkedTxn"], read["SyncToken"]) == ([{"TxnId": paid["Id"], "TxnType": "Payment"}], "1")
    assert (read["Line"], qbo.read("CreditMemo", memo["Id"])["RemainingCredit"]) == (refund["Line"], 60)
    assert (before, owed(qbo)) == (-60, -60)


@pytest.mark.parametrize(("entity", "kind"), [("Deposit", "Deposit"), ("Purchase", "CreditCardCredit")])
def test_money_that_came_in_from_a_customer_is_a_credit_of_his(qbo: Qbo, entity: str, kind: str) -> None:
    """A deposit, or a credit on a card, of 30 pays an invoice, in part without other money and in part beside it."""
    body = deposit((30, "1")) if entity == "Deposit" else expense(30, **CARD_CREDIT)
    credit, bill = qbo.create(entity, **body), qbo.create("Invoice", **invoice(item_line(100)))

    without = qbo.create("Payment", **payment(0, applied(10, bill, "Invoice"), applied(10, credit, kind)))
    beside = qbo.create("Payment", **payment(25, applied(40, bill, "Invoice"), applied(20, credit, kind)))

    links = [{"TxnId": one["Id"], "TxnType": "Payment"} for one in (without, beside)]
    assert (without["UnappliedAmt"], beside["UnappliedAmt"], told(beside)["txnOpenBalance"]) == (0, 5, "90.00")
    assert (qbo.read(entity, credit["Id"])["LinkedTxn"], qbo.read("Invoice", bill["Id"])["Balance"]) == (links, 50)
    assert (owed(qbo), left(qbo, credit, kind)) == (45, 0)


def test_what_a_deposit_takes_off_a_customer_is_a_debt_again(qbo: Qbo) -> None:
    """A negative line, as for a cheque that came back: it is paid like an invoice."""
    returned = qbo.create("Deposit", **deposit((100, "2"), (-60, "1")))

    paid = qbo.create("Payment", **payment(60, applied(60, returned, "Deposit")))
    beyond = qbo.post("payment", payment(60, applied(1, returned, "Deposit")))

    assert (paid["UnappliedAmt"], beyond.error["code"]) == (0, "6000")
    assert (qbo.read("Customer", "1")["Balance"], qbo.read("Customer", "2")["Balance"]) == (0, -100)


def test_more_than_is_open_of_an_expense_or_a_deposit_cannot_be_applied(qbo: Qbo) -> None:
    """6000 beyond the debt, beyond the credit, beyond the rest that an earlier payment left; nothing is written."""
    debt, credit = qbo.create("Purchase", **expense(100)), qbo.create("Deposit", **deposit((30, "1")))
    qbo.create("Payment", **payment(60, applied(60, debt, "Check")))

    answers = [
        qbo.post("payment", payment(200, applied("40.01", debt, "Check"))),
        qbo.post("payment", payment(200, applied(20, debt, "Check"), applied("20.01", debt, "Check"))),
        qbo.post("payment", payment(0, applied("30.01", credit, "Deposit"))),
        qbo.post("payment", payment(0, applied(40, debt, "Check"), applied(30, credit, "Deposit"))),
    ]

    assert [(one.status, one.error["code"]) for one in answers] == [(400, "6000")] * 4
    assert all("add up to more" in one.error["Detail"] for one in answers)
    assert (len(qbo.simulator.state("Payment")), owed(qbo), left(qbo, debt, "Check")) == (1, 10, 40)


@pytest.mark.parametrize("way", [{"operation": "delete"}, {"operation": "update", "include": "void"}])
def test_a_payment_that_ends_gives_expenses_and_deposits_back(qbo: Qbo, way: dict[str, str]) -> None:
    """Voided or deleted: open again, unlinked, owed again."""
    debt, credit = qbo.create("Purchase", **expense(100)), qbo.create("Deposit", **deposit((30, "1")))
    paid = qbo.create("Payment", **payment(50, applied(80, debt, "Check"), applied(30, credit, "Deposit")))

    qbo.post("payment", {"Id": paid["Id"], "SyncToken": "0", "sparse": True}, **way)

    there = [qbo.read("Purchase", debt["Id"]), qbo.read("Deposit", credit["Id"])]
    assert [one.get("LinkedTxn") for one in there] == [None, None]
    assert (owed(qbo), left(qbo, debt, "Check"), left(qbo, credit, "Deposit")) == (70, 100, 30)


def test_an_update_moves_a_payment_from_an_expense_to_another(qbo: Qbo) -> None:
    """What is not sent again is open again; what was read can be sent back."""
    first, second = (qbo.create("Purchase", **expense(100)) for _ in range(2))
    paid = qbo.create("Payment", **payment(80, applied(50, first, "Check"), applied(30, second, "Check")))

    same = qbo.post("payment", paid)["Payment"]
    moved = qbo.post("payment", {**same, "Line": [applied(80, second, "Check")]})["Payment"]

    assert (same["Line"], told(moved)["txnOpenBalance"]) == (paid["Line"], "100.00")
    assert (left(qbo, first, "Check"), left(qbo, second, "Check"), owed(qbo)) == (100, 20, 120)
    assert "LinkedTxn" not in qbo.read("Purchase", first["Id"])


def test_only_money_in_the_customers_name_is_applied(qbo: Qbo) -> None:
    """6000 for another's and for what is on no receivables, 2500 for an expense of another kind and for none at all."""
    of_another, spent = qbo.create("Purchase", **expense(10, "2")), expense(10)
    elsewhere = qbo.create("Purchase", **{**spent, "Line": [expense_line(10)]})
    paid_in = qbo.create("Deposit", **deposit((10, "2")))

    answers = [
        qbo.post("payment", payment(10, applied(10, document, kind)))
        for document, kind in (
            (of_another, "Check"),
            (elsewhere, "Check"),
            (paid_in, "Deposit"),
            (elsewhere, "Expense"),
            (elsewhere, "CreditCardCredit"),
            ({"Id": "9999"}, "Deposit"),
        )
    ]

    assert [(one.status, one.error["code"]) for one in answers] == [(400, "6000")] * 3 + [(400, "2500")] * 3
    assert "The Expense" in answers[0].error["Detail"]
    assert "belongs to another customer" in answers[2].error["Detail"]
    assert qbo.simulator.state("Payment") == []


def test_of_a_deposit_from_several_the_customers_own_line_is_meant(qbo: Qbo) -> None:
    """Two of the same customer need TxnLineId (else 501); the name beside them keeps his."""
    credit = qbo.create("Deposit", **deposit((60, "1"), (40, "1"), (5, "2")))
    bills = [qbo.create("Invoice", **invoice(item_line(100), customer=one)) for one in ("1", "2")]

    def pay(bill: dict[str, Any], amount: Any, customer: str, **link: str) -> Any:
        lines = applied(amount, bill, "Invoice"), applied(amount, credit, "Deposit", **link)
        return qbo.post("payment", payment(0, *lines, customer=customer))

    unclear, of_other, beyond = pay(bills[0], 10, "1"), pay(bills[0], 1, "1", TxnLineId="3"), pay(bills[1], 6, "2")
    mine, theirs = pay(bills[0], 40, "1", TxnLineId="2"), pay(bills[1], 5, "2")

    assert (unclear.status, "TxnLineId" in unclear.text) == (501, True)
    assert [one.error["code"] for one in (of_other, beyond)] == ["6000", "6000"]
    assert [one.status for one in (mine, theirs)] == [200, 200]
    assert [qbo.read("Customer", one)["Balance"] for one in ("1", "2")] == [0, 95]
    assert left(qbo, credit, "Deposit", TxnLineId="1") == 60


def test_a_paid_expense_is_changed_within_what_was_paid(qbo: Qbo) -> None:
    """More is open, less than paid is 6000, another payee, account or way of paying 501; it is unlinked before it is deleted."""
    debt = qbo.create("Purchase", **expense(100))
    qbo.create("Payment", **payment(60, applied(60, debt, "Check")))
    read = qbo.read("Purchase", debt["Id"])

    def changed(amount: Any, account: str = RECEIVABLE, **values: Any) -> Any:
        return qbo.post("purchase", {**read, "Line": [{"Id": "1", **expense_line(amount, account)}], **values})

    refused = [changed(59), qbo.post("purchase", read, operation="delete")]
    unknown = [
        changed(100, "7"),
        changed(100, EntityRef={**ref(2), "type": "Customer"}),
        changed(100, PaymentType="Cash"),
        qbo.post("purchase", {**read, "Line": [expense_line(100, RECEIVABLE)]}),
    ]
    raised = changed(130)["Purchase"]

    assert [(one.status, one.error["code"]) for one in refused] == [(400, "6000")] * 2
    assert [one.status for one in unknown] == [501] * 4
    assert (raised["LinkedTxn"], owed(qbo), left(qbo, debt, "Check")) == (read["LinkedTxn"], 70, 70)


def test_a_used_deposit_is_changed_within_what_was_used(qbo: Qbo) -> None:
    """As an expense; and what it says to be linked to is QuickBooks' own."""
    credit, bill = qbo.create("Deposit", **deposit((30, "1"))), qbo.create("Invoice", **invoice(item_line(100)))
    qbo.create("Payment", **payment(0, applied(20, bill, "Invoice"), applied(20, credit, "Deposit")))
    read = qbo.read("Deposit", credit["Id"])

    less, other = ({**read, **deposit(line)} for line in (("19.99", "1"), (30, "2")))
    for body in (less, other):
        body["Line"][0]["Id"] = "1"
    answers = [qbo.post("deposit", body) for body in (less, other)]
    gone = qbo.post("deposit", read, operation="delete")
    raised = qbo.post("deposit", {**read, "Line": [{**read["Line"][0], "Amount": 50}], "LinkedTxn": []})["Deposit"]

    assert [one.status for one in (*answers, gone)] == [400, 501, 400]
    assert (answers[0].error["code"], gone.error["code"]) == ("6000", "6000")
    assert (raised["LinkedTxn"], owed(qbo), left(qbo, credit, "Deposit")) == (read["LinkedTxn"], 50, 30)


@pytest.mark.parametrize(
    ("account", "payee", "text"),
    [
        (RECEIVABLE, {"value": "30", "type": "Vendor"}, "Accounts Receivable, you must choose a customer"),
        (RECEIVABLE, {}, "Accounts Receivable, you must choose a customer"),
        (PAYABLE, {"value": "1", "type": "Customer"}, "Accounts Payable, you must choose a vendor"),
    ],
)
def test_an_expense_on_receivables_is_a_customers_and_on_payables_a_vendors(
    qbo: Qbo, account: str, payee: dict[str, str], text: str
) -> None:
    """6000 in the words that QuickBooks has for it; nothing is owed."""
    body = expense(10, Line=[expense_line(10, account)])
    del body["EntityRef"]

    answer = qbo.post("purchase", {**body, "EntityRef": payee} if payee else body)

    assert (answer.status, answer.error["code"]) == (400, "6000")
    assert text in answer.error["Detail"]
    assert (owed(qbo), qbo.read("Vendor", "30")["Balance"]) == (0, 0)


def test_a_vendors_refund_and_a_cheque_to_him_are_settled_with_his_forms(qbo: Qbo) -> None:
    """What he paid back takes up his credit, what he was paid in advance a bill; more is refused, a deletion gives all back."""
    credit = qbo.create("VendorCredit", VendorRef=ref(30), Line=[expense_line(40)])
    back = qbo.create("Deposit", **deposit((40, "30"), kind="Vendor"))
    advance = qbo.create("Purchase", **expense(25, "30", "Vendor"))
    bill = qbo.create("Bill", VendorRef=ref(30), Line=[expense_line(100)])

    beyond = [
        qbo.post("billpayment", cheque(200, applied(amount, one, kind)))
        for amount, one, kind in ((41, back, "Deposit"), (26, advance, "Check"))
    ]
    lines = applied(40, back, "Deposit"), applied(40, credit, "VendorCredit")
    qbo.create("BillPayment", **cheque(0, *lines))
    lines = applied(100, bill, "Bill"), applied(25, advance, "Check")
    paid = qbo.create("BillPayment", **cheque(75, *lines))
    balances = qbo.read("Vendor", "30")["Balance"], qbo.read("Account", PAYABLE)["CurrentBalance"]
    links = qbo.read("Purchase", advance["Id"])["LinkedTxn"]
    qbo.post("billpayment", paid, operation="delete")

    assert [(one.status, one.error["code"]) for one in beyond] == [(400, "6000")] * 2
    assert (balances, links) == ((0, 0), [{"TxnId": paid["Id"], "TxnType": "BillPaymentCheck"}])
    assert (qbo.read("Vendor", "30")["Balance"], qbo.read("Account", PAYABLE)["CurrentBalance"]) == (75, -75)
    assert "LinkedTxn" not in qbo.read("Purchase", advance["Id"])


def test_open_receivables_hold_what_is_left_of_expenses_and_deposits(qbo: Qbo) -> None:
    """The report of ages adds up to what the customer owes, before and after they are settled with each other."""

    def aged() -> Any:
        [total] = [row for row in qbo.get("reports/AgedReceivables")["Rows"]["Row"] if row.get("group") == "GrandTotal"]
        return float(total["Summary"]["ColData"][-1]["value"])

    debt, credit = qbo.create("Purchase", **expense(100)), qbo.create("Deposit", **deposit((30, "1")))
    before = aged(), owed(qbo)

    qbo.create("Payment", **payment(0, applied(20, debt, "Check"), applied(20, credit, "Deposit")))

    assert before == (70, 70)
    assert (aged(), owed(qbo)) == (70, 70)
