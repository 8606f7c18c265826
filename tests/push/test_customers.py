"""Whose invoice it becomes in QuickBooks: mapped, found by name, created, or left to a person."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

CONTACT = {
    "given_name": "Ada",
    "family_name": "Byron",
    "email": "ada@byron.test",
    "phone": "555-0100",
    "city": "Austin",
}
OWN = ("DisplayName", "GivenName", "FamilyName", "PrimaryEmailAddr", "PrimaryPhone", "BillAddr", "SyncToken")


def contact(customer: dict[str, Any]) -> dict[str, Any]:
    """What belongs to the customer itself: an invoice changes the balance and the time of change, nothing else."""
    return {name: customer.get(name) for name in OWN}


@pytest.mark.row("F55", "F56", "F57")
def test_a_customer_is_created_with_its_contact_which_is_never_written_again(world: World) -> None:
    """Under billing's own name, once, with name, e-mail, telephone and town; a new e-mail in billing stays there."""
    world.customer("c2", "Byron Analytics", **CONTACT)
    world.invoice("T-1", customer_id="c2")
    world.run()
    (created,) = world.customers_in_qbo("Byron Analytics")
    world.sql("update billing.customers set email = 'new@byron.test', phone = '555-0199' where customer_id = 'c2'")
    world.change("inv-T-1", "120.00")
    world.invoice("T-2", customer_id="c2")

    world.run()

    (held,) = world.customers_in_qbo("Byron Analytics")
    assert (held["GivenName"], held["FamilyName"], held["BillAddr"]["City"]) == ("Ada", "Byron", "Austin")
    assert held["PrimaryEmailAddr"]["Address"] == "ada@byron.test"
    assert held["PrimaryPhone"]["FreeFormNumber"] == "555-0100"
    assert contact(held) == contact(created)
    assert {one["CustomerRef"]["value"] for one in world.in_qbo()} == {held["Id"]}


@pytest.mark.row("F55", "F58")
def test_an_adopted_customer_keeps_the_contact_that_quickbooks_has(world: World) -> None:
    """The name is there already: its invoices go to it, no second one is made, and nothing of it is touched."""
    (before,) = world.customers_in_qbo("Cool Cars")
    world.customer("c2", "Cool Cars", **CONTACT)
    world.invoice("T-1", customer_id="c2")

    world.run()

    (after,) = world.customers_in_qbo("Cool Cars")
    assert contact(after) == contact(before)
    assert world.in_qbo("T-1")[0]["CustomerRef"]["value"] == after["Id"]
    mapped = world.sql("select qbo_id, origin from qbo_sync.mappings where kind = 'customer' and billing_key = 'c2'")
    assert [row[0] for row in mapped] == [after["Id"]]


@pytest.mark.row("F55")
def test_an_edit_in_quickbooks_never_flows_back(world: World) -> None:
    """The accountant renames a customer and its e-mail: billing keeps its own, and the invoices go on."""
    world.customer("c2", "Byron Analytics", **CONTACT)
    world.invoice("T-1", customer_id="c2")
    world.run()
    billed = world.sql("select * from billing.customers order by 1")
    (created,) = world.customers_in_qbo("Byron Analytics")
    changes = {"DisplayName": "Byron & Co", "PrimaryEmailAddr": {"Address": "books@byron.test"}}
    world.qbo.act("edit", world.realm_id, entity="Customer", id=created["Id"], changes=changes)
    world.refresh()
    world.invoice("T-2", customer_id="c2")

    world.run()

    assert world.sql("select * from billing.customers order by 1") == billed
    assert world.customers_in_qbo("Byron Analytics") == []
    assert {one["CustomerRef"]["value"] for one in world.in_qbo()} == {created["Id"]}


@pytest.mark.row("F54", "F60", "X2")
def test_names_that_could_be_two_customers_stop_their_invoices(world: World) -> None:
    """Two of one name, two equal in their first hundred characters, one that another id has: each stop names both."""
    long = "N" * 100
    world.customer("c2", "Acme")
    world.customer("c3", "Acme")
    world.customer("c4", long + " East")
    world.customer("c5", long + " West")
    world.customer("c6", "Cool Cars")
    world.map("customer", "c7", "3", "Cool Cars")
    numbers = {f"T-{key}": f"c{key}" for key in range(2, 7)}
    for number, customer_id in numbers.items():
        world.invoice(number, customer_id=customer_id)

    world.run()

    assert {world.status(f"inv-{number}") for number in numbers} == {("Skipped", "ambiguous_name")}
    assert world.in_qbo() == []
    assert world.customers_in_qbo("Acme") + world.customers_in_qbo(long) == []
    told = {number: world.reasons(f"inv-{number}")["ambiguous_name"] for number in numbers}
    assert ("c3" in told["T-2"], "c2" in told["T-3"], "c5" in told["T-4"], "c7" in told["T-6"]) == (True,) * 4, told


@pytest.mark.row("F59", "X8")
def test_names_that_quickbooks_would_refuse_are_changed_and_the_change_is_told(world: World) -> None:
    """Cut to a hundred characters, a colon and an emoji replaced; QuickBooks holds the new name, the run says both."""
    names = {"c2": "L" * 101, "c3": "M" * 100, "c4": "North: Depot", "c5": "Pizza 🍕 House"}
    for customer_id, name in names.items():
        world.customer(customer_id, name)
        world.invoice(f"T-{customer_id}", customer_id=customer_id)

    world.run()

    held = {one["DocNumber"]: one["CustomerRef"]["name"] for one in world.in_qbo()}
    assert (held["T-c2"], held["T-c3"]) == ("L" * 100, "M" * 100)
    assert ":" not in held["T-c4"]
    assert "🍕" not in held["T-c5"]
    told = {key: "name_changed" in world.reasons(f"inv-T-{key}") for key in names}
    assert told == {"c2": True, "c3": False, "c4": True, "c5": True}
    assert "North: Depot" in world.reasons("inv-T-c4")["name_changed"]


@pytest.mark.row("X8")
def test_the_length_of_a_name_is_a_setting(world: World) -> None:
    """With name_length 12 the thirteenth character goes."""
    world.settings(name_length=12)
    world.customer("c2", "Twelve chars!")
    world.invoice("T-1", customer_id="c2")

    world.run()

    assert world.in_qbo("T-1")[0]["CustomerRef"]["name"] == "Twelve chars"


@pytest.mark.row("F27", "F29", "X2")
@pytest.mark.parametrize(
    ("choice", "reasons"),
    [
        ("mapped_only", {"T-1": "created", "T-2": "customer_unmapped", "T-3": "customer_unmapped"}),
        ("match", {"T-1": "created", "T-2": "created", "T-3": "customer_unmapped"}),
        ("match_or_create", {"T-1": "created", "T-2": "created", "T-3": "created"}),
    ],
)
def test_settings_say_how_far_a_customer_may_be_found(world: World, choice: str, reasons: dict[str, str]) -> None:
    """Mapped, of a known name, and new: who goes depends on the setting. Excluded ones and test customers never go."""
    world.settings(customers=choice)
    world.map("customer", "c2", "1", "Amy's Bird Sanctuary")
    world.map("customer", "c5", None, None, excluded=True)
    world.customer("c2", "Anything")
    world.customer("c3", "Cool Cars")
    world.customer("c4", "Brand New")
    world.customer("c5", "Our own office")
    world.customer("c6", "Test account", is_test=True)
    for number, customer_id in (("T-1", "c2"), ("T-2", "c3"), ("T-3", "c4"), ("T-4", "c5"), ("T-5", "c6")):
        world.invoice(number, customer_id=customer_id)

    world.run()

    excluded = {"T-4": "excluded_customer", "T-5": "excluded_customer"}
    assert {key.removeprefix("inv-"): reason for key, (_, reason) in world.statuses().items()} == reasons | excluded
    assert len(world.customers_in_qbo("Brand New")) == (1 if choice == "match_or_create" else 0)
    assert world.customers_in_qbo("Our own office") + world.customers_in_qbo("Test account") == []
