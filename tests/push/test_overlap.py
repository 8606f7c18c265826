"""While QuickBooks is at work on a batch the one before is stored and the next one is read, and nothing is less sure for it."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest

from include.wiring import runs
from include.wiring.pushing import RealmStoppedError
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.people import add_customer
from tests.push.processes import AfterBatches, PushProcess, until
from tests.push.test_one_writer import LOST, end_lock_session
from tests.push.test_stale_plans import OTHER_ITEM
from tests.push.wire import Call, Handler, Wire, fault
from tests.world import World

# Python 3.12 warns of fork in a process with threads; the child here only pushes and ends.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")

BATCH = 4
Planned = tuple[World, Wire, dict[str, Any], dict[str, Any]]


@pytest.fixture
def planned(wired: tuple[World, Wire]) -> Planned:
    """A plan of twelve invoices of a mapped customer, which go in three batches."""
    world, wire = wired
    world.settings(waits=FAST, limits={**LIMITS, "batch_size": BATCH, "in_flight": 1000})
    world.map("customer", "c1", add_customer(world, "Northwind Cafe"), "Northwind Cafe")
    for number in range(3 * BATCH):
        world.invoice(f"T-{number}", amounts=(f"1{number}.00",))
    return world, wire, *world.prepare()


def states(world: World) -> list[str]:
    """The states of the plan's items, one for each batch, in the order in which they go."""
    rows = world.sql("select state from qbo_sync.plan_items where kind = 'invoice' order by step")
    each = [{row[0] for row in rows[start : start + BATCH]} for start in range(0, len(rows), BATCH)]
    return [" and ".join(sorted(batch)) for batch in each]


def of_batch(world: World, number: int) -> str:
    """The billing id of one document of this batch, counted from 0."""
    rows = world.sql("select billing_id from qbo_sync.plan_items where kind = 'invoice' order by step")
    return str(rows[number * BATCH][0])


def sizes(wire: Wire) -> list[int]:
    """How many documents each batch call held."""
    return [len(call.items) for call in wire.sent("batch of create")]


def test_killed_with_a_batch_on_the_wire_and_the_one_before_not_stored(planned: Planned) -> None:
    """Two batches are in QuickBooks and nothing is stored of either: the next push finds and links all of it."""
    world, wire, plan, context = planned
    dying = PushProcess(plan, context, AfterBatches(2))
    dying.until_frozen()
    until(lambda: len(world.in_qbo()) == 2 * BATCH)
    dying.kill()
    ended = dying.wait()
    left = states(world)

    runs.push(plan, context)

    assert ended == "killed"
    assert left == ["sending", "sending", "planned"]
    assert sizes(wire) == [BATCH] * 3
    assert_exactly_once(world)
    assert_settled(world)


def test_no_more_than_two_batches_are_ever_unsettled(planned: Planned) -> None:
    """Whenever a batch reaches QuickBooks, the one before it may be unstored, and none before that."""
    world, wire, plan, context = planned
    seen: list[list[str]] = []
    wire.strike(mishaps.meanwhile(lambda: seen.append(states(world))), "batch of create", times=3)

    runs.push(plan, context)

    assert [batches.count("sending") <= 2 for batches in seen] == [True] * 3
    assert seen[2][0] == "done"
    assert_exactly_once(world)
    assert_settled(world)


def test_a_company_that_closes_gets_no_batch_that_was_ready_already(planned: Planned) -> None:
    """The second batch meets 6190 while the third is chosen and read: it is neither claimed nor sent."""
    world, wire, plan, context = planned
    wire.strike(lambda handler, call: handler.give(handler.forward(call)), "batch of create")
    wire.strike(fault("6190", "Invalid Company Status"), "batch of create", times=100)

    with pytest.raises(RealmStoppedError):
        runs.push(plan, context)
    left, sent = states(world), len(wire.sent("batch of create"))
    claimed = world.sql("select count(*) from qbo_sync.attempts where event = 'sent'")
    wire.heal()
    runs.push(plan, context)

    assert left == ["done", "planned", "planned"]
    assert sent == 2
    assert claimed == [(2 * BATCH,)]
    assert_exactly_once(world)
    assert_settled(world)


def test_a_batch_that_is_too_large_makes_the_next_one_smaller(planned: Planned) -> None:
    """The second batch is refused as a whole while the third is ready: the third is chosen anew, half as large."""
    world, wire, plan, context = planned
    wire.strike(lambda handler, call: handler.give(handler.forward(call)), "batch of create")
    wire.strike(mishaps.answer(413, mishaps.HTML), "batch of create")

    runs.push(plan, context)

    assert sizes(wire)[:3] == [BATCH, BATCH, BATCH // 2]
    assert_exactly_once(world)
    assert_settled(world)


def test_an_unknown_outcome_is_stored_before_the_next_batch_leaves(planned: Planned) -> None:
    """The answer to the second batch is lost: when the third is about to leave, the second is stored as unknown."""
    world, wire, plan, context = planned
    wire.strike(lambda handler, call: handler.give(handler.forward(call)), "batch of create")
    wire.strike(mishaps.cut_after, "batch of create")
    frozen = PushProcess(plan, context, AfterBatches(2, "/batch"))
    frozen.until_frozen()

    before = states(world)
    frozen.wake()

    assert before == ["done", "unknown", "sending"]
    assert frozen.wait() == "done"
    assert_exactly_once(world)
    assert_settled(world)


def test_the_lock_is_lost_while_an_answer_waits_to_be_stored(planned: Planned) -> None:
    """Two batches are answered, the second is not stored and the third is ready when the session ends: no third call."""
    world, wire, plan, context = planned
    frozen = PushProcess(plan, context, AfterBatches(2, "take_permit"))
    frozen.until_frozen()
    end_lock_session(world)
    frozen.wake()
    ended = frozen.wait()
    left, sent = states(world), len(wire.sent("batch of create"))

    runs.push(plan, context)

    assert ended in LOST
    assert left == ["done", "sending", "planned"]
    assert sent == 2
    assert sizes(wire) == [BATCH] * 3
    assert_exactly_once(world)
    assert_settled(world)


def test_what_fails_while_a_batch_is_on_the_wire_does_not_lose_its_answer(planned: Planned) -> None:
    """Billing cannot be read for the second batch: the first, on the wire just then, is stored; nothing more is sent."""
    world, wire, plan, context = planned
    frozen = PushProcess(plan, context, AfterBatches(1, "what a push may claim next"))
    frozen.until_frozen()
    world.sql("alter table billing.invoices rename to hidden")
    frozen.wake()
    ended = frozen.wait()
    left, sent = states(world), len(wire.sent("batch of create"))
    world.sql("alter table billing.hidden rename to invoices")

    runs.push(plan, context)

    assert ended == "BillingError"
    assert left == ["done", "planned", "planned"]
    assert sent == 1
    assert_exactly_once(world)
    assert_settled(world)


def test_what_fails_between_two_batches_does_not_lose_the_answer_that_waits(planned: Planned) -> None:
    """The permit's connection cannot be used when the first batch waits to be stored: it is stored, and the error is raised."""
    world, wire, plan, context = planned
    frozen = PushProcess(plan, context, AfterBatches(1, "take_permit"))
    frozen.until_frozen()
    waiting = states(world)
    world.sql("alter function qbo_sync.take_permit rename to hidden")
    frozen.wake()
    ended = frozen.wait()
    left = states(world)
    world.sql("alter function qbo_sync.hidden rename to take_permit")

    runs.push(plan, context)

    assert waiting == ["sending", "planned", "planned"]
    assert ended == "UndefinedFunction"
    assert left == ["done", "planned", "planned"]
    assert sizes(wire) == [BATCH] * 3
    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.parametrize(("batches_per_minute", "before"), [(6, "done"), (60000, "sending")])
def test_an_answer_is_stored_before_a_wait_for_the_next_permit(
    planned: Planned, batches_per_minute: int, before: str
) -> None:
    """Where the next batch has to wait, the answer to the first is stored when it leaves; otherwise it is stored then."""
    world, _, plan, context = planned
    world.settings(waits=FAST, limits={**LIMITS, "batch_size": BATCH, "batches_per_minute": batches_per_minute})
    dying = PushProcess(plan, context, AfterBatches(1, "/batch"))
    dying.until_frozen()
    dying.kill()
    dying.wait()

    assert states(world) == [before, "sending", "planned"]


def test_billing_is_read_again_when_quickbooks_took_long(planned: Planned) -> None:
    """An invoice of the second batch changes long after it was read, while the first is on the wire: stale, not sent."""
    world, wire, plan, context = planned
    world.settings(waits={**FAST, "call_limit": 20}, limits={**LIMITS, "batch_size": BATCH})
    changed = of_batch(world, 1)

    def slowly(handler: Handler, call: Call) -> None:
        time.sleep(1.2)
        world.change(changed, "99.00")
        handler.give(handler.forward(call))

    wire.strike(slowly, "batch of create")

    runs.push(plan, context)

    assert world.status(changed) == ("Pending", "stale_plan")
    assert Counter(world.statuses().values()) == {("Synced", "created"): 11, ("Pending", "stale_plan"): 1}
    assert_exactly_once(world, without=[changed.removeprefix("inv-")])


def test_our_own_state_is_asked_again_however_quick_quickbooks_was(planned: Planned) -> None:
    """What is sold is mapped anew while the first batch is on the wire and the second is read already: the rest is stale."""
    world, wire, plan, context = planned

    def mapping_anew(handler: Handler, call: Call) -> None:
        time.sleep(0.3)
        world.map("category", "recurring", *OTHER_ITEM)
        handler.give(handler.forward(call))

    wire.strike(mapping_anew, "batch of create")

    runs.push(plan, context)

    assert sizes(wire) == [BATCH]
    assert Counter(world.statuses().values()) == {("Synced", "created"): 4, ("Pending", "stale_plan"): 8}
