"""Whatever is done in whatever order: what customers owe is what their documents say."""

import random
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.client import Qbo, invoice, item_line, ref

STEPS = 60
CUSTOMERS = ("1", "2", "9")
FORMS = ("Invoice", "CreditMemo")


class Accountant:
    """Does random things; what QuickBooks refuses is left alone."""

    def __init__(self, qbo: Qbo, seed: int) -> None:
        self.qbo = qbo
        self.chance = random.Random(seed)
        self.deeds: list[Callable[[], Any]] = [
            *(self.create, self.create, self.pay, self.pay),  # more often than the rest
            *(self.change, self.void, self.delete, self.change_payment, self.end_payment),
        ]

    def step(self) -> None:
        """One deed."""
        self.chance.choice(self.deeds)()

    def any_of(self, *entities: str) -> tuple[str, dict[str, Any]] | None:
        """A document of one of the entities, as it is now."""
        name = self.chance.choice(entities)
        rows = self.qbo.query(f"select * from {name} maxresults 1000").rows
        return (name, self.chance.choice(rows)) if rows else None

    def lines(self) -> list[dict[str, Any]]:
        """One to three lines, taxable or not."""
        count = self.chance.randint(1, 3)
        return [
            item_line(self.chance.randint(0, 9999) / 100, tax=self.chance.choice(["TAX", "NON"])) for _ in range(count)
        ]

    def create(self) -> None:
        """A new form."""
        self.qbo.post(self.chance.choice(FORMS).lower(), invoice(*self.lines(), customer=self.chance.choice(CUSTOMERS)))

    def change(self) -> None:
        """Other lines, and perhaps another customer."""
        if found := self.any_of(*FORMS):
            name, form = found
            self.qbo.post(
                name.lower(), {**form, "Line": self.lines(), "CustomerRef": ref(self.chance.choice(CUSTOMERS))}
            )

    def void(self) -> None:
        """Void a form."""
        if found := self.any_of(*FORMS):
            self.qbo.post(found[0].lower(), found[1], operation="void")

    def delete(self) -> None:
        """Delete a form."""
        if found := self.any_of(*FORMS):
            self.qbo.post(found[0].lower(), found[1], operation="delete")

    def application(self) -> list[dict[str, Any]]:
        """Lines of a payment on invoices and credit memos, sometimes too much."""
        lines = []
        for _ in range(self.chance.randint(0, 3)):
            if found := self.any_of(*FORMS):
                name, form = found
                amount = Decimal(self.chance.randint(0, int(form["Balance"] * 110))) / 100
                lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": form["Id"], "TxnType": name}]})
        return lines

    def pay(self) -> None:
        """A payment."""
        total = self.chance.randint(0, 20_000) / 100
        body = {"CustomerRef": ref(self.chance.choice(CUSTOMERS)), "TotalAmt": total, "Line": self.application()}
        self.qbo.post("payment", body)

    def change_payment(self) -> None:
        """Apply a payment to something else."""
        if found := self.any_of("Payment"):
            self.qbo.post("payment", {**found[1], "Line": self.application()})

    def end_payment(self) -> None:
        """Void or delete a payment."""
        if found := self.any_of("Payment"):
            parameters = self.chance.choice([{"operation": "delete"}, {"operation": "update", "include": "void"}])
            self.qbo.post("payment", found[1], **parameters)


def check_ledger(qbo: Qbo) -> None:
    """Every equation of the ledger."""
    documents = {name: qbo.query(f"select * from {name} maxresults 1000").rows for name in (*FORMS, "Payment")}
    applied: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    links: dict[tuple[str, str], set[str]] = defaultdict(set)
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for payment in documents["Payment"]:
        used = Decimal(0)
        for line in payment["Line"]:
            link = line["LinkedTxn"][0]
            applied[link["TxnType"], link["TxnId"]] += line["Amount"]
            links[link["TxnType"], link["TxnId"]].add(payment["Id"])
            used += line["Amount"] if link["TxnType"] == "Invoice" else -line["Amount"]
        assert payment["UnappliedAmt"] == payment["TotalAmt"] - used >= 0
        owed[payment["CustomerRef"]["value"]] -= payment["UnappliedAmt"]
    for name, sign in (("Invoice", 1), ("CreditMemo", -1)):
        for form in documents[name]:
            lines = sum(
                (line["Amount"] for line in form["Line"] if line["DetailType"] == "SalesItemLineDetail"), Decimal(0)
            )
            assert form["TotalAmt"] == lines + form["TxnTaxDetail"]["TotalTax"]
            assert form["Balance"] == form["TotalAmt"] - applied[name, form["Id"]] >= 0
            assert {link["TxnId"] for link in form["LinkedTxn"]} == links[name, form["Id"]]
            owed[form["CustomerRef"]["value"]] += sign * form["Balance"]
    for customer in CUSTOMERS:
        assert qbo.read("Customer", customer)["Balance"] == owed[customer]


@pytest.mark.parametrize("seed", range(6))
def test_the_ledger_balances_after_any_sequence_of_operations(qbo: Qbo, seed: int) -> None:
    """Balances, unapplied money, totals and links on both sides agree after every ten steps."""
    accountant = Accountant(qbo, seed)

    for number in range(STEPS):
        accountant.step()
        if number % 10 == 9:
            check_ledger(qbo)
    assert any(entry["status"] == 200 for entry in qbo.simulator.journal(path="/payment"))
