"""Kill the tasks before the push at every step: Airflow repeats them, and the plan holds each invoice once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from include.stores.plans import PlanError
from include.wiring import approvals, runs
from include.wiring.realms import open_realm
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.mortal import do_and_die
from tests.world import World

# Python 3.12 warns of fork in a process with threads; the child here only works and ends.
pytestmark = pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")


def _killed_and_repeated(task: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Let a task die at each of its steps in turn, and repeat it until it gets through; returns what it hands on."""
    assert do_and_die(task)
    return task()


@pytest.mark.parametrize("extract", [runs.extract, runs.extract_changes])
def test_a_run_killed_at_every_step_before_its_push_pushes_each_invoice_once(
    world: World, extract: Callable[[str, Mapping[str, Any]], dict[str, Any]]
) -> None:
    """New, changed, voided and refused invoices: extract, check and plan die at each step and are repeated."""
    world.settings(voided_in_billing="void", locked_before="off")
    for number in ("T-u1", "T-u2", "T-v1"):
        world.invoice(number)
    world.sync()
    world.change("inv-T-u1", "11.00")
    world.change("inv-T-u2", "12.00")
    world.sql("update billing.invoices set status = 'void' where doc_number = 'T-v1'")
    world.customer("n1", "New customer")
    for number in range(8):
        world.invoice(f"T-c{number}", amounts=("1.00", f"{number}.25"), customer_id="n1")
    world.invoice("T-e1", amounts=("-5.00",))
    context = world.context("scheduled__killed", "scheduled")
    context["dag_run"].dag_id = "qbo_auto_sync"

    extracted = _killed_and_repeated(lambda: extract(world.realm_key, context))
    checked = _killed_and_repeated(lambda: runs.check(extracted, context))
    plan = _killed_and_repeated(lambda: runs.plan(checked, context))
    runs.push(plan, context)

    assert plan["writes"] == 11
    assert_exactly_once(world, without=["T-e1"], voided=["T-v1"])
    assert_settled(world, "Synced", "Error")
    assert world.status("inv-T-e1") == ("Error", "negative_subtotal")


def test_a_plan_that_was_pushed_is_not_made_again(world: World) -> None:
    """Clearing the plan task after the push is refused with the cure, and what was sent stays recorded."""
    world.invoice("T-1")
    plan, context = world.prepare()
    runs.push(plan, context)
    before = world.sql("select * from qbo_sync.plan_items")

    with pytest.raises(PlanError, match="clear the extract task of this run"):
        runs.plan(plan, context)

    assert world.sql("select * from qbo_sync.plan_items") == before
    assert_exactly_once(world)


@pytest.mark.parametrize("meanwhile", ["rejected", "approved", "pushed", "superseded"])
def test_a_planner_that_wakes_up_late_touches_no_plan_that_went_on_without_it(world: World, meanwhile: str) -> None:
    """Airflow gave its process up and started another: a person has decided since, or the run began anew; that stands."""
    world.invoice("T-1")
    plan, context = world.prepare(run_id="manual__1", mode="push_after_approval")
    if meanwhile == "superseded":
        world.prepare(run_id="manual__1")
    else:
        approvals.decide(plan, is_approved=meanwhile != "rejected", by="ann")
    if meanwhile == "pushed":
        runs.push(plan, context)
    told = "select state, decision, decided_by, totals, made_from from qbo_sync.plans where id = %s"
    before = world.sql(told, plan["plan_id"])

    with open_realm("demo") as realm, pytest.raises(PlanError, match="went on without this try"):
        realm.plans().finish(plan["plan_id"], totals={}, decision="not_needed", made_from=None)

    assert world.sql(told, plan["plan_id"]) == before
