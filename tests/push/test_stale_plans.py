"""What changed between plan and push is not sent as it was planned: it is planned anew, and the rest goes (rule 3)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from include.stores.plans import PlanError
from include.wiring import runs
from tests.push.audit import assert_exactly_once, assert_settled
from tests.push.conftest import FAST, LIMITS
from tests.push.people import add_customer
from tests.world import World

STALE = ("Pending", "stale_plan")
OTHER_ITEM = ("2", "Hours")
KINDS = ("same", "content", "draft", "void", "gone", "opted", "item", "customer", "closed")


def fill(world: World) -> str:
    """One invoice for each kind of change; a category and a customer are mapped by hand. Returns another customer's id."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    first, second = (add_customer(world, name) for name in ("First of two", "Second of two"))
    world.customer("c2", "Two")
    world.map("customer", "c2", first, "First of two")
    world.map("category", "rental", "1", "Services")
    for kind in KINDS:
        world.invoice(
            f"T-{kind}",
            customer_id="c2" if kind == "customer" else "c1",
            day="2026-09-30" if kind == "closed" else "2026-10-05",
            lines=[{"amount": Decimal(10), "category": "rental" if kind == "item" else "recurring"}],
        )
    return second


def change_everything(world: World, customer: str) -> None:
    """Each invoice but one is changed, each in another way."""
    world.change("inv-T-content", "77.00")
    world.sql("update billing.invoices set status = 'draft' where invoice_id = 'inv-T-draft'")
    world.sql("update billing.invoices set status = 'void' where invoice_id = 'inv-T-void'")
    world.sql("delete from billing.invoice_lines where invoice_id = 'inv-T-gone'")
    world.sql("delete from billing.invoices where invoice_id = 'inv-T-gone'")
    world.sql("update billing.invoices set is_opted_out = true where invoice_id = 'inv-T-opted'")
    world.map("category", "rental", *OTHER_ITEM)
    world.map("customer", "c2", customer, "Second of two")
    world.qbo.preferences(BookCloseDate="2026-09-30")
    world.refresh()


def totals(world: World) -> dict[str, Decimal]:
    """What QuickBooks holds, by number."""
    return {one["DocNumber"]: Decimal(str(one["TotalAmt"])) for one in world.in_qbo()}


def sendings(world: World, kind: str) -> int:
    """How often an invoice was sent."""
    ((count,),) = world.sql(
        "select count(*) from qbo_sync.attempts where event = 'sent' and billing_id = %s", f"inv-T-{kind}"
    )
    return int(count)


def assert_all_stale_but_same(world: World, status: str, sent_before: int) -> None:
    """What changed waits for a new plan, the closed one is Skipped, the unchanged one arrived; nothing else was sent."""
    assert {kind: sendings(world, kind) - sent_before for kind in KINDS} == {kind: kind == "same" for kind in KINDS}
    shown = {kind: world.status(f"inv-T-{kind}") for kind in KINDS}
    assert shown.pop("same") == ("Synced", status)
    assert shown.pop("closed") == ("Skipped", "period_closed")
    assert set(shown.values()) == {STALE}, shown


def assert_new_plan_brings_the_latest(world: World) -> None:
    """The next run writes what billing and mappings say now."""
    world.run()
    held = {one["DocNumber"]: one for one in world.in_qbo()}
    assert held["T-content"]["TotalAmt"] == 77
    assert held["T-customer"]["CustomerRef"]["name"] == "Second of two"
    assert held["T-item"]["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == OTHER_ITEM[0]
    assert_settled(world, "Synced", "Skipped", "Pending")


@pytest.mark.row("G2")
def test_new_documents_that_changed_since_the_plan_are_not_sent(world: World) -> None:
    """Content, state, opt-out, mapping of item and customer, closing date: nothing of it is created as it was planned."""
    second = fill(world)
    plan, context = world.prepare()
    change_everything(world, second)

    runs.push(plan, context)

    assert totals(world) == {"T-same": 10}
    assert_all_stale_but_same(world, "created", sent_before=0)
    assert_new_plan_brings_the_latest(world)


@pytest.mark.row("G2")
def test_changes_that_changed_again_since_the_plan_are_not_sent(world: World) -> None:
    """The same for documents that are in QuickBooks: what was planned for them is not written."""
    second = fill(world)
    world.run()
    for kind in KINDS:
        world.change(f"inv-T-{kind}", "11.00")
    plan, context = world.prepare()
    change_everything(world, second)

    runs.push(plan, context)

    assert totals(world) == {f"T-{kind}": Decimal(11 if kind == "same" else 10) for kind in KINDS}
    assert_all_stale_but_same(world, "updated", sent_before=1)
    assert_new_plan_brings_the_latest(world)


@pytest.mark.row("G2")
def test_a_plan_that_expired_is_pushed_by_nobody(world: World) -> None:
    """Seven days are over: neither its own run nor the form sends anything of it, and both say why; a new plan goes."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1")
    shown = world.run(mode="plan_only")
    late = "update qbo_sync.plans set expires_at = now() - interval '1 second' where id = %s"
    world.sql(late, shown["plan_id"])

    with pytest.raises(PlanError, match="older than 7 days: make a new one"):
        world.run(plan_id=shown["plan_id"])
    plan, context = world.prepare()
    world.sql(late, plan["plan_id"])
    with pytest.raises(PlanError, match=r"expired on .*: make a new one"):
        runs.push(plan, context)
    unsent = world.in_qbo()
    world.run()

    assert unsent == []
    assert_exactly_once(world)
    assert_settled(world)


def test_a_change_that_another_run_wrote_since_the_plan_is_not_repeated(world: World) -> None:
    """Two plans of one change: the link moved on, so the older plan sends nothing."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    world.invoice("T-1", amounts=("10.00",))
    world.run()
    world.change("inv-T-1", "11.00")
    older = world.prepare()
    world.run()
    before = world.in_qbo("T-1")

    pushed = runs.push(*older)

    assert pushed["sent"] == 0
    assert world.in_qbo("T-1") == before


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.row("F152")
def test_books_that_were_closed_behind_our_back_refuse_by_name(world: World, is_new: bool) -> None:
    """Nobody told us of the new closing date: QuickBooks refuses, and the document is Skipped with its words and the cure."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off")
    world.invoice("T-1", amounts=("10.00",))
    if not is_new:
        world.run()
        world.change("inv-T-1", "11.00")
    world.qbo.preferences(BookCloseDate="2026-10-05")

    world.run()

    assert totals(world) == ({} if is_new else {"T-1": 10})
    assert world.status("inv-T-1") == ("Skipped", "period_closed")
    assert "reopen the books in QuickBooks" in world.reasons("inv-T-1")["period_closed"]
