"""Somebody who does one thing after the other in a company: creates, changes, voids and deletes documents of every kind."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from tests.simulator.client import Qbo, invoice, item_line, ref
from tests.simulator.payloads import (
    TRANSACTIONS,
    adjustment_line,
    deposit_line,
    expense_line,
    journal_line,
    named,
    purchased_item_line,
)

CUSTOMERS, VENDORS = ("1", "2", "3"), ("30", "31")
RECEIVABLE, PAYABLE, UNDEPOSITED, CHECKING, SAVINGS, MASTERCARD = "84", "33", "4", "35", "36", "41"
# What is missing on the shelf, or found there; no other document of the bookkeeper is on this account.
SHRINKAGE = "88"
ACCOUNTS = {"Customer": RECEIVABLE, "Vendor": PAYABLE}
ENTITIES = (*(name for name in TRANSACTIONS if name != "TimeActivity"), "BillPayment", "InventoryAdjustment")
VOIDED = {
    "Invoice": {"operation": "void"},
    "CreditMemo": {"operation": "void"},
    "SalesReceipt": {"include": "void"},
    "RefundReceipt": {"include": "void"},
    "Payment": {"include": "void"},
    "BillPayment": {"include": "void"},
}
# Ways to end a document, and whether it is one that others are linked to.
ENDS = (("void", True), ("void", False), ("delete", True), ("delete", False))
SALES = ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Estimate")
BOUGHT = ("Bill", "VendorCredit", "Purchase", "PurchaseOrder")
# What is paid and what pays; chosen more often than the rest.
APPLIED = ("Invoice", "Bill", "CreditMemo", "VendorCredit")
MONEY = ("Payment", "BillPayment")
# What has lines in somebody's name; and how links name an expense.
HOLDERS = ("JournalEntry", "Deposit", "Purchase")
EXPENSES = ("Expense", "Check", "CreditCardCredit")
# Which of them debit and which credit a name; an empty text is a form with a balance.
DEBITS = ("", "JournalEntry", "Expense", "Check")
CREDITS = ("", "Deposit", "CreditCardCredit", "JournalEntry")
# Tax codes that each country of a seed has for sales and purchases alike.
CODES = {"US": ("TAX", "NON"), "GB": ("2", "3", "4", "6")}
Body = dict[str, Any]
# The ways to pay an expense.
WAYS: tuple[Body, ...] = (
    {"Credit": False},
    {"Credit": False, "PaymentType": "Cash"},
    {"Credit": False, "PaymentType": "Check", "AccountRef": ref(CHECKING)},
    {"Credit": True},
    {"Credit": True},
)
# What a euro is worth.
RATES = ("1.1", "1.25", "1.3333")
# An item of which stock is kept: ten on hand, at 1.11 each.
STOCKED: Body = {
    "Name": "Stocked", "Type": "Inventory", "TrackQtyOnHand": True, "QtyOnHand": 10, "InvStartDate": "2015-01-01",
    "PurchaseCost": 1.11, "IncomeAccountRef": ref(79), "AssetAccountRef": ref(81), "ExpenseAccountRef": ref(80),
}  # fmt: skip


class Bookkeeper:
    """What QuickBooks refuses changes nothing, which the equations show; ``done`` counts what it took."""

    def __init__(self, qbo: Qbo, country: str = "US", currency: str = "") -> None:
        self.qbo = qbo
        self.country = country
        self.currency = currency
        self.customers, self.vendors = CUSTOMERS, VENDORS
        if currency:
            self.customers = tuple(self.name("Customer", number) for number in range(3))
            self.vendors = tuple(self.name("Vendor", number) for number in range(2))
        self.done: Counter[str] = Counter()
        self.turns: Counter[str] = Counter()
        # What was made when it was first needed, by name.
        self.items: dict[str, str] = {}

    def turn(self, what: str, choices: tuple[Any, ...]) -> Any:
        """One choice after the other, so that all of them are met soon."""
        self.turns[what] += 1
        return choices[self.turns[what] % len(choices)]

    def of(self, party: str) -> tuple[str, ...]:
        """The names of a list that documents are made for."""
        return self.customers if party == "Customer" else self.vendors

    def name(self, entity: str, number: int) -> str:
        """Somebody who is billed in the currency."""
        made = self.qbo.create(entity, DisplayName=f"{entity} {number}", CurrencyRef=ref(self.currency))
        return str(made["Id"])

    def do(self, deed: str, seed: int, entity: str = "") -> None:
        """One deed, with chances of its own; those that apply money to others most often, where no entity is told."""
        chance = random.Random(seed)
        entity = entity or chance.choice((*ENTITIES, *APPLIED, *MONEY, *MONEY, *MONEY, "Purchase", "Purchase"))
        {"create": self.create, "change": self.change, "end": self.end}[deed](entity, chance)

    def create(self, entity: str, chance: random.Random) -> None:
        """A new document."""
        body = self.body(entity, chance)
        self._sent(entity, "create", body, self.qbo.post(entity.lower(), body).status)

    def change(self, entity: str, chance: random.Random) -> None:
        """An update with other content, full or sparse."""
        if found := self.any(entity, chance):
            document = found[1]
            identity = {"Id": document["Id"], "SyncToken": document["SyncToken"], "sparse": chance.random() < 0.5}
            body = {**self.body(entity, chance), **identity}
            self._sent(entity, "change", body, self.qbo.post(entity.lower(), body).status)

    def end(self, entity: str, chance: random.Random) -> None:
        """Void or delete, half of the time something that others are linked to."""
        rows = self.qbo.query(f"select * from {entity} maxresults 1000").rows
        if rows:
            deed, wants_linked = self.turn(f"end {entity}", ENDS if entity in VOIDED else ENDS[2:])
            wanted = [row for row in rows if is_applied(row) == wants_linked]
            document = chance.choice(wanted or rows)
            way = VOIDED[entity] if deed == "void" else {"operation": "delete"}
            was = "applied " if is_applied(document) else ""
            self._sent(entity, was + deed, {}, self.qbo.post(entity.lower(), document, **way).status)

    def _sent(self, entity: str, deed: str, body: Body, status: int) -> None:
        if status != 200:
            return
        self.done[f"{deed} {entity}"] += 1
        for line in body.get("Line", ()):
            for link in line.get("LinkedTxn", ()):
                self.done[f"{entity} of {link['TxnType']}"] += 1
            if "Qty" in (line.get("SalesItemLineDetail") or line.get("ItemBasedExpenseLineDetail") or {}):
                self.done[f"stock on {entity}"] += 1
            if line.get("DetailType") in ("DiscountLineDetail", "GroupLineDetail"):
                self.done[f"{line['DetailType']} on {entity}"] += 1
        for link in body.get("LinkedTxn", ()):
            self.done[f"{entity} from {link['TxnType']}"] += 1
        if "GlobalTaxCalculation" in body:
            self.done[f"{body['GlobalTaxCalculation']} {entity}"] += 1

    def any(self, entity: str, chance: random.Random) -> tuple[str, Body] | None:
        """A document of an entity as it is now."""
        rows = self.qbo.query(f"select * from {entity} maxresults 1000").rows
        return (entity, chance.choice(rows)) if rows else None

    def body(self, entity: str, chance: random.Random) -> Body:
        """Content of a new version; in a foreign currency at one of three rates."""
        body = self.content(entity, chance)
        if self.currency and entity != "InventoryAdjustment":
            body |= {"CurrencyRef": ref(self.currency), "ExchangeRate": chance.choice(RATES)}
        return body

    def content(self, entity: str, chance: random.Random) -> Body:
        """What it is about."""
        special: dict[str, Callable[[random.Random], Body]] = {
            "Payment": self.payment,
            "BillPayment": self.bill_payment,
            "Deposit": self.deposit,
            "JournalEntry": self.journal,
            "InventoryAdjustment": self.adjustment,
        }
        if entity in special:
            return special[entity](chance)
        if entity in SALES:
            return self.sale(entity, chance)
        body = dict(TRANSACTIONS[entity])
        if "Line" in body:
            detail = self.tax(chance) if self.country != "US" else {}
            body["Line"] = [expense_line(cents(chance), **detail), purchased_item_line(cents(chance), **detail)]
            if entity == "Purchase":
                party = self.turn("payee", tuple(ACCOUNTS))
                body["EntityRef"] = {**ref(chance.choice(self.of(party))), "type": party}
                body["Line"].append(expense_line(cents(chance), ACCOUNTS[party], **detail))
            if chance.random() < 0.5:
                body["Line"].append(purchased_item_line(cents(chance), self.stocked(), Qty=some(chance), **detail))
            if chance.random() < 0.2:
                inside = [purchased_item_line(cents(chance), **detail) for _ in range(2)]
                group = {"GroupItemRef": ref(self.bundle()), "Line": inside}
                body["Line"].append({"DetailType": "GroupLineDetail", "GroupLineDetail": group})
            body |= self.calculation(chance)
        else:
            body["Amount"] = cents(chance)
        if "VendorRef" in body:
            body["VendorRef"] = ref(chance.choice(self.vendors))
        if entity in ("Bill", "Purchase"):
            body |= self.source("PurchaseOrder", chance)
        if entity == "Purchase":
            body |= self.turn("way", WAYS)
        if entity in ("Bill", "Purchase") and not body.get("Credit") and chance.random() < 0.5:
            billed = {"CustomerRef": ref(chance.choice(self.customers)), "BillableStatus": "Billable"}
            body["Line"][0]["AccountBasedExpenseLineDetail"] |= billed
        return body

    def source(self, entity: str, chance: random.Random) -> Body:
        """What a form is made from, now and then; a charge is its customer's."""
        is_charge = entity == "ReimburseCharge"
        wanted = f"{entity} where HasBeenInvoiced = false" if is_charge else entity
        found = self.any(wanted, chance) if chance.random() < (0.8 if is_charge else 0.4) else None
        if found is None:
            return {}
        owner = {"CustomerRef": ref(found[1]["CustomerRef"]["value"])} if is_charge else {}
        return {"LinkedTxn": [{"TxnId": found[1]["Id"], "TxnType": entity}], **owner}

    def tax(self, chance: random.Random) -> Body:
        """The tax code of a line."""
        return {"TaxCodeRef": ref(chance.choice(CODES[self.country]))}

    def calculation(self, chance: random.Random) -> Body:
        """How tax is meant, outside the US."""
        if self.country == "US":
            return {}
        return {"GlobalTaxCalculation": chance.choice(("TaxExcluded", "TaxInclusive", "NotApplicable"))}

    def sale(self, entity: str, chance: random.Random) -> Body:
        """A sales form with one to three lines, a discount now and then."""
        lines = [
            item_line(cents(chance), item=str(chance.randint(1, 18)), **self.tax(chance))
            for _ in range(chance.randint(1, 3))
        ]
        if chance.random() < 0.2:
            inside = [item_line(cents(chance), item="1", **self.tax(chance)) for _ in range(2)]
            detail = {"GroupItemRef": ref(self.bundle()), "Quantity": 1, "Line": inside}
            lines.append({"DetailType": "GroupLineDetail", "GroupLineDetail": detail})
        if chance.random() < 0.4:
            lines.append(item_line(cents(chance), item=self.stocked(), Qty=some(chance), **self.tax(chance)))
        body = invoice(*lines, customer=chance.choice(self.customers)) | self.calculation(chance)
        if chance.random() < 0.3 and self.country == "US":
            detail = {"PercentBased": True, "DiscountPercent": chance.randint(1, 100)}
            body["Line"].append({"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail})
        if entity == "RefundReceipt":
            body["DepositToAccountRef"] = ref(CHECKING)
        if entity == "Invoice" and chance.random() < 0.2:
            body["Deposit"] = Decimal("0.50")
        if entity == "Invoice":
            body |= self.source(self.turn("source", ("Estimate", "ReimburseCharge")), chance)
        return body

    def stocked(self) -> str:
        """The company's only item of which stock is kept; made when it is first needed."""
        if "Stocked" not in self.items:
            self.items["Stocked"] = self.qbo.create("Item", **STOCKED)["Id"]
        return self.items["Stocked"]

    def bundle(self) -> str:
        """The company's only bundle; made when it is first needed."""
        if "Set" not in self.items:
            parts = {"ItemGroupLine": [{"ItemRef": ref("1"), "Qty": 1}]}
            values = {"Name": "Set", "Type": "Group", "ItemGroupDetail": parts}
            made = self.qbo.simulator.act("create", realm_id=self.qbo.realm_id, entity="Item", values=values)
            self.items["Set"] = made["Item"]["Id"]
        return self.items["Set"]

    def applied(self, chance: random.Random, party: str, debt: str, credit: str) -> Body:
        """Whose money it is, and lines on open forms: mostly what is right, sometimes too much or somebody else's."""
        owner = ref(chance.choice(self.customers if party == "CustomerRef" else self.vendors))
        is_right = chance.random() < 0.8
        lines, paid = [], Decimal(0)
        for entity, sign in ((debt, 1), (credit, -1)):
            found = self.open_form(entity, party, sign, chance, owner["value"] if is_right and lines else "")
            if found is None or chance.random() < 0.15:
                continue
            entity, document = found
            if is_right and lines and document[party]["value"] != owner["value"]:
                continue
            owner = ref(document[party]["value"])
            most = int(document["Balance"] * 100)
            if is_right and sign < 0:
                most = min(most, int(paid * 100))
            amount = Decimal(chance.randint(0, most) if is_right else most + chance.randint(-50, 50)) / 100
            paid += sign * amount
            line = {"TxnLineId": document["line"]} if "line" in document else {}
            lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": document["Id"], "TxnType": entity, **line}]})
        more = chance.choice((Decimal(0), cents(chance)))
        return {party: owner, "Line": lines, "TotalAmt": max(paid, Decimal(0)) + more if is_right else cents(chance)}

    def open_form(
        self, entity: str, party: str, sign: int, chance: random.Random, owner: str
    ) -> tuple[str, Body] | None:
        """A form to apply money to, or a line in somebody's name (of each kind in turn), which does not tell what is open."""
        account, way = (RECEIVABLE, sign) if party == "CustomerRef" else (PAYABLE, -sign)
        kind = self.turn(f"{party} {sign}", DEBITS if way > 0 else CREDITS)
        holder = "Purchase" if kind in EXPENSES else kind
        rows = self.qbo.query(f"select * from {holder} maxresults 1000").rows if holder else []
        found = [
            (kind, {"Id": one["Id"], "line": line["Id"], party: ref(name), "Balance": abs(debit)})
            for one in rows
            for line, number, debit, name in in_names(one)
            if number == account and debit * way > 0 and link_type(holder, one) == kind and owner in ("", name)
        ]
        return chance.choice(found) if found else self.any(entity, chance)

    def payment(self, chance: random.Random) -> Body:
        """Money from a customer."""
        return self.applied(chance, "CustomerRef", "Invoice", "CreditMemo")

    def bill_payment(self, chance: random.Random) -> Body:
        """Money to a vendor."""
        ways = [
            {"PayType": "Check", "CheckPayment": {"BankAccountRef": ref(CHECKING)}},
            {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": ref(MASTERCARD)}},
        ]
        return {**self.applied(chance, "VendorRef", "Bill", "VendorCredit"), **chance.choice(ways)}

    def deposit(self, chance: random.Random) -> Body:
        """A payment or a receipt out of undeposited funds, and something from a customer and a vendor, or back to one of them."""
        lines = [
            deposit_line(cents(chance), account, Entity={**ref(chance.choice(self.of(party))), "type": party.upper()})
            for party, account in ACCOUNTS.items()
        ]
        if chance.random() < 0.2:
            lines.append({**chance.choice(lines), "Amount": -cents(chance)})
        if found := self.any(chance.choice(("Payment", "SalesReceipt")), chance):
            link = {"TxnId": found[1]["Id"], "TxnLineId": "0", "TxnType": found[0]}
            lines.append({"Amount": found[1]["TotalAmt"], "LinkedTxn": [link]})
        body = {"DepositToAccountRef": ref(CHECKING), "Line": lines}
        if chance.random() < 0.3:
            body["CashBack"] = {"AccountRef": ref(SAVINGS), "Amount": Decimal("0.01")}
        return body

    def adjustment(self, chance: random.Random) -> Body:
        """More or fewer on the shelf than the books say."""
        lines = [adjustment_line(self.stocked(), some(chance) * chance.choice((1, -1))) for _ in range(2)]
        return {"AdjustAccountRef": ref(SHRINKAGE), "Line": lines}

    def journal(self, chance: random.Random) -> Body:
        """Something a customer owes and something a vendor is owed, or the other way round."""
        amount, sides = cents(chance), chance.choice((("Debit", "Credit"), ("Credit", "Debit")))
        return {
            "Line": [
                journal_line(sides[0], amount, RECEIVABLE, Entity=named("Customer", chance.choice(self.customers))),
                journal_line(sides[1], amount, PAYABLE, Entity=named("Vendor", chance.choice(self.vendors))),
            ]
        }


def in_names(one: Body) -> Iterator[tuple[Body, str, Decimal, str]]:
    """The lines of a document on receivables and payables: line, account, amount (debits positive), name."""
    for line in one["Line"]:
        detail, amount, name = line.get("JournalEntryLineDetail"), Decimal(line["Amount"]), one.get("EntityRef", {})
        if detail:
            name, debit = detail["Entity"]["EntityRef"], amount if detail["PostingType"] == "Debit" else -amount
        elif detail := line.get("DepositLineDetail"):
            name, debit = detail.get("Entity", {}), -amount
        elif detail := line.get("AccountBasedExpenseLineDetail"):
            debit = -amount if one["Credit"] else amount
        if detail and detail["AccountRef"]["value"] in ACCOUNTS.values():
            yield line, detail["AccountRef"]["value"], debit, name["value"]


def is_applied(one: Body) -> bool:
    """Whether others than what it was made from are linked to a document."""
    return any(link["TxnType"] not in ("Estimate", "ReimburseCharge") for link in one.get("LinkedTxn", ()))


def link_type(entity: str, one: Body) -> str:
    """How a link names a document."""
    if entity != "Purchase":
        return entity
    return "CreditCardCredit" if one["Credit"] else "Check" if one["PaymentType"] == "Check" else "Expense"


def some(chance: random.Random) -> Decimal:
    """A quantity, sometimes a fraction."""
    return Decimal(chance.randint(1, 40)) / chance.choice((1, 2, 4))


def cents(chance: random.Random) -> Decimal:
    """An amount."""
    return Decimal(chance.randint(1, 30_000)) / 100
