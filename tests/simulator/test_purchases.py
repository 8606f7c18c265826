"""Bills, vendor credits, their payments, expenses and purchase orders."""

from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import TRANSACTIONS, expense_line, purchased_item_line


def bill(qbo: Qbo, amount: Any = 100, **values: Any) -> dict[str, Any]:
    """A bill of vendor 30."""
    return qbo.create("Bill", **{"VendorRef": ref(30), "Line": [expense_line(amount)], **values})


def pay(qbo: Qbo, total: Any, *lines: tuple[Any, str, str], **values: Any) -> Any:
    """A cheque to vendor 30 over ``total``; lines are (amount, id, type)."""
    linked = [{"Amount": amount, "LinkedTxn": [{"TxnId": bill_id, "TxnType": kind}]} for amount, bill_id, kind in lines]
    body = {
        "VendorRef": ref(30),
        "PayType": "Check",
        "CheckPayment": {"BankAccountRef": ref(35)},
        "TotalAmt": total,
        "Line": linked,
        **values,
    }
    return qbo.post("billpayment", body)


def balance(qbo: Qbo, vendor: str = "30") -> Any:
    """What is owed to a vendor."""
    return qbo.read("Vendor", vendor)["Balance"]


def test_a_bill_is_completed_by_the_server(qbo: Qbo) -> None:
    """Account, due date, balance, line numbers, billable status and tax code are QBO's; the vendor is owed the total."""
    made = bill(qbo, Line=[expense_line(70), purchased_item_line(30, Qty=2, UnitPrice=15)])

    assert (made["TotalAmt"], made["Balance"], balance(qbo)) == (100, 100, 100)
    assert made["APAccountRef"] == {"value": "33", "name": "Accounts Payable (A/P)"}
    assert made["DueDate"] == made["TxnDate"]
    assert [(line["Id"], line["LineNum"]) for line in made["Line"]] == [("1", 1), ("2", 2)]
    assert made["Line"][0]["AccountBasedExpenseLineDetail"] == {
        "AccountRef": {"value": "7", "name": "Advertising"},
        "BillableStatus": "NotBillable",
        "TaxCodeRef": {"value": "NON"},
    }
    assert made["LinkedTxn"] == []


def test_a_bill_takes_the_term_of_its_vendor(qbo: Qbo) -> None:
    """Without a term of its own it is due as the vendor's says."""
    qbo.post("vendor", {"Id": "30", "SyncToken": "0", "sparse": True, "TermRef": ref(3)})

    made = bill(qbo, TxnDate="2026-03-01")

    assert (made["SalesTermRef"]["value"], made["DueDate"]) == ("3", "2026-03-31")


@pytest.mark.parametrize(
    ("entity", "change", "code", "detail"),
    [
        ("Bill", {"VendorRef": None}, "2020", "VendorRef"),
        ("Bill", {"VendorRef": ref(1)}, "2500", "Names element id 1 not found"),
        ("Bill", {"Line": []}, "2020", "Line"),
        ("Bill", {"Line": [{"Amount": 1}]}, "2020", "DetailType"),
        ("Bill", {"Line": [{**expense_line(), "Amount": None}]}, "2020", "Line.Amount"),
        ("Bill", {"Line": [expense_line(account="999")]}, "2500", "Accounts element id 999 not found"),
        ("Bill", {"Line": [expense_line(account="84")]}, "6000", "you must choose a customer in the Name field"),
        ("Bill", {"Line": [purchased_item_line(31, Qty=2, UnitPrice=15)]}, "6070", "Supplied value:31"),
        ("Bill", {"Line": [purchased_item_line(item="999")]}, "2500", "Items element id 999 not found"),
        ("Bill", {"Line": [expense_line(BillableStatus="Billable")]}, "6310", "CustomerRef"),
        ("Bill", {"Line": [expense_line(BillableStatus="HasBeenBilled")]}, "2170", "HAS_BEEN_BILLED"),
        ("Bill", {"Line": [expense_line(TaxCodeRef=ref("2"))]}, "6100", "Supplied value:2"),
        ("Bill", {"Line": [expense_line(-5)]}, "6000", "must be 0 or greater"),
        ("Bill", {"DocNumber": "x" * 22}, "2050", "Min:0 Max:21"),
        ("Bill", {"APAccountRef": ref(35)}, "6430", "Checking"),
        ("Bill", {"CurrencyRef": ref("EUR")}, "5030", "Multi-currency"),
        ("VendorCredit", {"VendorRef": None}, "2020", "VendorRef"),
        ("Purchase", {"PaymentType": None}, "2020", "PaymentType"),
        ("Purchase", {"PaymentType": "Beads"}, "2170", "Beads"),
        ("Purchase", {"AccountRef": None}, "2020", "AccountRef"),
        ("Purchase", {"AccountRef": ref(35)}, "6430", "Checking"),
        ("Purchase", {"EntityRef": ref(999)}, "2500", "Names element id 999 not found"),
        ("PurchaseOrder", {"VendorRef": None}, "2020", "VendorRef"),
    ],
)
def test_what_quickbooks_refuses(qbo: Qbo, entity: str, change: dict[str, Any], code: str, detail: str) -> None:
    """Each with its code and text, and nothing is stored."""
    good = {"VendorRef": ref(30), "Line": [expense_line()]}
    if entity == "Purchase":
        good = {"PaymentType": "CreditCard", "AccountRef": ref(41), "Line": [expense_line()]}

    refused = qbo.post(entity.lower(), {**good, **change})

    assert (refused.status, refused.error["code"]) == (400, code)
    assert detail in refused.error["Detail"]
    assert qbo.simulator.state(entity) == []


def test_a_bill_payment_settles_bills_and_uses_up_credits(qbo: Qbo) -> None:
    """Balances fall, links appear on both sides, deleting it gives everything back."""
    first, second = bill(qbo, 100), bill(qbo, 50)
    credit = qbo.create("VendorCredit", VendorRef=ref(30), Line=[expense_line(20)])
    lines = ((80, first["Id"], "Bill"), (50, second["Id"], "Bill"), (20, credit["Id"], "VendorCredit"))

    paid = pay(qbo, 110, *lines)["BillPayment"]

    assert qbo.read("Bill", first["Id"])["Balance"] == 20
    assert qbo.read("Bill", second["Id"])["Balance"] == 0
    assert qbo.read("VendorCredit", credit["Id"])["Balance"] == 0
    assert qbo.read("Bill", first["Id"])["LinkedTxn"] == [{"TxnId": paid["Id"], "TxnType": "BillPaymentCheck"}]
    assert balance(qbo) == 20
    qbo.post("billpayment", {"Id": paid["Id"], "SyncToken": "0"}, operation="delete")
    assert (balance(qbo), qbo.read("Bill", first["Id"])["LinkedTxn"]) == (130, [])


def test_a_bill_paid_in_another_way_points_to_it_under_its_new_name(qbo: Qbo) -> None:
    """From a cheque to a credit card: one link on the bill, and the balance stays paid."""
    made = bill(qbo, 100)
    paid = pay(qbo, 100, (100, made["Id"], "Bill"))["BillPayment"]
    card = {**paid, "PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": ref(41)}}

    qbo.post("billpayment", card)["BillPayment"]

    now = qbo.read("Bill", made["Id"])
    assert (now["LinkedTxn"], now["Balance"]) == ([{"TxnId": paid["Id"], "TxnType": "BillPaymentCreditCard"}], 0)


def test_a_voided_bill_payment_keeps_its_number_at_zero(qbo: Qbo) -> None:
    """Voided by include=void; the bill is open again."""
    made = bill(qbo, 100)
    paid = pay(qbo, 60, (60, made["Id"], "Bill"), DocNumber="77")["BillPayment"]
    identity = {"Id": paid["Id"], "SyncToken": "0", "sparse": True}

    voided = qbo.post("billpayment", identity, operation="update", include="void")["BillPayment"]

    assert (voided["TotalAmt"], voided["DocNumber"], voided["PrivateNote"], voided["Line"]) == (0, "77", "Voided", [])
    assert (qbo.read("Bill", made["Id"])["Balance"], balance(qbo)) == (100, 100)


@pytest.mark.parametrize(
    ("change", "code", "detail"),
    [
        ({"PayType": None}, "2020", "PayType"),
        ({"CheckPayment": None}, "2020", "CheckPayment.BankAccountRef"),
        ({"CheckPayment": {"BankAccountRef": ref(41)}}, "6430", "Mastercard"),
        ({"TotalAmt": None}, "6000", "You must set a transaction amount."),
        ({"TotalAmt": 10}, "6000", "The Amount Paid plus credits can't be less than the selected bills"),
        ({"VendorRef": ref(31)}, "6000", "belongs to another vendor"),
        ({"Line": []}, "2020", "Line"),
        ({"Line": [{"Amount": 60}]}, "2020", "Line.LinkedTxn"),
        ({"Line": [{"Amount": 60, "LinkedTxn": [{"TxnId": "999", "TxnType": "Bill"}]}]}, "2500", "999"),
    ],
)
def test_bill_payments_that_quickbooks_refuses(qbo: Qbo, change: dict[str, Any], code: str, detail: str) -> None:
    """The bill stays as open as it was."""
    made = bill(qbo, 100)

    refused = pay(qbo, 60, (60, made["Id"], "Bill"), **change)

    assert refused.error["code"] == code
    assert detail in refused.error["Detail"]
    assert (qbo.read("Bill", made["Id"])["Balance"], qbo.simulator.state("BillPayment")) == (100, [])


def test_a_paid_bill_cannot_be_deleted_or_made_smaller(qbo: Qbo) -> None:
    """6000 for both; void is no operation of bills."""
    made = bill(qbo, 100)
    pay(qbo, 60, (60, made["Id"], "Bill"))
    identity = {"Id": made["Id"], "SyncToken": "1"}

    deleted = qbo.post("bill", identity, operation="delete")
    smaller = qbo.post("bill", {**identity, "sparse": True, "VendorRef": ref(30), "Line": [expense_line(50)]})
    voided = qbo.post("bill", identity, operation="void")

    assert [answer.error["code"] for answer in (deleted, smaller, voided)] == ["6000", "6000", "500"]
    assert qbo.read("Bill", made["Id"])["Balance"] == 40


def test_cheques_share_one_number_space(qbo: Qbo) -> None:
    """A number on a cheque for an expense is taken for a cheque that pays a bill (6140)."""
    cheque = {"PaymentType": "Check", "AccountRef": ref(35), "DocNumber": "9", "Line": [expense_line()]}
    made = qbo.create("Purchase", **cheque)

    refused = pay(qbo, 60, (60, bill(qbo)["Id"], "Bill"), DocNumber="9")

    assert refused.error["code"] == "6140"
    assert f"DocNumber=9 is assigned to TxnType=Expense with TxnId={made['Id']}" in refused.error["Detail"]


def test_a_bill_number_is_used_once_unless_allowed(qbo: Qbo) -> None:
    """6140, and ?include=allowduplicatedocnum."""
    bill(qbo, DocNumber="B-1")
    again = {"VendorRef": ref(31), "DocNumber": "B-1", "Line": [expense_line()]}

    assert qbo.post("bill", again).error["code"] == "6140"
    assert qbo.post("bill", again, include="allowduplicatedocnum").status == 200


def test_a_refund_of_an_expense_is_a_credit(qbo: Qbo) -> None:
    """Credit true turns the posting round; the kind of the expense is told in PurchaseEx."""
    card = {"PaymentType": "CreditCard", "AccountRef": ref(41), "Line": [expense_line(30)]}
    spent = qbo.create("Purchase", **card)

    refund = qbo.create("Purchase", **{**card, "Credit": True, "Line": [expense_line(10)]})

    assert [one["PurchaseEx"]["any"][0]["value"]["Value"] for one in (spent, refund)] == ["54", "11"]
    assert qbo.read("Account", "41")["CurrentBalance"] == 20


def test_british_bills_carry_purchase_tax(make_company: Any) -> None:
    """A code on every line, computed from its purchase rates; inclusive amounts become net."""
    qbo = make_company(country="GB")
    line = expense_line(120, TaxCodeRef=ref(2), TaxInclusiveAmt=120)

    plain = qbo.create("Bill", VendorRef=ref(30), Line=[expense_line(100, TaxCodeRef=ref(2))])
    inclusive = qbo.create("Bill", VendorRef=ref(30), GlobalTaxCalculation="TaxInclusive", Line=[line])
    without = qbo.post("bill", {"VendorRef": ref(30), "Line": [expense_line(100)]})

    assert (plain["TxnTaxDetail"]["TotalTax"], plain["TotalAmt"]) == (20, 120)
    assert plain["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["NetAmountTaxable"] == 100
    assert (inclusive["TotalAmt"], inclusive["TxnTaxDetail"]["TotalTax"]) == (120, 20)
    assert inclusive["Line"][0]["Amount"] == 100
    assert "Make sure all your transactions have a VAT rate before you save." in without.error["Detail"]


def test_a_purchase_order_is_numbered_mailed_and_printed(qbo: Qbo) -> None:
    """Orders get numbers of their own where QBO numbers; send takes an address; they owe nothing."""
    qbo.simulator.preferences(CustomTxnNumbers=False)
    order = qbo.create("PurchaseOrder", VendorRef=ref(30), Line=[purchased_item_line()])

    sent = qbo.call("POST", f"purchaseorder/{order['Id']}/send", sendTo="a@b.example")["PurchaseOrder"]
    printed = qbo.call("GET", f"purchaseorder/{order['Id']}/pdf", headers={"Accept": "application/pdf"})

    assert (order["DocNumber"], order["POStatus"], balance(qbo)) == ("1001", "Open", 0)
    assert (sent["EmailStatus"], sent["POEmail"]) == ("EmailSent", {"Address": "a@b.example"})
    assert printed.text.startswith("%PDF-")


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("bill", {"VendorRef": ref(30), "ProjectRef": ref(1), "Line": [expense_line()]}),
        ("bill", {"VendorRef": ref(30), "Line": [purchased_item_line(PriceLevelRef=ref(1))]}),
        ("bill", {"VendorRef": ref(30), "Line": [expense_line()], "CustomField": [{"DefinitionId": "1"}]}),
        ("purchaseorder", {"VendorRef": ref(30), "ShipToRef": ref(1), "Line": [expense_line()]}),
        ("invoice", invoice(SalesRepRef=ref(1))),
        ("salesreceipt", invoice(TemplateRef=ref(1))),
        ("creditmemo", invoice(InvoiceRef=ref(1))),
        ("estimate", invoice(item_line(5, PriceLevelRef=ref(1)))),
        ("timeactivity", {"NameOf": "Employee", "EmployeeRef": ref(54), "Hours": 1, "PayrollItemRef": ref(1)}),
    ],
)
def test_what_nobody_would_look_up_is_a_gap_with_a_name(qbo: Qbo, entity: str, body: dict[str, Any]) -> None:
    """References, links and custom fields that the simulator does not know are 501, never silently kept."""
    assert qbo.post(entity, body).status == 501


@pytest.mark.parametrize("entity", ["Bill", "Purchase"])
@pytest.mark.parametrize("place", ["head", "line"])
def test_a_purchase_order_is_closed_by_what_is_made_from_it(qbo: Qbo, entity: str, place: str) -> None:
    """It points to the bill or expense, and is open again when that is deleted; sending back what was read changes nothing."""
    order = qbo.create("PurchaseOrder", **TRANSACTIONS["PurchaseOrder"])
    link = {"TxnId": order["Id"], "TxnType": "PurchaseOrder"}
    line = purchased_item_line(30, Qty=2, UnitPrice=15)
    body = {**TRANSACTIONS[entity], "Line": [line], "LinkedTxn": [link]}
    if place == "line":
        body = {**TRANSACTIONS[entity], "Line": [{**line, "LinkedTxn": [{**link, "TxnLineId": "1"}]}]}

    made = qbo.create(entity, **body)
    closed = qbo.read("PurchaseOrder", order["Id"])
    again = qbo.post("purchaseorder", closed)["PurchaseOrder"]
    qbo.post(entity.lower(), qbo.post(entity.lower(), made)[entity], operation="delete")

    opened = qbo.read("PurchaseOrder", order["Id"])
    pointer = {"TxnId": made["Id"], "TxnType": entity}
    assert (closed["POStatus"], closed["LinkedTxn"]) == (again["POStatus"], again["LinkedTxn"]) == ("Closed", [pointer])
    assert (opened["POStatus"], opened["LinkedTxn"]) == ("Open", [])


@pytest.mark.parametrize("entity", sorted(set(TRANSACTIONS) - {"TimeActivity"}))
def test_no_link_is_taken_and_then_forgotten(qbo: Qbo, entity: str) -> None:
    """A link to what cannot be linked is refused by name; to what does not exist it is 620."""
    body = TRANSACTIONS[entity]

    other = qbo.post(entity.lower(), {**body, "LinkedTxn": [{"TxnId": "1", "TxnType": "Charge"}]})

    assert (other.status, "to Charge" in other.text) == (501, True)
    if entity in ("Bill", "Purchase"):
        missing = qbo.post(entity.lower(), {**body, "LinkedTxn": [{"TxnId": "999", "TxnType": "PurchaseOrder"}]})
        assert missing.error["code"] == "620"
