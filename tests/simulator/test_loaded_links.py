"""A company from elsewhere: what its payments and deposits are linked to can be followed, or is refused with the cure."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from qbo_simulator.testing import SimulatorError
from tests.simulator.applying import CHECKING, EURO, RECEIVABLE, applied, cheque, payment
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import deposit_line, expense_line, purchased_item_line


def load(qbo: Qbo, entity: str, document: dict[str, Any], **values: Any) -> None:
    """Bring a document in as QuickBooks Online prints it."""
    qbo.simulator.load(entity, json.dumps([{**document, **values}], default=float).encode(), qbo.realm_id)


@pytest.mark.parametrize(
    ("entity", "line", "words"),
    [
        ("Payment", applied(5, {"Id": "7"}, "Charge"), ("linked to Charge 7", "its Amount as part of UnappliedAmt")),
        ("Payment", applied(5, {"Id": "7"}, "Purchase"), ("linked to Purchase 7",)),
        ("Payment", applied(5, {"Id": "x"}, "Invoice"), ("linked to nothing",)),
        ("Payment", {"Amount": 5}, ("linked to nothing",)),
        ("BillPayment", applied(5, {"Id": "7"}, "Invoice"), ("linked to Invoice 7", "load it without that line")),
        ("Deposit", applied(5, {"Id": "7"}, "Charge"), ("linked to Charge 7", "DepositLineDetail.AccountRef")),
    ],
)
def test_what_the_books_cannot_follow_is_refused_with_its_cure(
    qbo: Qbo, entity: str, line: dict[str, Any], words: tuple[str, ...]
) -> None:
    """The document is named, and how to load it; the one that was there stays."""
    bodies = {
        "Payment": payment(5),
        "BillPayment": cheque(5, applied(5, qbo.create("Bill", VendorRef=ref(30), Line=[expense_line(5)]), "Bill")),
        "Deposit": {"DepositToAccountRef": ref(CHECKING), "Line": [deposit_line(5)]},
    }
    made = qbo.create(entity, **bodies[entity])

    with pytest.raises(SimulatorError) as caught:
        load(qbo, entity, made, Line=[line])

    assert "422" in str(caught.value)
    assert all(word in str(caught.value) for word in (f"{entity} {made['Id']}", *words))
    assert qbo.read(entity, made["Id"]) == made


def test_a_payment_is_loaded_before_the_cheque_that_it_is_on(make_company: Callable[..., Qbo]) -> None:
    """In whatever order a company comes, with several currencies; what was paid can be freed again."""
    qbo = make_company(preferences={"MultiCurrencyEnabled": True}, exchange_rates={"EUR": "1.25"})
    customer = qbo.create("Customer", DisplayName="Berlin", **EURO)["Id"]
    line = expense_line(100, RECEIVABLE)
    way = {"PaymentType": "Check", "AccountRef": ref(CHECKING), "EntityRef": {**ref(customer), "type": "Customer"}}
    spent = qbo.create("Purchase", Line=[line], **way, **EURO)
    paid = qbo.create("Payment", **payment(100, applied(100, spent, "Check"), customer=customer, **EURO))
    other = make_company(
        realm_id="43", preferences={"MultiCurrencyEnabled": True}, exchange_rates={"EUR": "1.25"}, lists="sample"
    )
    for entity, document in (
        ("Customer", qbo.read("Customer", customer)),
        ("Payment", paid),
        ("Purchase", qbo.read("Purchase", spent["Id"])),
    ):
        load(other, entity, document)

    before = other.simulator.ledger("43")
    other.post("payment", {"Id": paid["Id"], "SyncToken": "0"}, operation="delete")

    assert (before["unbalanced"], before["accounts"][RECEIVABLE]) == ([], "0.00")
    assert other.simulator.ledger("43")["accounts"][RECEIVABLE] == "125.00"
    assert "LinkedTxn" not in other.read("Purchase", spent["Id"])


def test_a_payment_on_an_expense_that_is_nobodys_is_kept_and_not_changed(make_company: Callable[..., Qbo]) -> None:
    """The ledger balances without a gain; a change is 501 with the name of the expense."""
    qbo = make_company(preferences={"MultiCurrencyEnabled": True}, exchange_rates={"EUR": "1.25"})
    customer = qbo.create("Customer", DisplayName="Berlin", **EURO)["Id"]
    way = {"PaymentType": "Check", "AccountRef": ref(CHECKING)}
    spent = qbo.create("Purchase", Line=[purchased_item_line(100)], ExchangeRate=1.5, **way, **EURO)
    paid = qbo.create("Payment", **payment(100, customer=customer, **EURO))
    load(qbo, "Payment", paid, Line=[applied(100, spent, "Check")])

    answer = qbo.post("payment", {"Id": paid["Id"], "SyncToken": "0"}, operation="delete")

    assert (answer.status, f"the Expense {spent['Id']}" in answer.text) == (501, True)
    assert qbo.simulator.ledger(qbo.realm_id)["accounts"][RECEIVABLE] == "-125.00"
    assert qbo.simulator.ledger(qbo.realm_id)["unbalanced"] == []


def test_an_invoice_is_loaded_without_the_charge_that_it_is_linked_to(qbo: Qbo) -> None:
    """A company comes in part: its invoices and bills are changed and deleted as if the charge were not there."""
    billed = {"CustomerRef": ref(1), "BillableStatus": "HasBeenBilled"}
    link = [{"TxnId": "900", "TxnType": "ReimburseCharge"}]
    sold = qbo.create("Invoice", **invoice(item_line(25)))
    load(qbo, "Invoice", sold, LinkedTxn=link)
    bill = qbo.create("Bill", VendorRef=ref(30), Line=[expense_line(25)])
    load(qbo, "Bill", bill, Line=[{**expense_line(25, **billed), "Id": "1", "LineNum": 1, "LinkedTxn": link}])

    note = {"SyncToken": "0", "sparse": True, "PrivateNote": "n"}
    bill_changed = qbo.post("bill", {"Id": bill["Id"], "VendorRef": ref(30), **note})
    invoice_changed = qbo.post("invoice", {"Id": sold["Id"], **note})
    made = qbo.read("ReimburseCharge", "900")
    gone = qbo.post("invoice", {"Id": sold["Id"], "SyncToken": "1"}, operation="delete")

    assert [one.status for one in (bill_changed, invoice_changed, gone)] == [200, 200, 200]
    assert (made["HasBeenInvoiced"], qbo.read("ReimburseCharge", "900")["HasBeenInvoiced"]) == (True, False)
    assert qbo.read("Bill", bill["Id"])["Line"][0]["AccountBasedExpenseLineDetail"]["BillableStatus"] == "Billable"


def test_a_loaded_bill_is_deleted_without_the_charge_that_it_names(qbo: Qbo) -> None:
    """There is none to take away with it."""
    waiting = {"CustomerRef": ref(1), "BillableStatus": "Billable"}
    bill = qbo.create("Bill", VendorRef=ref(30), Line=[expense_line(25)])
    line = {**expense_line(25, **waiting), "Id": "1", "LinkedTxn": [{"TxnId": "900", "TxnType": "ReimburseCharge"}]}
    load(qbo, "Bill", bill, Line=[line])

    gone = qbo.post("bill", {"Id": bill["Id"], "SyncToken": "0"}, operation="delete")

    assert (gone.status, qbo.simulator.state("Bill")) == (200, [])
