"""The money that a run shows of both sides: in its findings, in the summary, in the view, and what the tie-outs say of it."""

from __future__ import annotations

from decimal import Decimal

import psycopg

from include.stores.tie_outs import broken_tie_outs
from include.wiring.findings import make_findings
from tests.push.people import do, edit
from tests.state_fixture import as_run
from tests.world import World

Money = tuple[Decimal, Decimal]


def money(world: World) -> Money:
    """Billing's and QuickBooks' total in the findings of the last run; the other places must agree with them."""
    ((plan_id,),) = world.sql("select max(id) from qbo_sync.plans")
    with psycopg.connect(as_run(world.dsn), autocommit=True) as state:
        (sums,) = make_findings(state, plan_id).totals.by_currency()
        assert list(broken_tie_outs(state)) == []
    ((billing, qbo),) = world.sql(
        "select sum(billing_total), coalesce(sum(qbo_total), 0) from qbo_sync.document_status"
    )
    assert (billing, qbo) == (sums.billing, sums.qbo)
    return sums.billing, sums.qbo


def of_one(world: World, billing_id: str) -> tuple[Decimal, Decimal | None]:
    """Both totals of one document in the view."""
    ((billing, qbo),) = world.sql(
        "select billing_total, qbo_total from qbo_sync.document_status where billing_id = %s", billing_id
    )
    return billing, qbo


def test_a_credit_memo_counts_with_its_sign_on_both_sides(world: World) -> None:
    """QuickBooks states it as 80.00; both sides owe 80.00 less by it, when it is made and whenever it is looked at again."""
    world.settings(negative_invoices="credit_memo")
    world.invoice("T-1", amounts=("1000.00",))
    world.invoice("T-2", amounts=("50.00", "-130.00"))

    world.run()
    assert money(world) == (920, 920)
    world.run()

    assert money(world) == (920, 920)
    assert of_one(world, "inv-T-2") == (-80, -80)
    assert world.sql("select total from qbo_sync.sync_log where entity = 'CreditMemo'") == [(-80,)]
    assert world.sql("select total from qbo_sync.plan_items where entity = 'CreditMemo'") == [(-80,)]


def test_what_is_void_in_billing_is_owed_nowhere(world: World) -> None:
    """Voided in QuickBooks too, never pushed, or left standing by the settings: billing asks for none of it any more."""
    world.settings(voided_in_billing="void", locked_before="off")
    world.invoice("T-1", amounts=("70.00",))
    world.invoice("T-2", amounts=("7.00",), status="void")
    world.invoice("T-4", amounts=("9.00",), status="void", realm_key="nobody's")
    world.run()
    assert money(world) == (70, 70)

    world.sql("update billing.invoices set status = 'void'")
    for _ in range(2):
        world.run()
        assert money(world) == (0, 0)
    ((changes,),) = world.sql("select changes from qbo_sync.plan_items where action = 'void'")
    assert changes == [{"field": "TotalAmt", "old": "70.00", "new": "0.00"}]

    world.settings(voided_in_billing="report", locked_before="off")
    world.invoice("T-3", amounts=("5.00",))
    world.run()
    world.sql("update billing.invoices set status = 'void' where invoice_id = 'inv-T-3'")
    world.run()
    assert world.status("inv-T-3") == ("Synced", "voided_in_billing")
    assert money(world) == (0, 5)


def test_what_was_deleted_in_quickbooks_counts_nothing_there(world: World) -> None:
    """The change of billing meets the deletion: nothing of it is in QuickBooks, now and in later runs."""
    world.settings(locked_before="off")
    world.invoice("T-1")
    world.run()
    do(world, "delete", "T-1")
    world.change("inv-T-1", "110.00")

    for _ in range(2):
        world.run()
        assert world.status("inv-T-1") == ("Skipped", "deleted_in_qbo")
        assert money(world) == (110, 0)


def test_what_was_edited_in_quickbooks_counts_there_as_it_is_now(world: World) -> None:
    """The accountant made 130.00 of it, billing 110.00: both are shown, and not what we wrote once."""
    world.settings(locked_before="off")
    world.invoice("T-1")
    world.run()
    (line,) = world.lines_in_qbo("T-1")
    edit(world, "T-1", Line=[{**line, "Amount": 130}])
    world.change("inv-T-1", "110.00")

    world.run()

    assert world.status("inv-T-1") == ("Skipped", "edited_in_qbo")
    assert money(world) == (110, 130)


def test_what_quickbooks_made_other_than_meant_stays_named(world: World) -> None:
    """It gave a number of its own: an Error when it was made, and in each run that looks again, until the number is put right."""
    world.qbo.preferences(CustomTxnNumbers=False)
    world.invoice("T-1")

    for _ in range(2):
        world.run()
        assert world.status("inv-T-1") == ("Error", "total_differs")
        assert "doc_number: QuickBooks holds 1001, billing means T-1" in world.reasons("inv-T-1")["total_differs"]

    world.qbo.preferences(CustomTxnNumbers=True)
    world.run(recopy=True, invoice_numbers=["T-1"])
    world.run()
    assert world.status("inv-T-1") == ("Synced", "unchanged")
