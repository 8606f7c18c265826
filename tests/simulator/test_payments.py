"""Payments: applied, unapplied, over-applied, voided; balances and links on both sides."""

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref


def applied(amount: Any, id: str, kind: str = "Invoice") -> dict[str, Any]:
    """A line of a payment."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def payment(total: Any, *lines: dict[str, Any], customer: str = "1", **values: Any) -> dict[str, Any]:
    """A payment as a request."""
    return {"CustomerRef": ref(customer), "TotalAmt": total, "Line": list(lines), **values}


def test_a_partial_payment_lowers_the_invoice_and_the_customer(qbo: Qbo) -> None:
    """40 of 100: balance 60, a link on both sides, Undeposited Funds."""
    made = qbo.create("Invoice", **invoice(item_line(100), DocNumber="P-1"))

    paid = qbo.create("Payment", **payment(40, applied(40, made["Id"])))

    read = qbo.read("Invoice", made["Id"])
    assert (read["Balance"], read["TotalAmt"], read["SyncToken"]) == (60, 100, "1")
    assert read["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "Payment"}]
    assert qbo.read("Customer", "1")["Balance"] == 60
    assert (paid["UnappliedAmt"], paid["ProcessPayment"], paid["DepositToAccountRef"]["name"]) == (
        0,
        False,
        "Undeposited Funds",
    )
    pairs = {entry["value"]["Name"]: entry["value"]["Value"] for entry in paid["Line"][0]["LineEx"]["any"]}
    assert pairs == {"txnId": made["Id"], "txnOpenBalance": "100.00", "txnReferenceNumber": "P-1"}


def test_money_that_is_not_applied_is_the_customers_credit(qbo: Qbo) -> None:
    """UnappliedAmt lowers the customer's balance."""
    made = qbo.create("Invoice", **invoice(item_line(100)))

    paid = qbo.create("Payment", **payment(130, applied(100, made["Id"])))

    assert paid["UnappliedAmt"] == 30
    assert qbo.read("Customer", "1")["Balance"] == -30


def test_the_token_of_a_paid_invoice_stays_when_set_so(qbo: Qbo) -> None:
    """Whether a payment raises the SyncToken is a setting."""
    qbo.simulator.settings(payment_bumps_sync_token=False)
    made = qbo.create("Invoice", **invoice())

    qbo.create("Payment", **payment(40, applied(40, made["Id"])))

    assert qbo.read("Invoice", made["Id"])["SyncToken"] == "0"


def test_a_credit_memo_is_applied_by_a_payment_of_zero(qbo: Qbo) -> None:
    """TotalAmt 0 with one invoice line and one credit line of equal amount."""
    made = qbo.create("Invoice", **invoice(item_line(100)))
    memo = qbo.create("CreditMemo", **invoice(item_line(30)))

    paid = qbo.create("Payment", **payment(0, applied(30, made["Id"]), applied(30, memo["Id"], "CreditMemo")))

    assert (paid["TotalAmt"], paid["UnappliedAmt"]) == (0, 0)
    assert qbo.read("Invoice", made["Id"])["Balance"] == 70
    used = qbo.read("CreditMemo", memo["Id"])
    assert (used["Balance"], used["RemainingCredit"], used["LinkedTxn"]) == (
        0,
        0,
        [{"TxnId": paid["Id"], "TxnType": "Payment"}],
    )
    assert qbo.read("Customer", "1")["Balance"] == 70


def test_a_voided_credit_memo_opens_again_what_it_had_paid(qbo: Qbo) -> None:
    """The invoice is owed again, the payment that only carried the credit is empty, one that brought money keeps it."""
    first, second = (qbo.create("Invoice", **invoice(item_line(100))) for _ in range(2))
    memo = qbo.create("CreditMemo", **invoice(item_line(30)))
    lines = (applied(60, first["Id"]), applied(20, second["Id"]), applied(30, memo["Id"], "CreditMemo"))
    paid = qbo.create("Payment", **payment(50, *lines))

    qbo.post("creditmemo", {"Id": memo["Id"], "SyncToken": "1"}, operation="void")

    left = qbo.read("Payment", paid["Id"])
    assert (left["TotalAmt"], left["UnappliedAmt"]) == (50, 0)
    assert [(line["Amount"], line["LinkedTxn"][0]["TxnId"]) for line in left["Line"]] == [(50, first["Id"])]
    assert [qbo.read("Invoice", one["Id"])["Balance"] for one in (first, second)] == [50, 100]
    assert qbo.read("Invoice", second["Id"])["LinkedTxn"] == []
    assert qbo.read("Customer", "1")["Balance"] == 150


def test_more_than_the_balance_cannot_be_applied(qbo: Qbo) -> None:
    """6000 beyond the invoice's balance and beyond the payment's own total; nothing changes."""
    made = qbo.create("Invoice", **invoice(item_line(100)))

    beyond_invoice = qbo.post("payment", payment(200, applied("100.01", made["Id"])))
    beyond_payment = qbo.post("payment", payment(50, applied(60, made["Id"])))

    for answer in (beyond_invoice, beyond_payment):
        assert (answer.status, answer.error["code"]) == (400, "6000")
        assert "add up to more" in answer.error["Detail"]
    assert qbo.read("Invoice", made["Id"])["Balance"] == 100
    assert qbo.simulator.state("Payment") == []


@pytest.mark.parametrize(
    ("values", "code", "detail"),
    [
        ({"CustomerRef": None}, "2020", "Required parameter CustomerRef is missing in the request"),
        ({"TotalAmt": None}, "6000", "Business Validation Error: You must set a transaction amount."),
        ({"TotalAmt": -1}, "6000", "must be 0 or greater"),
        ({"CustomerRef": {"value": "99"}}, "2500", "Names element id 99 not found"),
        ({"DepositToAccountRef": {"value": "1"}}, "6430", "Invalid Account Type used : Services"),
        ({"PaymentMethodRef": {"value": "99"}}, "2500", "PaymentMethods element id 99 not found"),
        ({"PaymentRefNum": "9" * 22}, "2050", "Min:0 Max:21"),
        ({"Line": [{"Amount": 1}]}, "2020", "Line.LinkedTxn"),
        ({"Line": [{"LinkedTxn": [{"TxnId": "1", "TxnType": "Invoice"}]}]}, "2020", "Line.Amount"),
        ({"Line": [applied(1, "77")]}, "2500", "Transactions element id 77 not found"),
        ({"Line": [applied(-1, "77")]}, "2290", "must not be negative"),
        ({"Amount": 4}, "2010", 'Unrecognized field "Amount" (class com.intuit.schema.finance.v3.Payment)'),
    ],
)  # fmt: skip
def test_a_payment_that_breaks_a_rule_is_refused(qbo: Qbo, values: dict[str, Any], code: str, detail: str) -> None:
    """HTTP 400 with the code of the rule."""
    answer = qbo.post("payment", {**payment(10), **values})

    assert (answer.status, answer.error["code"]) == (400, code)
    assert detail in answer.error["Detail"]


def test_an_invoice_of_another_customer_cannot_be_paid(qbo: Qbo) -> None:
    """6000, but a job that is billed with its parent can be paid by the parent."""
    foreign = qbo.create("Invoice", **invoice(customer="2"))
    of_job = qbo.create("Invoice", **invoice(customer="9"))

    refused = qbo.post("payment", payment(10, applied(10, foreign["Id"])))
    accepted = qbo.post("payment", payment(10, applied(10, of_job["Id"]), customer="7"))

    assert (refused.status, refused.error["code"]) == (400, "6000")
    assert accepted.status == 200


def test_an_update_replaces_all_lines(qbo: Qbo) -> None:
    """What is not sent again is open again; an empty Line frees everything."""
    first = qbo.create("Invoice", **invoice(item_line(100)))
    second = qbo.create("Invoice", **invoice(item_line(100)))
    paid = qbo.create("Payment", **payment(80, applied(50, first["Id"]), applied(30, second["Id"])))

    moved = qbo.post("payment", {**paid, "Line": [applied(80, second["Id"])]})["Payment"]

    assert [qbo.read("Invoice", one["Id"])["Balance"] for one in (first, second)] == [100, 20]
    freed = qbo.post("payment", {**moved, "Line": []})["Payment"]
    assert freed["UnappliedAmt"] == 80
    assert [qbo.read("Invoice", one["Id"])["Balance"] for one in (first, second)] == [100, 100]
    assert qbo.read("Invoice", first["Id"])["LinkedTxn"] == []
    assert qbo.read("Customer", "1")["Balance"] == 120


def test_a_voided_payment_gives_the_balance_back(qbo: Qbo) -> None:
    """operation=update with include=void, as Intuit documents it."""
    made = qbo.create("Invoice", **invoice(item_line(100)))
    paid = qbo.create("Payment", **payment(100, applied(100, made["Id"])))

    body = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}
    voided = qbo.post("payment", body, operation="update", include="void")["Payment"]

    assert (voided["TotalAmt"], voided["UnappliedAmt"], voided["PrivateNote"], voided["Line"]) == (0, 0, "Voided", [])
    assert (qbo.read("Invoice", made["Id"])["Balance"], qbo.read("Customer", "1")["Balance"]) == (100, 100)


def test_a_deleted_payment_gives_the_balance_back(qbo: Qbo) -> None:
    """operation=delete unlinks as well."""
    made = qbo.create("Invoice", **invoice(item_line(100)))
    paid = qbo.create("Payment", **payment(100, applied(100, made["Id"])))

    qbo.post("payment", {"Id": paid["Id"], "SyncToken": "0"}, operation="delete")

    read = qbo.read("Invoice", made["Id"])
    assert (read["Balance"], read["LinkedTxn"], qbo.read("Customer", "1")["Balance"]) == (100, [], 100)


def test_a_paid_invoice_is_not_deleted_but_can_be_voided(qbo: Qbo) -> None:
    """Deleting asks to unlink first (6000); voiding turns the money into unapplied credit."""
    made = qbo.create("Invoice", **invoice(item_line(100)))
    paid = qbo.create("Payment", **payment(60, applied(60, made["Id"])))
    addressed = {"Id": made["Id"], "SyncToken": "1"}

    refused = qbo.post("invoice", addressed, operation="delete")
    qbo.post("invoice", addressed, operation="void")

    assert (refused.status, refused.error["code"]) == (400, "6000")
    freed = qbo.read("Payment", paid["Id"])
    assert (freed["UnappliedAmt"], freed["Line"]) == (60, [])
    assert qbo.read("Customer", "1")["Balance"] == -60


def test_an_invoice_cannot_fall_below_what_was_paid(qbo: Qbo) -> None:
    """6000 for a total below the applied amount; a raised total leaves the difference open."""
    made = qbo.create("Invoice", **invoice(item_line(100)))
    qbo.create("Payment", **payment(60, applied(60, made["Id"])))
    paid = qbo.read("Invoice", made["Id"])

    refused = qbo.post("invoice", {**paid, "Line": [item_line(50)]})
    raised = qbo.post("invoice", {**paid, "Line": [item_line(130)]})["Invoice"]

    assert (refused.status, refused.error["code"]) == (400, "6000")
    assert (raised["Balance"], len(raised["LinkedTxn"])) == (70, 1)
    assert qbo.read("Customer", "1")["Balance"] == 70


def test_an_updated_invoice_can_be_queried_by_balance(qbo: Qbo) -> None:
    """The balance that a query compares is the one after the payment."""
    made = qbo.create("Invoice", **invoice(item_line("10.50")))
    qbo.create("Payment", **payment("10.50", applied("10.50", made["Id"])))

    assert qbo.query("select * from Invoice where Balance > '0'").rows == []
    assert qbo.query("select * from Invoice where Balance = '0'").rows[0]["TotalAmt"] == Decimal("10.50")


def test_payments_are_voided_by_include_and_not_by_operation(qbo: Qbo) -> None:
    """operation=void belongs to invoices; for a payment it is unsupported."""
    paid = qbo.create("Payment", **payment(10))

    answer = qbo.post("payment", {"Id": paid["Id"], "SyncToken": "0"}, operation="void")

    assert (answer.status, answer.error["code"]) == (400, "500")
