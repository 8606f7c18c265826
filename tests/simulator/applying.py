"""What payments are put on: helpers of the tests that apply money to the lines of other documents."""

from typing import Any

from tests.simulator.client import Qbo, ref
from tests.simulator.payloads import journal_line, named

RECEIVABLE, PAYABLE, CHECKING, EQUITY = "84", "33", "35", "34"
EURO = {"CurrencyRef": ref("EUR")}


def journal(qbo: Qbo, side: str, amount: Any, customer: str = "1", **values: Any) -> dict[str, Any]:
    """An entry that debits or credits a customer."""
    other = "Credit" if side == "Debit" else "Debit"
    name = named("Customer", customer)
    lines = [journal_line(side, amount, RECEIVABLE, Entity=name), journal_line(other, amount, EQUITY)]
    return qbo.create("JournalEntry", Line=lines, **values)


def of_vendor(qbo: Qbo, side: str, amount: Any, vendor: str = "30") -> dict[str, Any]:
    """An entry that debits or credits a vendor, on its second line."""
    other = "Credit" if side == "Debit" else "Debit"
    name = named("Vendor", vendor)
    lines = [journal_line(other, amount, EQUITY), journal_line(side, amount, PAYABLE, Entity=name)]
    return qbo.create("JournalEntry", Line=lines)


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


def gained(qbo: Qbo) -> str:
    """What stands on the account for exchange gains (credits) and losses (debits)."""
    [account] = qbo.query("select * from Account where AccountSubType = 'ExchangeGainOrLoss'").rows
    ledger = qbo.simulator.ledger(qbo.realm_id)
    assert ledger["unbalanced"] == []
    return str(ledger["accounts"][account["Id"]])
