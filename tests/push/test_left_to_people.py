"""What a person was asked about, or said no to, is not written by a schedule in the meantime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.stores.attempts_care import tidy
from include.stores.plans import NOBODY
from include.wiring import approvals, connections, runs
from tests.world import World

Asked = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture
def asked(world: World) -> Asked:
    """A plan of T-1 that waits for an answer, with its context, after a first run of the auto-sync."""
    world.invoice("T-0")
    world.sync()
    world.invoice("T-1")
    return world.prepare(mode="push_after_approval", invoice_numbers=["T-1"])


def unattended(world: World) -> set[str]:
    """The numbers in QuickBooks after all that runs by itself: the hour, the night, *Sync now*, and the daily export."""
    world.sync()
    world.sync(everything=True)
    world.sync(kind="manual")
    world.run(kind="scheduled")
    return {one["DocNumber"] for one in world.in_qbo()}


def test_what_waits_for_an_answer_is_written_by_nobody_else(world: World, asked: Asked) -> None:
    """Somebody looks at the question while the schedules go on: they leave its documents, and the yes pushes them."""
    plan, context = asked
    world.invoice("T-2")

    meanwhile = unattended(world)
    approvals.decide(plan, is_approved=True, by="ann")
    runs.push(plan, context)

    assert meanwhile == {"T-0", "T-2"}
    assert {one["DocNumber"] for one in world.in_qbo()} == {"T-0", "T-1", "T-2"}
    assert set(world.statuses().values()) <= {("Synced", "created"), ("Synced", "unchanged")}


def test_what_a_person_rejected_stays_out_until_billing_changes_it(world: World, asked: Asked) -> None:
    """A no holds for the content that was shown: its status goes on saying so, and new content goes its usual way."""
    approvals.decide(asked[0], is_approved=False, by="ann")

    rejected = unattended(world)
    said = world.status("inv-T-1")
    world.change("inv-T-1", "101.00")
    changed = unattended(world)

    assert rejected == {"T-0"}
    assert said == ("Skipped", "needs_approval")
    assert changed == {"T-0", "T-1"}


def test_a_no_outlives_the_plans_that_are_cleared_away(world: World, asked: Asked) -> None:
    """Old plans of which nothing was sent are deleted; one whose no still holds is kept, and one that nobody needs goes."""
    plan = asked[0]["plan_id"]
    approvals.decide(asked[0], is_approved=False, by="ann")
    old = "update qbo_sync.plans set created_at = now() - interval '60 days', expires_at = now() - interval '53 days'"
    world.sql(f"{old} where id = %s", plan)
    with connections.connect_state() as state:
        tidy(state, datetime.now(UTC), timedelta(days=35))

    kept = unattended(world)
    world.change("inv-T-1", "101.00")
    world.sync()
    with connections.connect_state() as state:
        tidy(state, datetime.now(UTC), timedelta(days=35))

    assert kept == {"T-0"}
    assert world.status("inv-T-1") == ("Synced", "created")
    assert world.sql("select 1 from qbo_sync.plans where id = %s", plan) == []


def test_a_no_to_a_change_is_none_to_the_void_that_comes_after_it(world: World) -> None:
    """Billing takes back what it had changed: that was never shown to anybody, and goes its usual way."""
    world.settings(voided_in_billing="void", locked_before="off")
    world.invoice("T-1")
    world.sync()
    world.change("inv-T-1", "900.00")
    approvals.decide(world.prepare(mode="push_after_approval")[0], is_approved=False, by="ann")
    unchanged = [one["TotalAmt"] for one in world.in_qbo() if unattended(world)]
    world.sql("update billing.invoices set status = 'void', updated_at = clock_timestamp()")

    unattended(world)

    assert unchanged == [100]
    assert [one["TotalAmt"] for one in world.in_qbo()] == [0]


def test_a_no_to_a_mail_stands_where_the_company_mails_everything(world: World) -> None:
    """The invoice went before that was the setting; what was not to be mailed is mailed by no schedule either."""
    world.invoice("T-1", billing_email="ann@example.com")
    world.sync()
    world.settings(send="send")
    plan, _ = world.prepare(mode="push_after_approval")
    approvals.decide(plan, is_approved=False, by="ann")

    unattended(world)
    kept = [one["EmailStatus"] for one in world.in_qbo()]
    world.run(invoice_numbers=["T-1"])

    assert kept == ["NotSet"]
    assert [one["EmailStatus"] for one in world.in_qbo()] == ["EmailSent"]


def test_a_no_to_a_void_stands_until_billing_opens_the_document_again(world: World) -> None:
    """What was to be taken back and was kept by a person is kept; opened again it is as it was."""
    world.settings(voided_in_billing="void", locked_before="off")
    world.invoice("T-1")
    world.sync()
    world.sql("update billing.invoices set status = 'void', updated_at = clock_timestamp()")
    approvals.decide(world.prepare(mode="push_after_approval")[0], is_approved=False, by="ann")

    unattended(world)
    kept = [one["TotalAmt"] for one in world.in_qbo()]
    world.sql("update billing.invoices set status = 'open', updated_at = clock_timestamp()")
    unattended(world)

    assert kept == [100]
    assert world.status("inv-T-1") == ("Synced", "unchanged")


@pytest.mark.parametrize("kind", ["manual", "backfill", "operator_triggered"])
def test_whoever_asks_for_a_rejected_document_gets_it(world: World, asked: Asked, kind: str) -> None:
    """A push that somebody starts for it is a decision of its own."""
    approvals.decide(asked[0], is_approved=False, by="ann")

    world.run(kind=kind, invoice_numbers=["T-1"])

    assert len(world.in_qbo("T-1")) == 1


@pytest.mark.parametrize("how", ["nobody answered", "the run is gone"])
def test_a_question_that_nobody_answers_holds_nothing_up_for_good(world: World, asked: Asked, how: str) -> None:
    """After a day without an answer the schedules go on as if nobody had been asked."""
    plan = asked[0]["plan_id"]
    if how == "nobody answered":
        approvals.decide(asked[0], is_approved=False, by=NOBODY)
    else:
        world.sql("update qbo_sync.plans set planned_at = planned_at - interval '25 hours' where id = %s", plan)

    assert unattended(world) == {"T-0", "T-1"}
