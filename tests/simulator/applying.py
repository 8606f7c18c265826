"""What payments are put on: helpers of the tests that apply money to the lines of other documents."""

from typing import Any

from tests.simulator.client import Qbo, ref
from tests.simulator.payloads import deposit_line, expense_line, journal_line, named

RECEIVABLE, PAYABLE, CHECKING, EQUITY = "84", "33", "35", "34"
EURO = {"CurrencyRef": ref("EUR")}
CHEQUE = {"PaymentType": "Check", "AccountRef": ref(CHECKING)}


def entry(side: str, amount: Any, customer: str = "1") -> dict[str, Any]:
    """An entry that debits or credits a customer, as a request."""
    other = "Credit" if side == "Debit" else "Debit"
    name = named("Customer", customer)
    return {"Line": [journal_line(side, amount, RECEIVABLE, Entity=name), journal_line(other, amount, EQUITY)]}


def journal(qbo: Qbo, side: str, amount: Any, customer: str = "1", **values: Any) -> dict[str, Any]:
    """An entry that debits or credits a customer."""
    return qbo.create("JournalEntry", **entry(side, amount, customer), **values)


def of_vendor(qbo: Qbo, side: str, amount: Any, vendor: str = "30") -> dict[str, Any]:
    """An entry that debits or credits a vendor, on its second line."""
    other = "Credit" if side == "Debit" else "Debit"
    name = named("Vendor", vendor)
    lines = [journal_line(other, amount, EQUITY), journal_line(side, amount, PAYABLE, Entity=name)]
    return qbo.create("JournalEntry", Line=lines)


def expense(amount: Any, payee: str = "1", kind: str = "Customer", **values: Any) -> dict[str, Any]:
    """Money that goes out to a customer's receivables, or to a vendor's payables, as a request."""
    account = RECEIVABLE if kind == "Customer" else PAYABLE
    return {"EntityRef": {**ref(payee), "type": kind}, "Line": [expense_line(amount, account)], **CHEQUE, **values}


def deposit(*lines: tuple[Any, str], kind: str = "Customer", **values: Any) -> dict[str, Any]:
    """Money that comes in on a customer's receivables, or on a vendor's payables, as a request: amounts and names."""
    account = RECEIVABLE if kind == "Customer" else PAYABLE
    rows = [deposit_line(amount, account, Entity={**ref(name), "type": kind.upper()}) for amount, name in lines]
    return {"DepositToAccountRef": ref(CHECKING), "Line": rows, **values}


def applied(amount: Any, document: dict[str, Any], kind: str = "JournalEntry", **link: str) -> dict[str, Any]:
    """A line of a payment."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": document["Id"], "TxnType": kind, **link}]}


def payment(total: Any, *lines: dict[str, Any], customer: str = "1", **values: Any) -> dict[str, Any]:
    """A payment as a request."""
    return {"CustomerRef": ref(customer), "TotalAmt": total, "Line": list(lines), **values}


def cheque(total: Any, *lines: dict[str, Any], **values: Any) -> dict[str, Any]:
    """A payment to a vendor as a request."""
    way = {"PayType": "Check", "CheckPayment": {"BankAccountRef": ref(CHECKING)}}
    return {"VendorRef": ref(30), "TotalAmt": total, "Line": list(lines), **way, **values}


def owed(qbo: Qbo, customer: str = "1") -> Any:
    """What a customer owes; the receivables hold the same while he is the only one."""
    balance = qbo.read("Customer", customer)["Balance"]
    ledger = qbo.simulator.ledger(qbo.realm_id)
    assert ledger["unbalanced"] == []
    assert ledger["accounts"].get(RECEIVABLE, "0.00") == f"{balance:.2f}"
    return balance


def told(payment: dict[str, Any]) -> dict[str, str]:
    """What the first line of a payment tells of the document that it is on."""
    return {one["value"]["Name"]: one["value"]["Value"] for one in payment["Line"][0]["LineEx"]["any"]}


def left(qbo: Qbo, document: dict[str, Any], kind: str = "JournalEntry", **link: str) -> float:
    """What is open of a line in a customer's name, as a payment of nothing tells that is deleted again."""
    asked = qbo.create("Payment", **payment(0, applied(0, document, kind, **link)))
    qbo.post("payment", asked, operation="delete")
    return float(told(asked)["txnOpenBalance"])
