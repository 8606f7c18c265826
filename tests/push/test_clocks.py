"""What is ours is told by when it was created, on QuickBooks' own clock, whatever ours shows (rule 6)."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, tzinfo

import pytest

from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.many import copies_of_first
from tests.push.people import add_customer, enter
from tests.push.wire import Answer, Call, Handler, Wire
from tests.world import World

HOUR = 3600


@pytest.fixture
def planned(wired: tuple[World, Wire]) -> tuple[World, Wire, str]:
    """One invoice of a mapped customer, whose QBO id is given too."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    customer = add_customer(world, "Northwind Cafe")
    world.map("customer", "c1", customer, "Northwind Cafe")
    world.invoice("T-1")
    return world, wire, customer


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
def test_clocks_that_differ_by_an_hour_lose_nothing(planned: tuple[World, Wire, str], ahead: int) -> None:
    """QuickBooks' clock is an hour off ours: an invoice whose answer was lost is found and linked, not sent again."""
    world, wire, _ = planned
    world.qbo.clock(advance=ahead)
    wire.strike(mishaps.cut_after, "create Invoice")

    world.run()

    assert len(wire.sent("create Invoice")) == 1
    assert world.status("inv-T-1") == ("Synced", "created")
    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.parametrize("ahead", [-HOUR, HOUR])
def test_what_was_created_outside_of_our_sending_is_not_ours(planned: tuple[World, Wire, str], ahead: int) -> None:
    """Our call never arrived, and QuickBooks holds the number from another hour: left alone, not adopted, not sent again."""
    world, wire, customer = planned

    def entered_at_another_time(handler: Handler, call: Call) -> None:
        world.qbo.clock(advance=ahead)
        enter(world, "T-1", "100.00", customer)
        world.qbo.clock(advance=-ahead)
        handler.reset()

    wire.strike(entered_at_another_time, "create Invoice")

    world.run()

    assert len(wire.sent("create Invoice")) == 1
    assert world.status("inv-T-1") == ("Skipped", "already_in_qbo")
    assert world.sql("select count(*) from qbo_sync.links where kind = 'invoice'") == [(0,)]
    assert len(world.in_qbo("T-1")) == 1


def test_what_was_sent_and_deleted_since_is_for_a_person(planned: tuple[World, Wire, str]) -> None:
    """Our invoice arrived, the answer was lost, and somebody deleted it: nobody can tell, so nothing is sent by itself."""
    world, wire, _ = planned

    def written_and_deleted(handler: Handler, call: Call) -> None:
        handler.forward(call)
        (held,) = world.in_qbo("T-1")
        world.qbo.act("delete", entity="Invoice", id=held["Id"])
        handler.reset()

    wire.strike(written_and_deleted, "create Invoice")

    world.run()
    shown = world.status("inv-T-1")
    world.run()
    by_itself = world.in_qbo("T-1")
    world.run(invoice_numbers=["T-1"])

    assert shown == ("Error", "ambiguous")
    assert by_itself == []
    assert_exactly_once(world)
    assert_settled(world)


def _with_a_thousand_others(handler: Handler, call: Call) -> None:
    """So much changed that QuickBooks tells no more of it."""
    answer = handler.forward(call)
    found = json.loads(answer.body)
    found["CDCResponse"] = [{"QueryResponse": [{"Invoice": [{"Id": str(number)} for number in range(9000, 10_000)]}]}]
    handler.give(Answer(answer.status, answer.headers, json.dumps(found).encode()))


def test_where_quickbooks_cannot_tell_all_deletions_nothing_is_sent_again(planned: tuple[World, Wire, str]) -> None:
    """Our call never arrived, and more changed since than QuickBooks tells at once: a person looks, and may ask for it."""
    world, wire, _ = planned
    wire.strike(mishaps.cut_before, "create Invoice")
    wire.strike(_with_a_thousand_others, lambda call: call.kind == "cdc")

    world.run()
    left, told = world.status("inv-T-1"), world.reasons("inv-T-1")["ambiguous"]
    by_itself = world.in_qbo()
    world.run(invoice_numbers=["T-1"])

    assert left == ("Error", "ambiguous")
    assert "more changed there since than it tells at once" in told
    assert by_itself == []
    assert_exactly_once(world)
    assert_settled(world)


def test_a_sending_of_which_deletions_are_told_no_more_is_not_repeated(planned: tuple[World, Wire, str]) -> None:
    """Our call never arrived, and is looked for after 31 days: QuickBooks tells the deletions of 30, so a person decides."""
    world, wire, _ = planned

    def a_month_ago(handler: Handler, call: Call) -> None:
        world.sql(
            "update qbo_sync.plan_items set sent_at = sent_at - interval '31 days',"
            " claimed_at = claimed_at - interval '31 days' where doc_number = 'T-1'"
        )
        handler.reset()

    wire.strike(a_month_ago, "create Invoice")

    world.run()
    left = world.status("inv-T-1")
    by_itself = world.in_qbo()
    world.run(invoice_numbers=["T-1"])

    assert left == ("Error", "ambiguous")
    assert by_itself == []
    assert len(wire.sent("create Invoice")) == 2
    assert_exactly_once(world)
    assert_settled(world)


def test_what_is_unknown_is_settled_before_we_change_too_much_ourselves(wired: tuple[World, Wire]) -> None:
    """The first of 28 batches never arrived: QuickBooks is asked for deletions while what we wrote since fits into its answer."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.map("customer", "c1", add_customer(world, "Northwind Cafe"), "Northwind Cafe")
    world.invoice("T-0")
    copies_of_first(world, 839)
    wire.strike(mishaps.cut_before, "batch of create")

    world.run()

    kinds = [call.kind for call in wire.calls]
    written = [call for call in wire.calls[: kinds.index("cdc")] if call.kind == "batch of create"]
    assert 20 < len(written) < 28
    assert_exactly_once(world)
    assert_settled(world)


class _Misled(type):
    """What is a time stays one, whichever clock it was read from."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_worker_whose_clock_is_hours_off_loses_nothing(
    planned: tuple[World, Wire, str], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """All that our code reads of the worker's clock is wrong, and an answer is lost: the invoice is found, not sent again."""
    world, wire, _ = planned

    class Off(datetime, metaclass=_Misled):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a time of the usual class
            return datetime.now(tz) + timedelta(hours=hours)

    ours = [module for name, module in sys.modules.items() if name.startswith(("include.", "qbo_hook"))]
    for module in ours:
        if getattr(module, "datetime", None) is datetime:
            monkeypatch.setattr(module, "datetime", Off)
    wire.strike(mishaps.cut_after, "create Invoice")

    world.run()
    world.change("inv-T-1", "55.00")
    world.run()

    assert len(wire.sent("create Invoice")) == 1
    assert_exactly_once(world)
    assert_settled(world)
