"""A refused document is planned again when its cause may have changed, and once a day; otherwise it is left alone (rule 13)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.push.audit import assert_exactly_once
from tests.push.conftest import FAST, LIMITS
from tests.push.people import add_customer
from tests.push.wire import Wire, fault
from tests.world import World


@pytest.fixture
def refused(wired: tuple[World, Wire]) -> tuple[World, Wire]:
    """An invoice that QuickBooks refused by a rule of its own, and one that it took."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.map("customer", "c1", add_customer(world, "Northwind Cafe"), "Northwind Cafe")
    world.invoice("T-1")
    wire.strike(fault("6000", "A business validation error"), "create Invoice")
    world.sync()
    assert world.status("inv-T-1") == ("Error", "refused")
    assert world.in_qbo() == []
    world.invoice("T-2")
    world.sync()
    wire.calls.clear()
    return world, wire


def test_without_any_change_it_is_left_alone_until_the_night(refused: tuple[World, Wire]) -> None:
    """No hourly run sends it again; the nightly one does, once."""
    world, wire = refused

    world.sync()
    hourly = [call for call in wire.calls if call.is_write]
    world.sync(kind="manual", everything=True)

    assert hourly == []
    assert_exactly_once(world)
    assert world.status("inv-T-1") == ("Synced", "created")


def test_a_change_in_billing_sends_it_again(refused: tuple[World, Wire]) -> None:
    """Billing corrected it: the next hourly run writes the corrected one."""
    world, _ = refused

    world.change("inv-T-1", "50.00")
    world.sync()

    assert [Decimal(str(one["TotalAmt"])) for one in world.in_qbo("T-1")] == [50]
    assert_exactly_once(world)


def test_a_change_of_the_mapping_sends_it_again(refused: tuple[World, Wire]) -> None:
    """The category means another item now: it goes with that one, and what was pushed before stays as it is."""
    world, _ = refused
    before = world.in_qbo("T-2")

    world.map("category", "recurring", "2", "Hours")
    world.sync()

    (held,) = world.in_qbo("T-1")
    assert held["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "2"
    assert world.in_qbo("T-2") == before


def test_a_new_closing_date_sends_it_again(refused: tuple[World, Wire]) -> None:
    """The books were opened or closed: everything that was refused is tried again."""
    world, _ = refused

    world.qbo.preferences(BookCloseDate="2026-01-31")
    world.refresh()
    world.sync()

    assert_exactly_once(world)


def test_a_customer_that_is_active_again_releases_its_documents(refused: tuple[World, Wire]) -> None:
    """Skipped inactive_reference before any call; the customer is active again, and the next hourly run writes it."""
    world, _ = refused
    other = add_customer(world, "Bluebird Bakery")
    world.customer("c2", "Bluebird Bakery")
    world.qbo.act("deactivate", entity="Customer", id=other)
    world.refresh()
    world.map("customer", "c2", other, "Bluebird Bakery")
    world.invoice("T-3", customer_id="c2")
    world.sync()
    waiting = world.status("inv-T-3")
    world.sync()

    world.qbo.act("activate", entity="Customer", id=other)
    world.refresh()
    world.sync()

    assert waiting[0] == "Skipped"
    assert len(world.in_qbo("T-3")) == 1
    assert world.status("inv-T-3") == ("Synced", "created")
