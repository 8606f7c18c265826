"""QuickBooks mails a document once, or a person is asked; until then it is Synced and not yet sent (rule 11)."""

from __future__ import annotations

import pytest

from include.wiring import runs
from tests.push import wire as mishaps
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.wire import Mishap, Wire, fault
from tests.world import World


@pytest.fixture
def mailing(wired: tuple[World, Wire]) -> tuple[World, Wire]:
    """An invoice with an address to which it shall be mailed."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1", billing_email="ap@cafe.example")
    return world, wire


def mailed(world: World) -> int:
    """How often QuickBooks mailed something."""
    return len([entry for entry in world.qbo.journal(path="/send") if entry["status"] == 200])


@pytest.mark.parametrize("mishap", [mishaps.cut_after, mishaps.bad_gateway_after])
def test_a_mail_whose_answer_was_lost_is_settled_by_what_quickbooks_shows(
    mailing: tuple[World, Wire], mishap: Mishap
) -> None:
    """It was mailed, and EmailStatus and the time of delivery say so: done, and never mailed again."""
    world, wire = mailing
    wire.strike(mishap, "send Invoice")

    world.run(delivery="send")
    world.run(delivery="send")

    assert mailed(world) == 1
    assert world.status("inv-T-1")[0] == "Synced"
    assert world.status("inv-T-1")[1] not in {"send_unknown", "not_yet_sent"}
    assert_exactly_once(world)
    assert_settled(world)


def test_a_mail_of_which_quickbooks_shows_nothing_is_for_a_person(mailing: tuple[World, Wire]) -> None:
    """The connection was cut: send_unknown, and no run mails it by itself; its number in the form does."""
    world, wire = mailing
    wire.strike(mishaps.cut_before, "send Invoice")

    world.run(delivery="send")
    shown = world.status("inv-T-1")
    world.run(delivery="send")
    world.run(kind="scheduled", delivery="send")
    by_itself = mailed(world)
    world.run(delivery="send", invoice_numbers=["T-1"])

    assert shown == ("Synced", "send_unknown")
    assert by_itself == 0
    assert mailed(world) == 1
    assert_exactly_once(world)
    assert_settled(world)


def test_an_earlier_mail_by_hand_is_not_taken_for_ours(mailing: tuple[World, Wire]) -> None:
    """The accountant mailed it long before our lost sending: that proves nothing of ours, so a person is asked."""
    world, wire = mailing
    world.run()
    (held,) = world.in_qbo("T-1")
    world.qbo.clock(advance=-3600)
    world.qbo.act("send", entity="Invoice", id=held["Id"], to="ap@cafe.example")
    world.qbo.clock(advance=3600)
    wire.strike(mishaps.cut_before, "send Invoice")

    world.run(delivery="send")

    assert world.status("inv-T-1") == ("Synced", "send_unknown")


def test_until_it_is_mailed_the_document_is_synced_and_says_that_it_waits(mailing: tuple[World, Wire]) -> None:
    """Between the create and the mail the user reads Synced, not_yet_sent."""
    world, wire = mailing
    seen: list[tuple[str, str]] = []
    wire.strike(mishaps.meanwhile(lambda: seen.append(world.status("inv-T-1"))), "send Invoice")

    world.run(delivery="send")

    assert seen == [("Synced", "not_yet_sent")]
    assert mailed(world) == 1
    assert world.status("inv-T-1")[0] == "Synced"


def test_a_mail_that_quickbooks_refuses_leaves_the_document_synced(mailing: tuple[World, Wire]) -> None:
    """QuickBooks will not send to this address: the invoice is there, and the reason is shown."""
    world, wire = mailing
    wire.strike(fault("2210", "Invalid Email Address"), "send Invoice")

    world.run(delivery="send")

    assert world.status("inv-T-1") == ("Synced", "copied_not_sent")
    assert_exactly_once(world)


def test_an_address_that_billing_takes_away_is_named_while_quickbooks_has_it(mailing: tuple[World, Wire]) -> None:
    """A person may have typed it there, so it is not removed: the invoice is Synced, and the warning shows the address."""
    world, _ = mailing
    world.run(delivery="send")
    world.sql("update billing.invoices set billing_email = null")

    world.run(delivery="send")

    assert world.status("inv-T-1") == ("Synced", "copied_not_sent")
    assert world.reasons("inv-T-1")["copied_not_sent"].endswith("QuickBooks still has the address ap@cafe.example")
    assert mailed(world) == 1


@pytest.mark.parametrize("address", [None, "  ", "ap@cafe", "a@b.example, c@d.example"])
def test_an_address_that_can_no_longer_be_used_at_the_push_is_not_mailed_to(
    mailing: tuple[World, Wire], address: str | None
) -> None:
    """Billing emptied or spoilt it after the plan: QuickBooks is not asked to mail, and the reason is shown."""
    world, wire = mailing
    world.run()
    plan, context = world.prepare(delivery="send")
    world.sql("update billing.invoices set billing_email = %s", address)

    runs.push(plan, context)

    assert world.status("inv-T-1") == ("Synced", "copied_not_sent")
    assert [call for call in wire.calls if call.kind == "send Invoice"] == []
    assert world.in_qbo("T-1")[0]["EmailStatus"] == "NotSet"


def test_an_address_that_billing_corrects_after_the_plan_is_the_one_mailed_to(mailing: tuple[World, Wire]) -> None:
    """It is read again before the mail: QuickBooks mails to the new one."""
    world, _ = mailing
    world.run()
    plan, context = world.prepare(delivery="send")
    world.sql("update billing.invoices set billing_email = ' office@cafe.example '")

    runs.push(plan, context)

    assert mailed(world) == 1
    assert world.in_qbo("T-1")[0]["BillEmail"]["Address"] == "office@cafe.example"


def test_a_push_that_stops_before_the_mail_sends_it_next_time(mailing: tuple[World, Wire]) -> None:
    """The plan is pushed again after QuickBooks could not be asked: one invoice, one mail."""
    world, wire = mailing
    plan, context = world.prepare(delivery="send")
    wire.strike(fault("6190", "Invalid Company Status"), "send Invoice")

    with pytest.raises(RuntimeError):
        runs.push(plan, context)
    waiting = world.status("inv-T-1")
    runs.push(plan, context)

    assert waiting == ("Synced", "not_yet_sent")
    assert mailed(world) == 1
    assert_exactly_once(world)


def test_two_runs_that_planned_the_same_mail_send_it_once(mailing: tuple[World, Wire]) -> None:
    """Both plans were made before either was pushed: the customer gets one mail, and the document stays Synced."""
    world, _ = mailing
    world.run()
    plans = [world.prepare(delivery="send"), world.prepare(delivery="send")]

    for plan in plans:
        runs.push(*plan)

    assert mailed(world) == 1
    assert world.status("inv-T-1")[0] == "Synced"
    assert_exactly_once(world)
    assert_settled(world)
