"""One bad document spoils no batch, and an answer that does not fit is never guessed at (rule 10)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from include.wiring import runs
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.many import copies_of_first
from tests.push.people import add_customer, enter
from tests.push.wire import HTML, Answer, Call, Handler, Mishap, Wire, fault
from tests.world import World


@pytest.fixture
def planned(wired: tuple[World, Wire]) -> tuple[World, Wire, dict[str, Any], dict[str, Any]]:
    """A plan of six invoices of a mapped customer, which fit into one batch."""
    world, wire = wired
    world.settings(waits=FAST, limits={**LIMITS, "batch_size": 6})
    world.map("customer", "c1", add_customer(world, "Northwind Cafe"), "Northwind Cafe")
    for number in range(6):
        world.invoice(f"T-{number}", amounts=(f"1{number}.00",))
    return world, wire, *world.prepare()


Planned = tuple[World, Wire, dict[str, Any], dict[str, Any]]


@pytest.mark.parametrize(
    "refusal",
    [mishaps.answer(413, HTML), fault("1040", "Batch size exceeds limit"), fault("2010", "Can not read the request")],
)
def test_a_batch_that_is_refused_as_a_whole_goes_in_halves(planned: Planned, refusal: Mishap) -> None:
    """Too large, too many, unreadable: nothing of it was executed, and smaller parts of it arrive."""
    world, wire, plan, context = planned
    wire.strike(refusal, lambda call: len(call.items) > 2, times=100)

    runs.push(plan, context)

    assert [len(call.items) for call in wire.sent("batch of create")][:2] == [6, 3]
    assert_exactly_once(world)
    assert_settled(world)


def test_one_poisonous_document_ends_alone(planned: Planned) -> None:
    """Whatever holds T-3 is unreadable to QuickBooks: T-3 is an Error with QuickBooks' words, the others are Synced."""
    world, wire, plan, context = planned
    wire.strike(fault("2010", "Can not read the request"), lambda call: b'"T-3"' in call.body and call.is_write, 100)

    runs.push(plan, context)

    assert_exactly_once(world, without=["T-3"])
    assert_settled(world, "Synced", "Error")
    assert world.status("inv-T-3") == ("Error", "refused")
    assert len(wire.sent("create Invoice")) >= 1


def test_a_batch_that_is_unknown_twice_goes_on_singly(planned: Planned) -> None:
    """Twice the connection is cut and nothing arrived: the third time each invoice travels alone."""
    world, wire, plan, context = planned
    wire.strike(mishaps.cut_before, "batch of create", times=2)

    runs.push(plan, context)

    batches = wire.sent("batch of create")
    assert [len(call.items) for call in batches] == [6, 6]
    assert len({call.request_id for call in batches}) == 1
    assert len(wire.sent("create Invoice")) == 6
    assert_exactly_once(world)
    assert_settled(world)


def _says_nothing_of_the_first(handler: Handler, call: Call) -> None:
    """The first item is not executed, and the answer leaves it out; the last is answered twice, one answer is nobody's."""
    answer = handler.forward(call, json.dumps({"BatchItemRequest": call.items[1:]}).encode())
    found = json.loads(answer.body)
    rest = found["BatchItemResponse"]
    found["BatchItemResponse"] = [*rest, rest[-1], {**rest[0], "bId": "nobody"}]
    handler.give(Answer(answer.status, answer.headers, json.dumps(found).encode()))


def test_what_an_answer_leaves_out_or_says_twice_is_looked_up(planned: Planned) -> None:
    """One item missing and not there, one doubled, one unknown: what is missing is sent alone, the doubled one is found."""
    world, wire, plan, context = planned
    wire.strike(_says_nothing_of_the_first, "batch of create")

    runs.push(plan, context)

    assert len(wire.sent("batch of create")) == 1
    assert len(wire.sent("create Invoice")) == 1
    assert_exactly_once(world)
    assert_settled(world)


def _with_swapped_answers(handler: Handler, call: Call) -> None:
    answer = handler.forward(call)
    found = json.loads(answer.body)
    first, second, *_ = found["BatchItemResponse"]
    first["bId"], second["bId"] = second["bId"], first["bId"]
    handler.give(Answer(answer.status, answer.headers, json.dumps(found).encode()))


def test_answers_under_the_wrong_name_are_noticed(planned: Planned) -> None:
    """Two answers of a batch are swapped: neither document is Synced as the other one, both differences are named."""
    world, wire, plan, context = planned
    wire.strike(_with_swapped_answers, "batch of create")

    runs.push(plan, context)

    assert_exactly_once(world)
    wrong = [billing_id for billing_id, shown in world.statuses().items() if shown == ("Error", "total_differs")]
    assert len(wrong) == 2


def test_a_number_that_is_taken_between_our_look_and_our_call_is_looked_at_again(planned: Planned) -> None:
    """Somebody enters T-3 at the last moment: 6140, the same look-up, already_in_qbo; the others go."""
    world, wire, plan, context = planned
    customer = world.sql("select qbo_id from qbo_sync.mappings where kind = 'customer'")[0][0]
    wire.strike(mishaps.meanwhile(lambda: enter(world, "T-3", "99.00", customer)), "batch of create")

    runs.push(plan, context)

    assert [one["TotalAmt"] for one in world.in_qbo("T-3")] == [99]
    assert len(world.in_qbo()) == 6
    assert world.status("inv-T-3") == ("Skipped", "already_in_qbo")
    assert_settled(world, "Synced", "Skipped")


def test_a_fault_to_a_repeat_proves_nothing(wired: tuple[World, Wire]) -> None:
    """The first sending was lost, its repeat meets a fault: no refusal; looked at again, and sent as a new decision."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1")
    wire.strike(mishaps.cut_before, "create Invoice")
    wire.strike(fault("6000", "A business validation error"), "create Invoice")

    world.run()

    first, repeat, last = (call.request_id for call in wire.sent("create Invoice"))
    assert first == repeat != last
    assert_exactly_once(world)
    assert_settled(world)


def test_a_batch_holds_a_megabyte_at_most(wired: tuple[World, Wire]) -> None:
    """Thirty invoices of long lines would make one batch of more: what does not fit goes with the next call."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.map("customer", "c1", add_customer(world, "Northwind Cafe"), "Northwind Cafe")
    lines = [{"amount": Decimal(position), "description": "x" * 4000} for position in range(1, 11)]
    world.invoice("T-0", lines=lines)
    copies_of_first(world, 29)

    world.run()

    sizes = [len(call.body) for call in wire.sent("batch of create")]
    assert len(sizes) == 2
    assert 500_000 < max(sizes) <= 1_000_000
    assert_exactly_once(world)
    assert_settled(world)


def of_another(handler: Handler, call: Call) -> None:
    """QuickBooks has done all of a batch, and answers the third item with the invoice that it made of the second."""
    answer = handler.forward(call)
    found = json.loads(answer.body)
    if call.items:
        items = found["BatchItemResponse"]
        items[2]["Invoice"] = items[1]["Invoice"]
    handler.give(Answer(answer.status, answer.headers, json.dumps(found).encode()))


def test_a_document_that_cannot_be_linked_ends_alone(planned: Planned) -> None:
    """QuickBooks answers T-2 with the id that it gave to T-1: T-2 is left to a look, the other five are stored as Synced."""
    world, wire, plan, context = planned
    wire.strike(of_another, "batch of create")

    counts = runs.push(plan, context)
    first, reasons = world.statuses(), world.reasons("inv-T-2")
    world.run()

    assert first.pop("inv-T-2") == ("Error", "ambiguous")
    assert set(first.values()) == {("Synced", "created")}
    assert "linked to billing document inv-T-1" in reasons["ambiguous"]
    assert (counts["Synced: created"], counts["Error: ambiguous"]) == (5, 1)
    assert_exactly_once(world)
    assert_settled(world)


def test_a_lost_sending_that_cannot_be_linked_holds_up_nobody(wired: tuple[World, Wire]) -> None:
    """What the Settler found is linked to another document by then: that one is left to a person, the push goes on."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    for number in range(3):
        world.invoice(f"T-{number}", amounts=(f"1{number}.00",))
    wire.strike(mishaps.cut_after, "batch of create")
    wire.strike(mishaps.meanwhile(lambda: link_by_hand(world, "T-1")), lambda call: call.kind == "cdc")

    world.run()

    assert world.status("inv-T-1") == ("Error", "ambiguous")
    assert [world.status(f"inv-T-{number}")[0] for number in (0, 2)] == ["Synced", "Synced"]
    assert "by-hand" in world.reasons("inv-T-1")["ambiguous"]
    assert world.sql("select doc_number from qbo_sync.plan_items where state in ('sending', 'unknown')") == []


def link_by_hand(world: World, number: str) -> None:
    """Somebody links the one invoice of this number to another billing document, past our lock."""
    (held,) = world.in_qbo(number)
    world.sql(
        "insert into qbo_sync.links (realm, environment, source, kind, billing_id, entity, qbo_id, sync_token, answer, origin,"
        " written_at) select id, environment, 'billing_db', 'invoice', 'by-hand', 'Invoice', %s, '0', '{}', 'adopted', now()"
        " from qbo_sync.realms",
        held["Id"],
    )
