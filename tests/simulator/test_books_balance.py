"""Random sequences of operations over every transaction: debits equal credits, and all balances say the same."""

import random
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbo_simulator.testing import RunningSimulator
from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import TRANSACTIONS, deposit_line, expense_line, journal_line, named, purchased_item_line

CUSTOMERS, VENDORS = ("1", "2", "3"), ("30", "31")
RECEIVABLE, PAYABLE, UNDEPOSITED, CHECKING, MASTERCARD = "84", "33", "4", "35", "41"
ENTITIES = (*(name for name in TRANSACTIONS if name != "TimeActivity"), "BillPayment")
VOIDED = {
    "Invoice": {"operation": "void"},
    "CreditMemo": {"operation": "void"},
    "SalesReceipt": {"include": "void"},
    "RefundReceipt": {"include": "void"},
    "Payment": {"include": "void"},
    "BillPayment": {"include": "void"},
}
SALES = ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate")


class Bookkeeper:
    """Does one thing after the other; what QuickBooks refuses changes nothing, which the equations show."""

    def __init__(self, qbo: Qbo) -> None:
        self.qbo = qbo
        self.done: dict[str, int] = defaultdict(int)

    def do(self, deed: str, seed: int) -> None:
        """One deed, with chances of its own."""
        chance = random.Random(seed)
        {"create": self.create, "change": self.change, "end": self.end}[deed](chance)

    def create(self, chance: random.Random) -> None:
        """A new document of any kind."""
        entity = chance.choice(ENTITIES)
        answer = self.qbo.post(entity.lower(), self.body(entity, chance))
        self.done[f"create {entity}"] += answer.status == 200

    def change(self, chance: random.Random) -> None:
        """A full update with other content."""
        if found := self.any(chance.choice(ENTITIES), chance):
            entity, document = found
            identity = {"Id": document["Id"], "SyncToken": document["SyncToken"]}
            answer = self.qbo.post(entity.lower(), {**self.body(entity, chance), **identity})
            self.done["change"] += answer.status == 200

    def end(self, chance: random.Random) -> None:
        """Void or delete."""
        if found := self.any(chance.choice(ENTITIES), chance):
            entity, document = found
            ways = [{"operation": "delete"}, *([VOIDED[entity]] if entity in VOIDED else [])]
            answer = self.qbo.post(entity.lower(), document, **chance.choice(ways))
            self.done["end"] += answer.status == 200

    def any(self, entity: str, chance: random.Random) -> tuple[str, dict[str, Any]] | None:
        """A document of an entity as it is now."""
        rows = self.qbo.query(f"select * from {entity}").rows
        return (entity, chance.choice(rows)) if rows else None

    def body(self, entity: str, chance: random.Random) -> dict[str, Any]:
        """Content of a new version."""
        special: dict[str, Callable[[random.Random], dict[str, Any]]] = {
            "Payment": self.payment,
            "BillPayment": self.bill_payment,
            "Deposit": self.deposit,
            "JournalEntry": self.journal,
        }
        if entity in special:
            return special[entity](chance)
        body = dict(TRANSACTIONS[entity])
        if entity in SALES:
            lines = [item_line(cents(chance), item=str(chance.randint(1, 18)), tax=chance.choice(["TAX", "NON"]))]
            if chance.random() < 0.3:
                lines.append(
                    {
                        "DetailType": "DiscountLineDetail",
                        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": chance.randint(0, 100)},
                    }
                )
            body = invoice(*lines, customer=chance.choice(CUSTOMERS))
            if entity == "RefundReceipt":
                body["DepositToAccountRef"] = ref(CHECKING)
        elif "Line" in body:
            body["Line"] = [expense_line(cents(chance)), purchased_item_line(cents(chance))]
        else:
            body["Amount"] = cents(chance)
        if "VendorRef" in body:
            body["VendorRef"] = ref(chance.choice(VENDORS))
        if entity == "Purchase":
            body["Credit"] = chance.random() < 0.3
        return body

    def applied(self, chance: random.Random, party: str, debt: str, credit: str) -> dict[str, Any]:
        """Whose money it is, and lines on open forms: sometimes too much, sometimes somebody else's."""
        lines = []
        owner = ref(chance.choice(CUSTOMERS if party == "CustomerRef" else VENDORS))
        for entity in chance.choices((debt, debt, credit), k=chance.randint(0, 2)):
            if found := self.any(entity, chance):
                amount = Decimal(chance.randint(0, int(found[1]["Balance"] * 110))) / 100
                lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": found[1]["Id"], "TxnType": entity}]})
                owner = found[1][party]
        return {party: owner, "Line": lines}

    def payment(self, chance: random.Random) -> dict[str, Any]:
        """Money from a customer."""
        return {"TotalAmt": cents(chance), **self.applied(chance, "CustomerRef", "Invoice", "CreditMemo")}

    def bill_payment(self, chance: random.Random) -> dict[str, Any]:
        """Money to a vendor."""
        return {
            **self.applied(chance, "VendorRef", "Bill", "VendorCredit"),
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": ref(CHECKING)},
            "TotalAmt": cents(chance),
        }

    def deposit(self, chance: random.Random) -> dict[str, Any]:
        """A payment out of undeposited funds, and something from a customer's account."""
        lines = [deposit_line(cents(chance), RECEIVABLE, Entity={"value": "1", "type": "CUSTOMER"})]
        if found := self.any(chance.choice(("Payment", "SalesReceipt")), chance):
            link = {"TxnId": found[1]["Id"], "TxnLineId": "0", "TxnType": found[0]}
            lines.append({"Amount": found[1]["TotalAmt"], "LinkedTxn": [link]})
        return {"DepositToAccountRef": ref(CHECKING), "Line": lines}

    def journal(self, chance: random.Random) -> dict[str, Any]:
        """Something a customer owes and something a vendor is owed."""
        amount = cents(chance)
        return {
            "Line": [
                journal_line("Debit", amount, RECEIVABLE, Entity=named("Customer", chance.choice(CUSTOMERS))),
                journal_line("Credit", amount, PAYABLE, Entity=named("Vendor", chance.choice(VENDORS))),
            ]
        }


def cents(chance: random.Random) -> Decimal:
    """An amount."""
    return Decimal(chance.randint(1, 30_000)) / 100


def check_books(qbo: Qbo) -> None:
    """Debits equal credits; control accounts equal what names owe; names owe what their documents say."""
    ledger = qbo.simulator.ledger()
    posted = {account: Decimal(total) for account, total in ledger["accounts"].items()}
    documents = {name: qbo.query(f"select * from {name} maxresults 1000").rows for name in ENTITIES}

    assert ledger["unbalanced"] == []
    assert sum(posted.values()) == 0
    for account in qbo.query("select * from Account maxresults 1000").rows:
        total = posted.get(account["Id"], 0)
        if account["Classification"] in ("Revenue", "Expense"):
            total = 0
        assert account["CurrentBalance"] == (-total if account["Id"] == MASTERCARD else total), account["Name"]
    customers = sum(row["Balance"] for row in qbo.query("select * from Customer").rows)
    vendors = sum(row["Balance"] for row in qbo.query("select * from Vendor").rows)
    assert (posted.get(RECEIVABLE, 0), posted.get(PAYABLE, 0)) == (customers, -vendors)
    assert customers == (
        total_of(documents, "Invoice", "Balance")
        - total_of(documents, "CreditMemo", "Balance")
        - total_of(documents, "Payment", "UnappliedAmt")
        + on_account(documents, RECEIVABLE)
    )
    assert posted.get(UNDEPOSITED, 0) == sum(
        one["TotalAmt"]
        for name in ("Payment", "SalesReceipt")
        for one in documents[name]
        if not any(link["TxnType"] == "Deposit" for link in one.get("LinkedTxn", ()))
    )
    applied: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for payment in (*documents["Payment"], *documents["BillPayment"]):
        for line in payment["Line"]:
            applied[line["LinkedTxn"][0]["TxnType"], line["LinkedTxn"][0]["TxnId"]] += line["Amount"]
    for name in ("Invoice", "CreditMemo", "Bill", "VendorCredit"):
        for one in documents[name]:
            assert one["Balance"] == one["TotalAmt"] - applied[name, one["Id"]] >= 0


def total_of(documents: dict[str, list[Any]], name: str, field: str) -> Decimal:
    """Sum of a property."""
    return sum((one[field] for one in documents[name]), Decimal(0))


def on_account(documents: dict[str, list[Any]], account: str) -> Decimal:
    """What journal entries and deposits put on an account, debits positive."""
    total = Decimal(0)
    for one in (*documents["JournalEntry"], *documents["Deposit"]):
        for line in one["Line"]:
            detail = line.get("JournalEntryLineDetail") or line.get("DepositLineDetail")
            if detail and detail["AccountRef"]["value"] == account:
                total += line["Amount"] if detail.get("PostingType") == "Debit" else -line["Amount"]
    return total


DEEDS = st.lists(
    st.tuples(st.sampled_from(["create", "create", "create", "change", "end"]), st.integers(0, 2**32)), max_size=40
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DEEDS)
def test_the_books_balance_after_any_sequence_of_operations(process: RunningSimulator, deeds: Any) -> None:
    """Whatever is created, changed, voided and deleted in whatever order."""
    process.reset()
    bookkeeper = Bookkeeper(Qbo(process))

    for deed, seed in deeds:
        bookkeeper.do(deed, seed)

    check_books(bookkeeper.qbo)


def test_the_sequences_reach_every_entity(process: RunningSimulator) -> None:
    """A long sequence creates each entity at least once, and changes and ends some: the property is not held by refusals."""
    process.reset()
    bookkeeper = Bookkeeper(Qbo(process))

    for number in range(150):
        bookkeeper.do("create" if number % 3 else random.Random(number).choice(["change", "end"]), number)
        if number % 50 == 49:
            check_books(bookkeeper.qbo)

    assert {f"create {name}" for name in ENTITIES} <= {name for name, count in bookkeeper.done.items() if count}
    assert bookkeeper.done["change"] > 5
    assert bookkeeper.done["end"] > 5
