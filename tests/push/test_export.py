"""The way of an invoice from billing into QuickBooks, and what the user sees of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from include.stores.plans import PlanError
from include.wiring import approvals
from tests.world import World


def test_an_invoice_arrives_in_quickbooks_equal_to_the_cent(world: World) -> None:
    """One invoice of two lines: QuickBooks holds it once, with number, customer, date and total of billing."""
    world.invoice("T-1", amounts=("100.00", "23.45"))

    world.run()

    held = world.in_qbo("T-1")
    assert len(held) == 1
    assert Decimal(str(held[0]["TotalAmt"])) == Decimal("123.45")
    assert held[0]["TxnDate"] == "2026-10-05"
    assert held[0]["CustomerRef"]["name"] == "Northwind Cafe"
    assert world.status("inv-T-1") == ("Synced", "created")


def test_a_second_run_sends_nothing(world: World) -> None:
    """What is in QuickBooks and unchanged in billing is not written again: no new sent attempt."""
    for number in range(1, 6):
        world.invoice(f"T-{number}")
    world.run()
    sent = world.sql("select count(*) from qbo_sync.attempts where event = 'sent'")

    again = world.run()

    assert again["sent"] == 0
    assert world.sql("select count(*) from qbo_sync.attempts where event = 'sent'") == sent
    assert {world.status(f"inv-T-{number}") for number in range(1, 6)} == {("Synced", "unchanged")}


@pytest.mark.row("F94")
def test_a_changed_invoice_updates_the_same_quickbooks_invoice(world: World) -> None:
    """A change in billing becomes a sparse update of the linked invoice: same id, next version, new total."""
    billing_id = world.invoice("T-1", amounts=("100.00",))
    world.run()
    before = world.in_qbo("T-1")[0]

    world.change(billing_id, "120.00")
    world.run()

    after = world.in_qbo("T-1")
    assert len(after) == 1
    assert (after[0]["Id"], after[0]["SyncToken"]) == (before["Id"], str(int(before["SyncToken"]) + 1))
    assert Decimal(str(after[0]["TotalAmt"])) == Decimal("120.00")
    assert world.status(billing_id) == ("Synced", "updated")


def test_a_bad_document_does_not_hold_up_the_good_ones(world: World) -> None:
    """A negative invoice and one without a customer stay out with their reasons; the others go."""
    world.invoice("T-1")
    world.invoice("T-2", amounts=("-0.01",))
    world.invoice("T-3", customer_id=None)

    world.run()

    assert {one["DocNumber"] for one in world.in_qbo()} == {"T-1"}
    assert world.status("inv-T-2") == ("Error", "negative_subtotal")
    assert world.status("inv-T-3") == ("Skipped", "customer_missing")


def test_a_customer_that_quickbooks_lacks_is_created_once(world: World) -> None:
    """Two invoices of a new customer: one customer in QuickBooks, both invoices on it, and it is mapped from then on."""
    world.customer("c9", "Bluebird Bakery", email="ap@bluebird.example")
    world.invoice("T-1", customer_id="c9")
    world.invoice("T-2", customer_id="c9")

    world.run()

    customers = world.qbo.state("Customer", name="Bluebird Bakery")
    assert len(customers) == 1
    assert customers[0]["PrimaryEmailAddr"]["Address"] == "ap@bluebird.example"
    assert {one["CustomerRef"]["value"] for one in world.in_qbo()} == {customers[0]["Id"]}
    assert world.sql("select origin from qbo_sync.mappings where kind = 'customer' and billing_key = 'c9'") == [
        ("created",)
    ]


@pytest.mark.row("G2")
def test_plan_only_writes_nothing_and_says_what_a_push_would_write(world: World) -> None:
    """A plan has totals equal to what is pushed later, and no call that writes leaves the house."""
    world.invoice("T-1", amounts=("10.00",))
    world.invoice("T-2", amounts=("20.55",))

    world.run(mode="plan_only")

    assert world.in_qbo() == []
    assert world.sql(
        "select totals->'create'->>'documents', totals->'create'->'money'->>'USD' from qbo_sync.plans"
    ) == [("2", "30.55")]
    assert world.status("inv-T-1") == ("Pending", "planned")


def test_mapping_one_category_releases_all_that_it_blocked(world: World) -> None:
    """Thirty documents are Skipped for one missing mapping; the next run after the mapping pushes all thirty."""
    for number in range(30):
        world.invoice(f"T-{number}", lines=[{"amount": Decimal("5.00"), "category": "rental"}])
    world.run()
    assert set(world.statuses().values()) == {("Skipped", "item_unmapped")}

    world.map("category", "rental", "1", "Services")
    world.run()

    assert len(world.in_qbo()) == 30
    assert set(world.statuses().values()) == {("Synced", "created")}


def test_a_document_of_no_company_is_named_and_does_not_hold_up_the_others(world: World) -> None:
    """Billing names a realm that is not set up: Skipped with the reason and its money in its currency; the run goes on."""
    world.invoice("T-1")
    world.invoice("T-2", realm_key="nowhere")

    world.run()

    assert {one["DocNumber"] for one in world.in_qbo()} == {"T-1"}
    assert world.status("inv-T-2") == ("Skipped", "no_routing_rule")
    assert world.sql("select currency from qbo_sync.statuses where billing_id = 'inv-T-2'")[0][0] == "USD"


@pytest.mark.row("G2")
def test_a_stored_plan_is_pushed_as_it_was_shown(world: World) -> None:
    """Plan only, look, then push that very plan by its number: what it showed is what QuickBooks holds."""
    world.invoice("T-1", amounts=("10.00",))
    shown = world.run(mode="plan_only")
    world.invoice("T-2", amounts=("99.00",))

    pushed = world.run(plan_id=shown["plan_id"])

    assert (pushed["plan_id"], pushed["sent"]) == (shown["plan_id"], 2)
    assert {one["DocNumber"] for one in world.in_qbo()} == {"T-1"}


def test_a_plan_that_was_rejected_is_pushed_by_nobody(world: World) -> None:
    """Its number in the form is refused with who said no, instead of a green run that wrote nothing."""
    world.invoice("T-1")
    plan, _ = world.prepare(mode="push_after_approval")
    approvals.decide(plan, is_approved=False, by="ann")

    for mode in ("push", "push_after_approval"):
        with pytest.raises(PlanError, match=r"was rejected by ann: make a new one"):
            world.run(plan_id=plan["plan_id"], mode=mode)

    assert world.in_qbo() == []


@pytest.mark.parametrize("made", ["send", "copy"])
def test_a_stored_plan_mails_as_it_was_made_or_not_at_all(world: World, made: str) -> None:
    """Its mails are part of the plan: the other choice beside its number is refused before anything is written."""
    world.invoice("T-1", billing_email="ann@example.com")
    shown = world.run(mode="plan_only", delivery=made)
    other = {"send": "copy", "copy": "send"}[made]

    with pytest.raises(PlanError, match=f"made to {made}.*make a new one"):
        world.run(plan_id=shown["plan_id"], delivery=other)
    unsent = world.in_qbo()
    world.run(plan_id=shown["plan_id"], delivery=made)

    assert unsent == []
    assert [one["EmailStatus"] == "EmailSent" for one in world.in_qbo()] == [made == "send"]


@pytest.mark.row("F85")
def test_a_difference_that_stands_in_quickbooks_stays_named(world: World) -> None:
    """Our last write left another total there: the next run, with nothing changed on either side, still says so."""
    world.invoice("T-1", amounts=("10.00",))
    world.run()
    world.sql("update qbo_sync.links set total = 10.01 where billing_id = 'inv-T-1'")

    world.run()

    assert world.status("inv-T-1") == ("Error", "total_differs")
