"""One push per company: whoever loses the lock sends and stores nothing more, and no late answer does harm (rules 1, 4)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import psycopg
import pytest

from include.stores.outbox import LockLost
from include.wiring import runs
from include.wiring.pushing import RealmBusyError
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.processes import AfterClaim, PushProcess, at_batch
from tests.push.wire import Wire
from tests.world import World

# Python 3.12 warns of fork in a process with threads; the child here only pushes and ends.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")

IN_THREES = {**LIMITS, "batch_size": 3}
LOST = {"OperationalError", "LockLost", "LockLostError", "AdminShutdown", "InterfaceError"}
"""What a push raises whose connection with the lock is gone."""


def fill(world: World, count: int = 6) -> None:
    """Invoices of one customer, and the waits of a test."""
    world.settings(waits=FAST, limits=IN_THREES)
    for number in range(count):
        world.invoice(f"T-{number}", amounts=("10.00", f"{number}.25"))


def end_lock_session(world: World) -> None:
    """What a server does with the session of a machine that it cannot reach any more."""
    ended = world.sql(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and classid = 7264001"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    assert ended == [(True,)]


def epochs(world: World) -> list[int]:
    """The push epoch of each sending, in the order of the sendings."""
    return [
        row[0] for row in world.sql("select push_epoch from qbo_sync.attempts where event = 'sent' order by at, id")
    ]


def assert_one_after_the_other(world: World, pushes: int) -> None:
    """Each sending was claimed under the epoch of its push, and no push sent anything after the next one had begun."""
    seen = epochs(world)
    assert None not in seen
    assert seen == sorted(seen)
    assert len(set(seen)) <= pushes


_TAKE_ELSEWHERE = """
with realm as (
    insert into qbo_sync.realms (realm_key, base_url, realm_id, environment)
    select 'other', base_url, '2' || realm_id, environment from qbo_sync.realms returning id
),

plan as (
    insert into qbo_sync.plans (realm, source, dag_id, run_id, mode)
    select realm.id, plans.source, plans.dag_id, 'other', plans.mode from qbo_sync.plans, realm returning id, realm
)

insert into qbo_sync.plan_items
    (plan_id, step, realm, environment, source, kind, billing_id, entity, action, reason, state)
select plan.id, 1, plan.realm, environment, source, kind, billing_id, entity, action, reason, 'sending'
from qbo_sync.plan_items, plan where billing_id = 'inv-T-1'
"""
"""What the push of another company does with T-1 in its claim."""


def commit_when_awaited(claim: psycopg.Connection[Any], watch: psycopg.Connection[Any]) -> None:
    """Commit a claim as soon as somebody waits to learn what becomes of it."""
    deadline = time.monotonic() + 60
    waiting = b"select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    while not watch.execute(waiting).fetchall() and time.monotonic() < deadline:
        time.sleep(0.02)
    claim.commit()


def test_a_document_that_another_company_claims_at_this_very_moment_is_left_to_it(world: World) -> None:
    """Both claim T-1, and the other one commits first: T-1 is not sent here, and this push goes on with the rest."""
    fill(world, 3)
    plan, context = world.prepare()

    with psycopg.connect(world.dsn) as claim, psycopg.connect(world.dsn, autocommit=True) as watch:
        claim.execute(_TAKE_ELSEWHERE)
        other = threading.Thread(target=commit_when_awaited, args=(claim, watch))
        other.start()
        counts = runs.push(plan, context)
        other.join()

    assert counts["Synced: created"] == 2
    assert sorted(one["DocNumber"] for one in world.in_qbo()) == ["T-0", "T-2"]
    sent = world.sql("select billing_id from qbo_sync.attempts where event = 'sent' and kind = 'invoice' order by 1")
    assert sent == [("inv-T-0",), ("inv-T-2",)]


def test_two_pushes_of_one_plan_send_each_document_once(wired: tuple[World, Wire]) -> None:
    """The same plan pushed by two processes at once: one after the other, each batch sent once, both end well."""
    world, wire = wired
    fill(world)
    plan, context = world.prepare()
    wire.strike(mishaps.late(0.2), "batch of create", times=100)

    pushes = [PushProcess(plan, context) for _ in range(2)]

    assert [push.wait() for push in pushes] == ["done", "done"]
    assert len(wire.sent("batch of create")) == 2
    assert_one_after_the_other(world, pushes=2)
    assert_exactly_once(world)
    assert_settled(world)


def test_two_plans_of_the_same_documents_send_each_document_once(wired: tuple[World, Wire]) -> None:
    """Two runs planned the same creates and push at once: the second finds them done and says so."""
    world, wire = wired
    fill(world)
    plans = [world.prepare(), world.prepare()]
    wire.strike(mishaps.late(0.2), "batch of create", times=100)

    pushes = [PushProcess(plan, context) for plan, context in plans]

    assert [push.wait() for push in pushes] == ["done", "done"]
    assert len(wire.sent("batch of create")) == 2
    assert_one_after_the_other(world, pushes=2)
    assert_exactly_once(world)
    assert_settled(world)


def test_an_older_plan_does_not_undo_what_a_later_one_wrote(world: World) -> None:
    """Billing changed between two plans; the later one is pushed first: the older one is stale, the document stays Synced."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1", amounts=("10.00",))
    older = world.prepare()
    world.change("inv-T-1", "11.00")
    runs.push(*world.prepare())

    runs.push(*older)

    assert_exactly_once(world)
    assert_settled(world)


def test_a_push_whose_lock_session_ends_sends_nothing_more(wired: tuple[World, Wire]) -> None:
    """The server ends the session that holds the lock while a batch is under way: no second batch leaves this process."""
    world, wire = wired
    fill(world, 9)
    plan, context = world.prepare()
    wire.strike(mishaps.meanwhile(lambda: end_lock_session(world)), "batch of create")

    with pytest.raises((psycopg.Error, LockLost)):
        runs.push(plan, context)
    sent = len(wire.sent("batch of create"))
    stored = Counter(
        row[0]
        for row in world.sql("select state from qbo_sync.plan_items where action = 'create' and kind = 'invoice'")
    )
    runs.push(plan, context)

    assert sent == 1
    assert stored == {"sending": 3, "planned": 6}
    assert len(wire.sent("batch of create")) == 3
    assert_one_after_the_other(world, pushes=2)
    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.parametrize("change", ["push_epoch = push_epoch + 1", "disconnected_at = clock_timestamp()"])
def test_a_push_that_was_overtaken_or_disconnected_sends_nothing_more(wired: tuple[World, Wire], change: str) -> None:
    """The session still lives, but another epoch has begun or the company was disconnected: no second batch, no stored answer."""
    world, wire = wired
    fill(world, 9)
    plan, context = world.prepare()
    overtake = f"update qbo_sync.realms set {change}"
    wire.strike(mishaps.meanwhile(lambda: world.sql(overtake)), "batch of create")

    with pytest.raises(LockLost):
        runs.push(plan, context)
    sent = len(wire.sent("batch of create"))
    world.sql("update qbo_sync.realms set disconnected_at = null")
    runs.push(plan, context)

    assert sent == 1
    assert_exactly_once(world)
    assert_settled(world)


def test_a_plan_that_is_replaced_while_it_is_pushed_stays_replaced(wired: tuple[World, Wire]) -> None:
    """The run is planned anew in the middle of its push: the rest of the old plan is not sent, and the new plan brings it."""
    world, wire = wired
    fill(world, 6)
    plan, context = world.prepare(run_id="manual__twice")
    frozen = PushProcess(plan, context, at_batch)
    frozen.until_frozen()
    newer = world.prepare(run_id="manual__twice")

    frozen.wake()
    ended = frozen.wait()
    sent = len(wire.sent("batch of create"))
    states = world.sql("select state from qbo_sync.plans order by id")
    runs.push(*newer)

    assert ended == "done"
    assert sent == 1
    assert states == [("superseded",), ("planned",)]
    assert len(wire.sent("batch of create")) == 2
    assert_exactly_once(world)
    assert_settled(world)


def test_a_claim_that_another_push_overtook_is_not_sent(wired: tuple[World, Wire]) -> None:
    """Frozen right after its claim, overtaken, and woken after the last moment for sending: it sends nothing at all."""
    world, wire = wired
    fill(world, 3)
    world.settings(waits={**FAST, "latest_sending": 0.5}, limits=IN_THREES)
    plan, context = world.prepare()
    frozen = PushProcess(plan, context, AfterClaim())
    frozen.until_frozen()  # the claim of the customer, which comes first
    time.sleep(0.6)

    end_lock_session(world)
    runs.push(plan, context)
    sent = Counter(call.kind for call in wire.calls if call.is_write)
    frozen.wake()

    assert frozen.wait() in LOST
    assert Counter(call.kind for call in wire.calls if call.is_write) == sent
    assert sent == {"create Customer": 1, "batch of create": 1}
    assert_exactly_once(world)
    assert_settled(world)


def test_what_a_pause_kept_back_returns_to_the_plan_and_goes_later(wired: tuple[World, Wire]) -> None:
    """Frozen after its claim beyond the last moment for sending, and still the only one: the claim goes back, then anew."""
    world, wire = wired
    fill(world, 3)
    world.settings(waits={**FAST, "latest_sending": 0.5}, limits=IN_THREES)
    plan, context = world.prepare()
    frozen = PushProcess(plan, context, AfterClaim())
    frozen.until_frozen()
    time.sleep(0.6)

    frozen.wake()

    assert frozen.wait() == "done"
    outcomes = world.sql("select outcome from qbo_sync.attempts where event = 'answered' order by at, id")
    assert outcomes[0] in {("returned",), ("not_executed",)}
    assert [call.kind for call in wire.calls if call.is_write] == ["create Customer", "batch of create"]
    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.parametrize("memory", ["on", "fault", "off"])
def test_a_sending_that_comes_late_does_no_harm(wired: tuple[World, Wire], memory: str) -> None:
    """Frozen between its look at the clock and the call; overtaken; then the old bytes go out: each document is there once."""
    world, wire = wired
    fill(world, 3)
    world.qbo.settings(requestid_memory=memory)
    plan, context = world.prepare()
    frozen = PushProcess(plan, context, at_batch)
    frozen.until_frozen()

    end_lock_session(world)
    runs.push(plan, context)
    after = world.in_qbo()
    frozen.wake()

    assert frozen.wait() in LOST
    assert len(wire.sent("batch of create")) == 2
    assert world.in_qbo() == after
    assert_exactly_once(world)
    assert_settled(world)
    assert world.run()["sent"] == 0


@pytest.mark.row("F145")
def test_others_are_busy_while_a_frozen_push_holds_the_lock(wired: tuple[World, Wire]) -> None:
    """A frozen process keeps its lock: the next push waits, fails as busy and sends nothing; then the frozen one ends well."""
    world, wire = wired
    fill(world, 3)
    world.settings(waits={**FAST, "lock": 0.3}, limits=IN_THREES)
    plan, context = world.prepare()
    frozen = PushProcess(plan, context, at_batch)
    frozen.until_frozen()

    with pytest.raises(RealmBusyError) as busy:
        world.run()
    sent = len(wire.sent("batch of create"))
    frozen.wake()

    assert busy.value.failure_mode == "busy"
    assert sent == 0
    assert frozen.wait() == "done"
    assert_exactly_once(world)
    assert_settled(world)


def test_a_killed_push_gives_up_its_lock_at_once(wired: tuple[World, Wire]) -> None:
    """Nobody waits for the dead: the next run takes the lock and settles the claim; what was absent goes with the one after."""
    world, _ = wired
    fill(world, 3)
    world.settings(waits={**FAST, "lock": 5}, limits=IN_THREES)
    plan, context = world.prepare()
    frozen = PushProcess(plan, context, at_batch)
    frozen.until_frozen()
    frozen.kill()

    assert frozen.wait() == "killed"
    world.run()
    settled = set(world.statuses().values())
    world.run()

    assert settled == {("Pending", "planned")}
    assert_exactly_once(world)
    assert_settled(world)
    assert_one_after_the_other(world, pushes=3)
