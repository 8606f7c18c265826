"""What people do in QuickBooks while we are at work: they enter documents and customers, and edit what is there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.world import World

DAY = "2026-10-05"
"""The date that invoices of a test carry in billing, unless it says otherwise."""


def enter(
    world: World, number: str, amount: str, customer: str, entity: str = "Invoice", *, is_second: bool = False
) -> str:
    """The accountant enters a document and says yes to a number that is taken if ``is_second``. Returns its QBO id."""
    line = {
        "Amount": float(Decimal(amount)),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }
    body = {"DocNumber": number, "TxnDate": DAY, "CustomerRef": {"value": customer}, "Line": [line]}
    if entity == "Invoice":
        body["DueDate"] = DAY
    flags = {"include": "allowduplicatedocnum"} if is_second else {}
    status, answer = world.qbo.call("POST", entity.lower(), body, realm_id=world.realm_id, **flags)
    assert status == 200, answer
    return str(answer[entity]["Id"])


def add_customer(world: World, name: str) -> str:
    """A customer that the accountant enters, and that our lists know from then on. Returns its QBO id."""
    made = world.qbo.act("create", entity="Customer", values={"DisplayName": name})
    world.refresh()
    return str(made["Customer"]["Id"])


def edit(world: World, number: str, **changes: Any) -> None:
    """The accountant edits the one invoice of a number."""
    (held,) = world.in_qbo(number)
    world.qbo.act("edit", entity="Invoice", id=held["Id"], changes=changes)


def do(world: World, deed: str, number: str) -> None:
    """The accountant voids or deletes the one invoice of a number."""
    (held,) = world.in_qbo(number)
    world.qbo.act(deed, entity="Invoice", id=held["Id"])


def receive(world: World, number: str, amount: str) -> None:
    """A payment on the one invoice of a number."""
    (held,) = world.in_qbo(number)
    world.qbo.act("receive_payment", customer=held["CustomerRef"]["value"], amount=amount, invoices=[held["Id"]])
