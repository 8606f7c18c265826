"""Deleted is what QuickBooks says of the linked id itself, and nothing that was deleted comes back by itself (rule 8)."""

from __future__ import annotations

import pytest

from include.wiring import runs
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.people import add_customer, do
from tests.push.wire import Wire, fault
from tests.world import World


@pytest.fixture
def pushed(world: World) -> World:
    """A world with two invoices in QuickBooks."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    for number in range(2):
        world.invoice(f"T-{number}", amounts=("10.00",))
    world.run()
    return world


def archived(world: World) -> list[str]:
    """The billing ids of the links that were ended."""
    return [row[0] for row in world.sql("select billing_id from qbo_sync.link_archive order by id")]


def test_what_was_deleted_in_quickbooks_comes_back_only_when_a_person_asks(pushed: World) -> None:
    """The change meets a deletion: link archived, Skipped; no schedule creates it anew; its number in the form does, once."""
    do(pushed, "delete", "T-0")
    pushed.change("inv-T-0", "15.00")
    pushed.sync()
    first = pushed.status("inv-T-0")

    pushed.sync()
    pushed.sync(kind="manual", everything=True)
    pushed.run(kind="scheduled")
    pushed.run()
    by_themselves = pushed.in_qbo("T-0")
    pushed.run(invoice_numbers=["T-0"])

    assert first == ("Skipped", "deleted_in_qbo")
    assert archived(pushed) == ["inv-T-0"]
    assert by_themselves == []
    assert len(pushed.in_qbo("T-0")) == 1
    assert_exactly_once(pushed)
    assert_settled(pushed)


def test_the_new_one_is_really_new(pushed: World) -> None:
    """What is created after a deletion is another object with another id, not an old answer that QuickBooks remembers."""
    (old,) = pushed.in_qbo("T-0")
    do(pushed, "delete", "T-0")
    pushed.change("inv-T-0", "15.00")
    pushed.run()

    pushed.run(invoice_numbers=["T-0"])

    (new,) = pushed.in_qbo("T-0")
    assert new["Id"] != old["Id"]
    assert new["TotalAmt"] == 15
    assert pushed.sql("select qbo_id from qbo_sync.links where billing_id = 'inv-T-0'") == [(new["Id"],)]


def test_deleted_while_our_change_is_on_its_way(wired: tuple[World, Wire]) -> None:
    """The accountant deletes between our claim and our call: 610 to the write, 610 to the reading, so it is deleted."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    world.invoice("T-0", amounts=("10.00",))
    world.run()
    world.change("inv-T-0", "15.00")
    plan, context = world.prepare()
    wire.strike(mishaps.meanwhile(lambda: do(world, "delete", "T-0")), "update Invoice")

    runs.push(plan, context)

    assert world.in_qbo() == []
    assert world.status("inv-T-0") == ("Skipped", "deleted_in_qbo")
    assert archived(world) == ["inv-T-0"]


def test_a_610_to_the_write_alone_is_no_deletion(wired: tuple[World, Wire]) -> None:
    """QuickBooks answers 610 to the change, and the invoice itself reads: inactive_reference, it stands and stays linked."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    world.invoice("T-0", amounts=("10.00",))
    world.run()
    world.change("inv-T-0", "15.00")
    wire.strike(
        fault("610", "Object Not Found : Something you're trying to use has been made inactive"), "update Invoice"
    )

    world.run()
    shown, held = world.status("inv-T-0"), world.in_qbo("T-0")
    world.run()

    assert shown == ("Skipped", "inactive_reference")
    assert [one["TotalAmt"] for one in held] == [10]
    assert archived(world) == []
    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.parametrize("entity", ["Customer", "Item"])
def test_what_refers_to_something_inactive_waits_for_it(pushed: World, entity: str) -> None:
    """Customer or item was made inactive in QuickBooks and our lists do not know: Skipped, and it goes once that is undone."""
    other = add_customer(pushed, "Bluebird Bakery")
    pushed.customer("c2", "Bluebird Bakery")
    pushed.map("customer", "c2", other, "Bluebird Bakery")
    pushed.invoice("T-2", customer_id="c2")
    qbo_id = {"Customer": other, "Item": "1"}[entity]
    pushed.qbo.act("deactivate", entity=entity, id=qbo_id)

    pushed.run()
    shown = pushed.status("inv-T-2")
    pushed.qbo.act("activate", entity=entity, id=qbo_id)
    pushed.run()

    assert shown == ("Skipped", "inactive_reference")
    assert archived(pushed) == []
    assert_exactly_once(pushed)
    assert_settled(pushed)


def test_a_void_or_a_mail_that_meets_a_deletion_ends_the_link(pushed: World) -> None:
    """Voided in billing, or to be mailed, and deleted in QuickBooks: deleted_in_qbo, and nothing is created."""
    pushed.settings(waits=FAST, limits=LIMITS, locked_before="off", voided_in_billing="void")
    pushed.sql("update billing.invoices set status = 'void' where doc_number = 'T-0'")
    pushed.sql("update billing.invoices set billing_email = 'ap@cafe.example' where doc_number = 'T-1'")
    plan, context = pushed.prepare(delivery="send")
    for number in ("T-0", "T-1"):
        do(pushed, "delete", number)

    runs.push(plan, context)

    assert pushed.in_qbo() == []
    assert set(pushed.statuses().values()) == {("Skipped", "deleted_in_qbo")}
    assert sorted(archived(pushed)) == ["inv-T-0", "inv-T-1"]
