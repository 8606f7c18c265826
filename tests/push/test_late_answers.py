"""What QuickBooks executes after somebody else has settled and sent it again is found, and named as a duplicate (rule 6)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from demo.runner.postgres import EmbeddedPostgres
from include.billing_sync.ports import Settled
from include.stores.late_answers import keep_late_answers
from include.stores.outbox import PostgresOutbox
from include.wiring import connections, runs
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.people import add_customer, enter
from tests.push.processes import PushProcess, at_batch
from tests.push.stage import copy_of, state_at
from tests.push.test_one_writer import LOST, end_lock_session
from tests.push.wire import Call, Handler, Wire
from tests.reconcile.night import Night
from tests.world import World

# Python 3.12 warns of fork in a process with threads; the child here only pushes and ends.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")


@pytest.fixture
def forgetful(wired: tuple[World, Wire]) -> tuple[World, Wire]:
    """A company that takes a number twice and remembers no request id: nothing but us is left to notice."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.qbo.settings(requestid_memory="off")
    world.qbo.preferences(WarnDuplicateDocNumbers=False)
    return world, wire


def late_rows(world: World) -> list[tuple[Any, ...]]:
    """What a late answer left: number, class, the surplus id, what it says of QuickBooks' side, and whether it is open."""
    return world.sql(
        "select doc_number, class, qbo_id, qbo_value, proposed_repair, resolved_at is null from qbo_sync.differences"
        " where reconciliation_id is null order by doc_number"
    )


def linked_id(world: World, number: str) -> str:
    """The QuickBooks id that is linked to the invoice of this number."""
    ((qbo_id,),) = world.sql("select qbo_id from qbo_sync.links where billing_id = %s", f"inv-{number}")
    return str(qbo_id)


def surplus_id(world: World, number: str) -> str:
    """The QuickBooks id of the one invoice of this number that no link leads to."""
    (surplus,) = {one["Id"] for one in world.in_qbo(number)} - {linked_id(world, number)}
    return str(surplus)


def freeze_and_overtake(world: World) -> PushProcess:
    """A push stands between its last look at the clock and its call; another one takes the lock, settles and sends."""
    plan, context = world.prepare()
    frozen = PushProcess(plan, context, at_batch)
    frozen.until_frozen()
    end_lock_session(world)
    runs.push(plan, context)
    return frozen


class Strayed:
    """QuickBooks gets the call only when the test says so; the client's connection is cut at once."""

    def __init__(self) -> None:
        self.execute: Callable[[], Any] = threading.Event
        self.is_met = False

    def __call__(self, handler: Handler, call: Call) -> None:
        self.execute, self.is_met = (lambda: handler.forward(call)), True
        handler.reset()


def test_a_late_answer_becomes_a_duplicate_with_both_ids(forgetful: tuple[World, Wire]) -> None:
    """Frozen, overtaken, woken: QuickBooks writes a second time, and each surplus invoice is a difference with its cure."""
    world, _ = forgetful
    for number in ("T-1", "T-2"):
        world.invoice(number, amounts=("10.00",))
    frozen = freeze_and_overtake(world)

    frozen.wake()

    assert frozen.wait() in LOST
    surplus, kept = surplus_id(world, "T-1"), linked_id(world, "T-1")
    (first, second) = late_rows(world)
    assert first[:3] == ("T-1", "duplicate", surplus)
    assert f"id {kept}" in first[3]
    assert f"id {kept}" in first[4]
    assert second[:3] == ("T-2", "duplicate", surplus_id(world, "T-2"))
    late = world.sql("select qbo_id from qbo_sync.attempts where outcome = 'late' and doc_number = 'T-1'")
    assert late == [(surplus,)]
    told = world.sql("select subject, text from qbo_sync.notices where topic = 'duplicate' order by subject")
    assert [subject for subject, _ in told] == [f"Invoice {surplus}", f"Invoice {surplus_id(world, 'T-2')}"]
    assert kept in told[0][1]


def test_the_night_takes_up_what_a_late_answer_left_until_it_is_void(forgetful: tuple[World, Wire]) -> None:
    """The comparison names the surplus invoice, renumbered or not; when it was voided in QuickBooks, nothing is left to say."""
    world, _ = forgetful
    for number in ("T-1", "T-2"):
        world.invoice(number, amounts=("10.00",))
    frozen = freeze_and_overtake(world)
    frozen.wake()
    frozen.wait()
    surplus = [surplus_id(world, number) for number in ("T-1", "T-2")]
    world.qbo.act("edit", entity="Invoice", id=surplus[1], changes={"DocNumber": "T-22"})
    night = Night(world)

    night.run()
    named, renumbered = night.row("T-1", "duplicate"), night.row("T-22", "duplicate")
    page = night.page()
    for qbo_id in surplus:
        world.qbo.act("void", entity="Invoice", id=qbo_id)
    night.run()

    assert (named["billing_id"], renumbered["billing_id"]) == ("inv-T-1", "inv-T-2")
    assert [named["qbo_id"], renumbered["qbo_id"]] == surplus
    assert linked_id(world, "T-1") in named["proposed_repair"]
    assert f"id {linked_id(world, 'T-1')}" in page
    assert [row[-1] for row in late_rows(world)] == [False, False]
    assert night.drift() == {}


def test_a_late_answer_that_nobody_settled_otherwise_is_no_duplicate(forgetful: tuple[World, Wire]) -> None:
    """Only the lock was lost: what QuickBooks wrote is found by the next push and linked, and no difference is kept."""
    world, _ = forgetful
    for number in ("T-1", "T-2"):
        world.invoice(number, amounts=("10.00",))
    plan, context = world.prepare()
    frozen = PushProcess(plan, context, at_batch)
    frozen.until_frozen()
    end_lock_session(world)

    frozen.wake()
    ended = frozen.wait()
    runs.push(plan, context)

    assert ended in LOST
    assert late_rows(world) == []
    assert_exactly_once(world)
    assert_settled(world)


def test_a_copy_that_bears_our_mark_is_a_duplicate(world: World) -> None:
    """Somebody copied our invoice in QuickBooks under another number and amount; its memo still names the billing document."""
    world.invoice("T-1", amounts=("10.00",))
    world.run()
    (ours,) = world.in_qbo("T-1")
    copied = enter(world, "T-77", "12.00", ours["CustomerRef"]["value"])
    world.qbo.act("edit", entity="Invoice", id=copied, changes={"PrivateNote": f"for Ann\n{ours['PrivateNote']}"})
    night = Night(world)

    night.run()

    assert night.drift() == {"T-77": {"duplicate"}}
    assert night.row("T-77", "duplicate")["billing_id"] == "inv-T-1"
    assert f"id {ours['Id']}" in night.row("T-77", "duplicate")["proposed_repair"]


@pytest.mark.parametrize("renumbered", [False, True])
def test_a_write_that_strayed_and_answered_nobody_is_found_at_night(
    forgetful: tuple[World, Wire], renumbered: bool
) -> None:
    """QuickBooks executes a lost sending after the second one, unheard; billing may have another number by then."""
    world, wire = forgetful
    world.invoice("T-0", amounts=("1.00",))
    world.run()
    world.invoice("T-1", amounts=("10.00",))
    strayed = Strayed()
    wire.strike(strayed, "create Invoice")
    world.run()
    assert strayed.is_met
    if renumbered:
        world.sql("update billing.invoices set doc_number = 'T-9', updated_at = now() where doc_number = 'T-1'")
        world.run()
    strayed.execute()
    night = Night(world)

    night.run()

    row = night.row("T-1", "duplicate")
    ((kept,),) = world.sql("select qbo_id from qbo_sync.links where billing_id = 'inv-T-1'")
    assert row["billing_id"] == "inv-T-1"
    assert row["qbo_id"] != kept
    assert f"id {kept}" in row["proposed_repair"]
    assert night.drift() == {"T-1": {"duplicate"}}


def test_a_renumbered_invoice_that_a_restored_state_forgot_is_found_at_night(
    world: World, pg: EmbeddedPostgres
) -> None:
    """Pushed since the dump and renumbered before it is pushed again: two stand there, and the night names them by our mark."""
    world.invoice("T-1", amounts=("10.00",))
    backup = copy_of(pg, world.dsn)
    world.run()
    (first,) = world.in_qbo()

    with state_at(backup):
        restored = World(backup, world.qbo, world.mappings)
        restored.refresh()
        restored.sql("update billing.invoices set doc_number = 'T-9'")
        restored.run()
        night = Night(restored)
        night.run()

    assert night.drift() == {"T-1": {"duplicate"}}
    assert night.row("T-1", "duplicate")["qbo_id"] == first["Id"]


def test_what_is_still_to_be_created_is_looked_for_again_after_a_late_answer(world: World) -> None:
    """The answer comes after QuickBooks was asked and before the second sending: it is asked again, and finds it."""
    world.settings(waits=FAST, limits=LIMITS, adopt_existing="exact")
    world.map("customer", "c1", add_customer(world, "Northwind Cafe"), "Northwind Cafe")
    world.invoice("T-1", amounts=("10.00",))
    plan, context = world.prepare()
    with connections.connect_state() as state:
        outbox = outbox_of(world, state)
        (item,) = outbox.creates_not_looked_at(plan["plan_id"], 10, [])
        outbox.mark_looked_at([item])
        assert outbox.creates_not_looked_at(plan["plan_id"], 10, []) == []

        customer = world.customers_in_qbo("Northwind Cafe")[0]["Id"]
        written = {"Id": enter(world, "T-1", "10.00", customer), "SyncToken": "0", "TotalAmt": Decimal("10.00")}
        late = Settled(item, "done", "written", "Synced", "created", entity=written)
        kept = keep_late_answers(state, [late], realm=item_realm(world), epoch=0, run_id="r", now=datetime.now(UTC))

        assert kept == []
        assert [one.id for one in outbox.creates_not_looked_at(plan["plan_id"], 10, [])] == [item.id]
    runs.push(plan, context)
    assert len(world.in_qbo("T-1")) == 1
    assert world.status("inv-T-1") == ("Synced", "adopted")


def item_realm(world: World) -> int:
    """Our row of the company."""
    ((realm,),) = world.sql("select id from qbo_sync.realms")
    return int(realm)


def outbox_of(world: World, state: Any) -> PostgresOutbox:
    """The outbox as a push has it, without its lock."""
    return PostgresOutbox(state, realm=item_realm(world), environment="sandbox", epoch=0, run_id="r")
