"""A company that cannot be written to ends the push and spoils no document; a company that is busy is waited for (rule 10)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.wiring import runs
from include.wiring.pushing import RealmStoppedError
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.wire import Answer, Call, Handler, Mishap, Wire, fault
from tests.world import World

REJECTED = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
CLOSED: dict[str, tuple[Mishap, str, str]] = {
    "3200": (fault("3200", REJECTED, "AUTHENTICATION", 401), "not_connected", "realm"),
    "3100": (fault("3100", "message=ApplicationAuthorizationFailed", "SERVICE", 403), "not_connected", "realm"),
    "5020": (fault("5020", "Permission Denied Error"), "not_connected", "realm"),
    "6190": (fault("6190", "Invalid Company Status"), "subscription_lapsed", "realm"),
    "120": (fault("120", "Authorization Failure", "AuthorizationFault", 403), "not_connected", "realm"),
    "130": (fault("130", "Wrong Cluster", "AuthenticationFault", 400), "not_connected", "wait"),
    "150": (fault("150", "Maintenance", "SERVICE", 400), "not_connected", "wait"),
}
"""Code -> the mishap, the reason that all documents wait for, and whether waiting helps."""
DOCUMENTS = ("inv-T-0", "inv-T-1", "inv-T-2")


@pytest.fixture
def planned(wired: tuple[World, Wire]) -> tuple[World, Wire, dict[str, Any], dict[str, Any]]:
    """A plan of three invoices of a new customer."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    for number in range(3):
        world.invoice(f"T-{number}")
    return world, wire, *world.prepare()


def shown(world: World) -> set[tuple[str, str]]:
    """Status and reason of all documents."""
    return {world.status(billing_id) for billing_id in DOCUMENTS}


def test_a_closed_company_leaves_everything_planned(
    planned: tuple[World, Wire, dict[str, Any], dict[str, Any]],
) -> None:
    """Each fault that means the company ends the push: items stay planned, no document is an Error; then the plan goes on."""
    world, wire, plan, context = planned
    for kind, codes in (("create Customer", ("3100", "6190")), ("batch of create", tuple(CLOSED))):
        for code in codes:
            mishap, reason, mode = CLOSED[code]
            wire.strike(mishap, kind, times=100)

            with pytest.raises(RealmStoppedError) as stopped:
                runs.push(plan, context)

            assert (stopped.value.reason, stopped.value.failure_mode) == (reason, mode), code
            assert shown(world) == {("Pending", reason)}, code
            assert world.in_qbo() == []
            wire.heal()

    runs.push(plan, context)

    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.row("F13", "F14")
def test_a_dead_sign_on_asks_for_a_new_one_and_the_plan_goes_on(
    planned: tuple[World, Wire, dict[str, Any], dict[str, Any]],
) -> None:
    """The refresh token is dead: token_expired, everything stays planned; after a new sign-on the same plan is pushed."""
    world, wire, plan, context = planned
    wire.strike(CLOSED["3200"][0], "create Customer", times=100)
    wire.strike(mishaps.answer(400, b'{"error":"invalid_grant"}'), lambda call: call.kind == "token", times=100)

    with pytest.raises(RealmStoppedError) as stopped:
        runs.push(plan, context)
    waiting = shown(world)
    wire.heal()
    world.connect()
    runs.push(plan, context)

    assert stopped.value.reason == "token_expired"
    assert waiting == {("Pending", "token_expired")}
    assert_exactly_once(world)
    assert_settled(world)


def test_a_company_that_closes_within_a_batch_keeps_what_was_written(
    planned: tuple[World, Wire, dict[str, Any], dict[str, Any]],
) -> None:
    """The first item of a batch is written, the others meet 6190: one is Synced, the others stay planned and go later."""
    world, wire, plan, context = planned
    wire.strike(_closes_after_the_first, "batch of create")

    with pytest.raises(RealmStoppedError):
        runs.push(plan, context)
    first = sorted(world.status(billing_id) for billing_id in DOCUMENTS)
    runs.push(plan, context)

    assert first == [("Pending", "subscription_lapsed")] * 2 + [("Synced", "created")]
    assert_exactly_once(world)
    assert_settled(world)


def _closes_after_the_first(handler: Handler, call: Call) -> None:
    answer = handler.forward(call, json.dumps({"BatchItemRequest": call.items[:1]}).encode())
    found = json.loads(answer.body)
    error = {"Message": "Invalid Company Status", "Detail": "Invalid Company Status", "code": "6190", "element": ""}
    refusal = {"Fault": {"Error": [error], "type": "ValidationFault"}}
    found["BatchItemResponse"] += [{**refusal, "bId": item["bId"]} for item in call.items[1:]]
    handler.give(Answer(answer.status, answer.headers, json.dumps(found).encode()))


@pytest.mark.parametrize(("headers", "times"), [({}, 6), ({"retry_after": "1"}, 1)])
@pytest.mark.row("F150")
def test_a_throttled_company_is_paused_and_then_goes_on(
    planned: tuple[World, Wire, dict[str, Any], dict[str, Any]], headers: dict[str, str], times: int
) -> None:
    """429, with and without Retry-After, once or more often than a call is repeated: the realm pauses, nothing is lost."""
    world, wire, plan, context = planned
    world.settings(waits={**FAST, "pause_after_429": 0.1}, limits=LIMITS)
    wire.strike(mishaps.answer(429, b"", **headers), "batch of create", times=times)

    runs.push(plan, context)

    assert len(wire.sent("batch of create")) == times + 1
    assert world.sql("select paused_why is not null and last_throttled_at is not null from qbo_sync.throttle") == [
        (True,)
    ]
    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.row("X9", "F143")
def test_the_limits_of_the_settings_are_kept(world: World) -> None:
    """QuickBooks takes three calls a second, settings say two: it refuses none. Each limit reaches what spaces the calls."""
    limits = {
        "requests_per_minute": 120,
        "requests_per_second": 2,
        "in_flight": 4,
        "batches_per_minute": 17,
        "batch_size": 1,
        "items_counted": True,
        "share_used": "0.9",
    }
    world.settings(waits=FAST, limits=limits, read_budget=1234)
    for number in range(6):
        world.invoice(f"T-{number}")
    plan, context = world.prepare()
    world.qbo.limits(is_on=True, per_second=3)
    world.qbo.clear_journal()

    runs.push(plan, context)

    posted = [call["path"] for call in world.qbo.journal() if call["path"].endswith("/invoice")]
    assert [call["path"] for call in world.qbo.journal() if call["status"] == 429] == []
    ((kept,),) = world.sql("select limits from qbo_sync.throttle")
    spaced_by = {name: value for name, value in limits.items() if name != "batch_size"}
    assert kept == {**spaced_by, "share_used": 0.9, "reads_per_month": 1234}
    assert len(posted) == 6
    assert_exactly_once(world)
    assert_settled(world)


def test_a_company_that_stays_throttled_is_left_for_later(
    planned: tuple[World, Wire, dict[str, Any], dict[str, Any]],
) -> None:
    """429 again and again: the push gives its lock back instead of waiting for ever, and the plan goes on another time."""
    world, wire, plan, context = planned
    world.settings(waits={**FAST, "pause_after_429": 0.01}, limits=LIMITS)
    wire.strike(mishaps.answer(429, b""), "batch of create", times=1000)

    with pytest.raises(RealmStoppedError) as stopped:
        runs.push(plan, context)
    waiting = shown(world)
    wire.heal()
    runs.push(plan, context)

    assert (stopped.value.reason, stopped.value.failure_mode) == ("throttled", "wait")
    assert waiting == {("Pending", "throttled")}
    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.row("F154")
def test_a_name_lock_that_passes_is_not_seen(planned: tuple[World, Wire, dict[str, Any], dict[str, Any]]) -> None:
    """Twice somebody else was at the list of customers: one customer, all invoices, nothing for a person."""
    world, _, plan, context = planned
    world.settings(waits={**FAST, "latest_sending": 1}, limits=LIMITS)
    world.qbo.fault("name_lock", operation="create", entity="Customer", count=2)

    runs.push(plan, context)

    assert_exactly_once(world)
    assert_settled(world)


@pytest.mark.row("F154")
def test_a_name_lock_that_stays_says_what_to_do(planned: tuple[World, Wire, dict[str, Any], dict[str, Any]]) -> None:
    """Nobody is blamed, the documents wait and name the cure; the next run writes them once the list is free."""
    world, _, plan, context = planned
    world.settings(waits={**FAST, "latest_sending": 1}, limits=LIMITS)
    world.qbo.fault("name_lock", operation="create", entity="Customer", count=0)

    runs.push(plan, context)

    assert shown(world) == {("Pending", "planned")}
    for (detail,) in world.sql("select detail from qbo_sync.statuses"):
        assert "have everyone sign out and retry" in detail
    assert world.in_qbo() == []

    world.qbo.clear_faults()
    world.run()

    assert_exactly_once(world)
    assert_settled(world)
