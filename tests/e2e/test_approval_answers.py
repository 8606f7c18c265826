"""What becomes of an answer to the approval, as Airflow hands it to the task that it resumes."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from include.billing_sync.reasons import CATALOGUE
from include.stores.plans import PlanError
from include.wiring import approvals, runs
from include.wiring.approval import PlanApproval
from tests.world import World


def event(option: str, name: str | None) -> dict[str, Any]:
    """A response as the api-server writes it, or, without a name, what the scheduler writes once the time is over."""
    user = {"id": name, "name": name} if name else None
    return {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": datetime.now(UTC),
        "responded_by_user": user,
        "timedout": name is None,
    }


@pytest.fixture
def plan(world: World) -> dict[str, Any]:
    """A plan of one invoice that waits for a person."""
    world.invoice("T-1")
    planned, _ = world.prepare(mode="push_after_approval")
    assert planned["asks"]
    return planned


def test_the_question_names_company_money_customers_and_what_stays_out(world: World) -> None:
    """Totals with their currency and one for all, each row with its customer, and the meaning of what is not written."""
    held = world.invoice("T-1", amounts=("40.00",))
    world.run(invoice_numbers=["T-1"])
    world.change(held, "44.00")
    world.invoice("T-2", amounts=("1234.50",))
    world.invoice("T-3", customer_id="nobody", amounts=("7.00",))
    planned, _ = world.prepare(mode="push_after_approval", from_date="2026-10-01", to_date="2026-10-31")

    asked = approvals.question(planned)

    assert asked is not None
    assert asked.subject == "Push 2 documents of demo to QuickBooks?"
    head, *_ = asked.body.splitlines()
    assert head.endswith(f"plan **{planned['plan_id']}** · invoices dated 2026-10-01 to 2026-10-31 · nothing is mailed")
    for line in (
        "| create | 1 | 1,234.50 USD |",
        "| update | 1 | 44.00 USD |",
        "| all that is written | 2 | 1,278.50 USD |",
        f"| Skipped | {CATALOGUE['customer_unmapped'].text} | 1 | 7.00 USD |",
        "| T-2 | 2026-10-05 | Northwind Cafe | create | 1,234.50 USD | not in QuickBooks yet |",
        "| T-1 | 2026-10-05 | Northwind Cafe | update | 44.00 USD |"
        " content changed in billing; line 1 Amount: 40.00 → 44.00 |",
    ):
        assert line in asked.body.splitlines(), asked.body


def decision(world: World) -> tuple[str, str]:
    """What stands in the plan, and who decided it."""
    return world.sql("select decision, decided_by from qbo_sync.plans")[0]


def test_no_answer_in_time_is_a_rejection(world: World, plan: dict[str, Any]) -> None:
    """Airflow answers with the default when the time is over: nothing is pushed, and nobody is named as the one who decided."""
    task = PlanApproval(task_id="approve", plan=plan)

    handed_on = task.execute_complete({}, event(task.defaults[0], None))
    runs.push(handed_on, world.context("manual__1"))

    assert decision(world) == ("rejected", "nobody answered in time")
    assert world.in_qbo() == []


def test_a_no_is_seen_at_once_in_the_status_of_the_documents(world: World, plan: dict[str, Any]) -> None:
    """Nothing stays pending that nobody will push: Skipped needs_approval, with the decision; a later run may take it again."""
    PlanApproval(task_id="approve", plan=plan).execute_complete({}, event("Reject", "ann"))

    shown = world.sql("select status, reason, detail from qbo_sync.document_status where billing_id = 'inv-T-1'")
    assert shown == [("Skipped", "needs_approval", f"plan {plan['plan_id']} was rejected (ann)")]

    world.run()
    assert world.status("inv-T-1") == ("Synced", "created")


def test_a_yes_is_stored_with_who_said_it(world: World, plan: dict[str, Any]) -> None:
    """The plan keeps the decision, and the push obeys it."""
    handed_on = PlanApproval(task_id="approve", plan=plan).execute_complete({}, event(approvals.button(plan), "ann"))
    runs.push(handed_on, world.context("manual__1"))

    assert decision(world) == ("approved", "ann")
    assert len(world.in_qbo("T-1")) == 1


def test_a_yes_to_another_plan_is_no_yes(world: World, plan: dict[str, Any]) -> None:
    """The button of an earlier question names an earlier plan."""
    PlanApproval(task_id="approve", plan=plan).execute_complete({}, event(f"Approve plan {plan['plan_id'] - 1}", "ann"))

    assert decision(world) == ("rejected", "ann")


@pytest.mark.parametrize(("pressed", "pushed"), [("the old button", set()), ("the new one", {"T-1", "T-2"})])
def test_a_yes_is_to_the_plan_as_it_was_shown(world: World, pressed: str, pushed: set[str]) -> None:
    """A mapping is mended and `check` cleared while the task asks: the plan keeps its number, and the old button is no yes."""
    world.invoice("T-1")
    world.invoice("T-2", lines=[{"amount": Decimal("99.00"), "category": "rental"}])
    context = world.context("manual__1", params={"mode": "push_after_approval"})
    extracted = runs.extract("demo", context)
    first = runs.plan(runs.check(extracted, context), context)
    shown = approvals.question(first)
    world.map("category", "rental", "1", "Services")
    again = runs.plan(runs.check(extracted, context), context)
    asked = approvals.question(again)
    assert shown is not None
    assert asked is not None

    button = shown.button if pressed == "the old button" else asked.button
    runs.push(PlanApproval(task_id="approve", plan=again).execute_complete({}, event(button, "ann")), context)

    assert first["plan_id"] == again["plan_id"]
    assert (shown.button, asked.button) == (
        f"Approve plan {first['plan_id']}", f"Approve plan {first['plan_id']}, version 2"
    )  # fmt: skip
    assert "version 2" in asked.body.splitlines()[0]
    assert {one["DocNumber"] for one in world.in_qbo()} == pushed


def test_a_yes_to_a_plan_that_was_replaced_approves_nothing(world: World) -> None:
    """The run was planned anew while somebody looked at its first plan: that yes is refused, and the new plan still waits."""
    world.invoice("T-1")
    first, _ = world.prepare(run_id="manual__1", mode="push_after_approval")
    world.change("inv-T-1", "900.00")
    second, context = world.prepare(run_id="manual__1", mode="push_after_approval")

    with pytest.raises(PlanError, match="waits for no decision any more"):
        PlanApproval(task_id="approve", plan=first).execute_complete({}, event(approvals.button(first), "ann"))
    for plan, why in ((first, "superseded"), (second, "was not decided on")):
        with pytest.raises(PlanError, match=why):
            runs.push(plan, context)

    assert world.in_qbo() == []


def test_a_yes_lets_the_changes_go_that_waited_for_it(world: World) -> None:
    """More changes of pushed invoices than may go without a yes: all of them wait, and go once it was said."""
    world.settings(updates_without_approval=0, locked_before="off")
    world.invoice("T-1")
    world.run()
    world.change("inv-T-1", "900.00")
    plan, context = world.prepare()
    assert plan["asks"]

    runs.push(
        PlanApproval(task_id="approve", plan=plan).execute_complete({}, event(approvals.button(plan), "ann")),
        context,
    )

    assert [one["TotalAmt"] for one in world.in_qbo("T-1")] == [900]


def test_a_scheduled_run_leaves_too_many_changes_to_a_person_and_does_the_rest(world: World) -> None:
    """Nobody is there to ask: the change waits with its reason, the new invoice goes, and the next run asks nobody either."""
    world.settings(updates_without_approval=0, locked_before="off")
    world.invoice("T-1")
    world.sync()
    world.change("inv-T-1", "900.00")
    world.invoice("T-2")

    counts = [world.sync()["sent"], world.sync()["sent"]]

    assert counts == [1, 0]
    assert {one["DocNumber"]: one["TotalAmt"] for one in world.in_qbo()} == {"T-1": 100, "T-2": 100}
    assert world.statuses() == {"inv-T-1": ("Skipped", "needs_approval"), "inv-T-2": ("Synced", "created")}


@pytest.mark.parametrize("kind", ["scheduled", "backfill", "operator_triggered"])
def test_a_run_that_nobody_started_holds_nothing_up_for_an_answer(world: World, kind: str) -> None:
    """Neither what is held nor the setting makes it wait, for the night would end in a rejection of everything."""
    world.settings(updates_without_approval=0, locked_before="off", approval="on")
    world.invoice("T-1")
    world.run(kind=kind)
    world.change("inv-T-1", "900.00")
    world.invoice("T-2")

    world.run(kind=kind)

    assert world.statuses() == {"inv-T-1": ("Skipped", "needs_approval"), "inv-T-2": ("Synced", "created")}


def test_a_repeat_of_the_task_after_the_answer_asks_nobody_again(world: World, plan: dict[str, Any]) -> None:
    """A worker that died between the decision and the end of the task: the next try hands the plan on."""
    task = PlanApproval(task_id="approve", plan=plan)
    task.execute_complete({}, event(approvals.button(plan), "ann"))

    assert task.execute({}) == plan
