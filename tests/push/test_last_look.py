"""Between the plan and its push the world changes: the last look before a claim sees it, and only what still holds is sent."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from include.wiring import runs
from tests.world import World

UNCHANGED = "inv-T-2"


def pushed_after(world: World, *changes: str) -> None:
    """Plan two invoices, let billing or the mapping book change by these statements, and push the plan."""
    world.invoice("T-1", amounts=("10.00", "5.00"))
    world.invoice("T-2", customer_id="c2")
    plan, context = world.prepare()
    for change in changes:
        world.sql(change)
    runs.push(plan, context)


@pytest.fixture
def two(world: World) -> World:
    """A world with a second customer, both of them in QuickBooks and mapped."""
    world.customer("c2", "Bluebird Bakery")
    world.invoice("T-0a")
    world.invoice("T-0b", customer_id="c2")
    world.run()
    return world


def test_what_nobody_changed_is_sent_as_the_plan_has_it_to_the_letter(two: World) -> None:
    """The text that was sent is the text that was planned, and QuickBooks holds both invoices."""
    pushed_after(two)

    rows = two.sql(
        "select sent.request, item.payload::text from qbo_sync.attempts as sent"
        " inner join qbo_sync.plan_items as item on item.id = sent.plan_item"
        " where sent.event = 'sent' and sent.doc_number in ('T-1', 'T-2')"
    )
    assert len(rows) == 2
    assert all(sent == planned for sent, planned in rows)
    assert {one["DocNumber"] for one in two.in_qbo()} == {"T-0a", "T-0b", "T-1", "T-2"}


def test_a_customer_created_by_the_run_stands_in_the_text_by_its_id(world: World) -> None:
    """Only the reference is replaced, also in what is meant; a description that reads like one stays as it is."""
    world.customer("c9", 'The "Nine"\\Ltd')
    world.invoice("T-1", customer_id="c9", lines=[{"amount": Decimal("7.00"), "description": "@customer:c9"}])

    world.run()

    (held,) = world.in_qbo("T-1")
    sent, meant = world.sql(
        "select sent.request, item.meant from qbo_sync.attempts as sent inner join qbo_sync.plan_items as item"
        " on item.id = sent.plan_item where sent.event = 'sent' and sent.doc_number = 'T-1'"
    )[0]
    customer = held["CustomerRef"]["value"]
    assert json.loads(sent)["CustomerRef"] == {"value": customer}
    assert meant["customer"] == customer
    assert held["Line"][0]["Description"] == "@customer:c9"
    assert world.status("inv-T-1") == ("Synced", "created")


@pytest.mark.parametrize(
    "change",
    [
        "update billing.invoice_lines set amount = 9.00 where line_id = 'inv-T-1-1'",
        "update billing.invoice_lines set description = 'other' where line_id = 'inv-T-1-2'",
        "delete from billing.invoice_lines where line_id = 'inv-T-1-2'",
        "update billing.invoices set memo = 'a new memo' where invoice_id = 'inv-T-1'",
        "update billing.invoices set status = 'void' where invoice_id = 'inv-T-1'",
        "update billing.invoices set customer_id = 'c2' where invoice_id = 'inv-T-1'",
        "update qbo_sync.mappings set qbo_id = (select qbo_id from qbo_sync.mappings where billing_key = 'c2')"
        " where kind = 'customer' and billing_key = 'c1'",
    ],
)
def test_what_was_changed_since_the_plan_is_not_sent(two: World, change: str) -> None:
    """Content, status, customer or its mapping, header time untouched: stale, while the other invoice goes."""
    pushed_after(two, change)

    assert not two.in_qbo("T-1")
    assert two.status("inv-T-1") == ("Pending", "stale_plan")
    assert two.status(UNCHANGED) == ("Synced", "created")


def test_a_changed_mapping_of_what_is_sold_makes_the_plan_stale(two: World) -> None:
    """Another item for the category: both would be something else in QuickBooks, so neither is sent."""
    other = two.sql(
        "select qbo_id, name from qbo_sync.reference where entity = 'Item' and qbo_id <>"
        " (select qbo_id from qbo_sync.mappings where kind = 'category' and billing_key = 'recurring')"
        " order by qbo_id limit 1"
    )[0]

    pushed_after(
        two,
        f"update qbo_sync.mappings set qbo_id = '{other[0]}', qbo_name = '{other[1]}'"
        " where kind = 'category' and billing_key = 'recurring'",
    )

    assert {one["DocNumber"] for one in two.in_qbo()} == {"T-0a", "T-0b"}
    assert two.status("inv-T-1") == two.status(UNCHANGED) == ("Pending", "stale_plan")


def test_a_new_telephone_number_of_the_customer_keeps_nothing_back(two: World) -> None:
    """The rows differ and the content does not: the document is read, and sent."""
    pushed_after(two, "update billing.customers set phone = '+1 555 0100' where customer_id = 'c1'")

    assert two.status("inv-T-1") == two.status(UNCHANGED) == ("Synced", "created")
