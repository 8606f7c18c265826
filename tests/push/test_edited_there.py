"""What people changed in QuickBooks is never overwritten, and what only looks like a change is none (rule 7)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from demo.runner.postgres import EmbeddedPostgres
from include.wiring import runs
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.people import do, edit, receive
from tests.push.stage import copy_of, state_at
from tests.push.wire import Wire
from tests.world import World


@pytest.fixture
def pushed(world: World) -> World:
    """A world with three invoices in QuickBooks."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    for number in range(3):
        world.invoice(f"T-{number}", amounts=("10.00",))
    world.run()
    return world


def detail(world: World, number: str) -> str:
    """What the user reads about a document."""
    ((text,),) = world.sql("select detail from qbo_sync.statuses where doc_number = %s", number)
    return str(text)


@pytest.mark.parametrize("recopy", [False, True])
def test_an_edit_in_quickbooks_is_never_overwritten(pushed: World, recopy: bool) -> None:
    """The accountant changed memo and amount, billing changed too: both values are shown, QuickBooks keeps the accountant's."""
    line = {"Amount": 12, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    edit(pushed, "T-0", PrivateNote="agreed on the phone", Line=[line])
    before = pushed.in_qbo("T-0")

    pushed.change("inv-T-0", "15.00")
    pushed.change("inv-T-1", "15.00")
    pushed.run(recopy=recopy)
    pushed.run(recopy=recopy)

    assert pushed.in_qbo("T-0") == before
    assert pushed.status("inv-T-0") == ("Skipped", "edited_in_qbo")
    for value in ("Ref inv-T-0", "agreed on the phone", "10", "12"):
        assert value in detail(pushed, "T-0")
    assert [Decimal(str(one["TotalAmt"])) for one in pushed.in_qbo("T-1")] == [Decimal(15)]
    assert pushed.status("inv-T-1")[0] == "Synced"


def test_undoing_the_edit_lets_the_change_through(pushed: World) -> None:
    """The accountant puts back what was ours: the next run writes billing's change."""
    edit(pushed, "T-0", PrivateNote="agreed on the phone")
    pushed.change("inv-T-0", "15.00")
    pushed.run()
    assert pushed.status("inv-T-0") == ("Skipped", "edited_in_qbo")

    edit(pushed, "T-0", PrivateNote="Ref inv-T-0")
    pushed.run()

    assert_exactly_once(pushed)
    assert_settled(pushed)


def test_a_payment_is_no_edit(pushed: World) -> None:
    """A payment raised the version of the invoice: billing's change is written, and the payment stays applied."""
    receive(pushed, "T-0", "4.00")

    pushed.change("inv-T-0", "15.00")
    pushed.run()

    (held,) = pushed.in_qbo("T-0")
    assert (held["TotalAmt"], held["Balance"]) == (15, 11)
    assert pushed.status("inv-T-0") == ("Synced", "updated")
    assert_exactly_once(pushed)


def test_a_field_that_is_not_ours_is_no_edit_and_stays(pushed: World) -> None:
    """The accountant wrote a message to the customer: billing's change is written beside it."""
    edit(pushed, "T-0", CustomerMemo={"value": "Thank you"})

    pushed.change("inv-T-0", "15.00")
    pushed.run()

    (held,) = pushed.in_qbo("T-0")
    assert held["CustomerMemo"] == {"value": "Thank you"}
    assert_exactly_once(pushed)
    assert_settled(pushed)


def test_an_edit_between_our_reading_and_our_writing_is_seen(wired: tuple[World, Wire]) -> None:
    """A payment made us read, and before our second sending the accountant edits: nothing is overwritten."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    world.invoice("T-0", amounts=("10.00",))
    world.run()
    receive(world, "T-0", "4.00")
    world.change("inv-T-0", "15.00")
    plan, context = world.prepare()
    wire.strike(lambda handler, call: handler.give(handler.forward(call)), "update Invoice")
    wire.strike(mishaps.meanwhile(lambda: edit(world, "T-0", PrivateNote="mine")), "update Invoice")

    runs.push(plan, context)

    (held,) = world.in_qbo("T-0")
    assert (held["PrivateNote"], held["TotalAmt"]) == ("mine", 10)
    assert world.status("inv-T-0") == ("Skipped", "edited_in_qbo")


def test_a_void_in_quickbooks_is_not_revived(pushed: World) -> None:
    """The accountant voided the invoice: billing's change does not bring the amounts back."""
    do(pushed, "void", "T-0")
    before = pushed.in_qbo("T-0")

    pushed.change("inv-T-0", "15.00")
    pushed.run()

    assert pushed.in_qbo("T-0") == before
    assert pushed.status("inv-T-0") == ("Skipped", "edited_in_qbo")


def test_our_own_update_that_our_state_forgot_is_adopted(pushed: World, pg: EmbeddedPostgres) -> None:
    """Our state of before the update: the same change is called out of date (5010), found there, and not written twice."""
    backup = copy_of(pg, pushed.dsn)
    pushed.change("inv-T-0", "15.00")
    pushed.run()
    before = pushed.in_qbo()

    with state_at(backup):
        restored = World(backup, pushed.qbo, pushed.mappings)
        restored.change("inv-T-0", "15.00")
        restored.run()

    assert pushed.in_qbo() == before
    assert restored.status("inv-T-0") == ("Synced", "updated")
    assert_exactly_once(restored)
    assert_settled(restored)


def test_there_and_back_again_in_billing_arrives_as_three_writes(pushed: World) -> None:
    """10, then 20, then 10: QuickBooks held each of them, as three versions of one invoice."""
    pushed.change("inv-T-0", "20.00")
    pushed.run()
    pushed.change("inv-T-0", "10.00")
    pushed.run()

    written = pushed.sql(
        "select total from qbo_sync.attempts where event = 'answered' and billing_id = 'inv-T-0' order by at, id"
    )
    (held,) = pushed.in_qbo("T-0")
    assert [row[0] for row in written] == [10, 20, 10]
    assert held["SyncToken"] == "2"
    assert_exactly_once(pushed)
    assert_settled(pushed)


def lose_and_edit(world: World, wire: Wire, **changes: object) -> None:
    """T-0 is created and the answer lost; before anybody looks, the accountant edits what was made."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    world.invoice("T-0", amounts=("10.00",))
    wire.strike(mishaps.cut_after, "create Invoice")
    first_look = mishaps.meanwhile(lambda: edit(world, "T-0", **changes))
    wire.strike(first_look, lambda call: call.kind == "query" and "create Invoice" in wire.struck)
    world.run()
    assert wire.struck == ["create Invoice", "query"]


@pytest.mark.parametrize(
    "changes",
    [
        {"PrivateNote": "agreed on the phone"},
        {"Line": [{"Amount": 10, "Description": "Advice", "DetailType": "SalesItemLineDetail",
                   "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}]},
    ],
)  # fmt: skip
def test_an_edit_before_a_lost_create_is_found_is_not_overwritten(
    wired: tuple[World, Wire], changes: dict[str, object]
) -> None:
    """What was found is linked with what was meant, so that billing's next change meets the edit and stops."""
    world, wire = wired
    lose_and_edit(world, wire, **changes)
    found, edited = world.status("inv-T-0"), world.in_qbo("T-0")

    world.change("inv-T-0", "15.00")
    world.run()

    assert found[0] == "Synced"
    assert world.in_qbo("T-0") == edited
    assert world.status("inv-T-0") == ("Skipped", "edited_in_qbo")
    assert str(next(iter(changes.values())))[:20] in detail(world, "T-0") or "Advice" in detail(world, "T-0")


def test_a_payment_before_a_lost_create_is_found_is_no_edit(wired: tuple[World, Wire]) -> None:
    """Its version moved on, and what we sent stands: billing's next change is written."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    world.invoice("T-0", amounts=("10.00",))
    wire.strike(mishaps.cut_after, "create Invoice")
    wire.strike(mishaps.meanwhile(lambda: receive(world, "T-0", "4.00")),
                lambda call: call.kind == "query" and "create Invoice" in wire.struck)  # fmt: skip
    world.run()
    found, told = world.status("inv-T-0"), detail(world, "T-0")

    world.change("inv-T-0", "15.00")
    world.run()

    assert found == ("Synced", "created")
    assert "edited" not in told
    (held,) = world.in_qbo("T-0")
    assert (held["TotalAmt"], held["Balance"]) == (15, 11)
    assert world.status("inv-T-0") == ("Synced", "updated")


def test_an_edit_of_what_a_forgotten_sending_made_is_not_overwritten(pushed: World) -> None:
    """Our links are lost and the audit is not; what was edited meanwhile is adopted, and never written over."""
    pushed.sql("delete from qbo_sync.links where kind = 'invoice'")
    edit(pushed, "T-0", PrivateNote="agreed on the phone")
    before = pushed.in_qbo("T-0")

    pushed.run()
    adopted = pushed.status("inv-T-0")
    pushed.run()

    assert adopted == ("Synced", "adopted")
    assert pushed.in_qbo("T-0") == before
    assert pushed.status("inv-T-0") == ("Skipped", "edited_in_qbo")
    assert {pushed.status(f"inv-T-{number}")[0] for number in (1, 2)} == {"Synced"}
