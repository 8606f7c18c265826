"""A document that is in QuickBooks is moved neither to another company nor to another type by itself (rule 12)."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from include.wiring import approvals, runs
from include.wiring.forms import ChoiceError
from tests.push import wire as mishaps
from tests.push.conftest import FAST, LIMITS
from tests.push.people import edit
from tests.push.wire import Wire
from tests.world import SETTINGS, World, write_settings

SECOND_REALM = "9130000000000002"


@pytest.fixture
def second(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A second company beside the first, connected to the same billing."""
    world.qbo.seed(realm_id=SECOND_REALM, name="Second", country="US", refresh_token="RT1-second")
    connection = json.loads(os.environ["AIRFLOW_CONN_QBO_DEMO"])
    connection["extra"]["realm_id"] = SECOND_REALM
    monkeypatch.setenv("AIRFLOW_CONN_QBO_SECOND", json.dumps(connection))
    write_settings(world.mappings, "second", {**SETTINGS, "connection": "qbo_second", "waits": FAST, "limits": LIMITS})
    made = replace(
        world, realm_id=SECOND_REALM, realm_key="second", connection="qbo_second", refresh_token="RT1-second"
    )
    made.connect()
    made.map("category", "recurring", "1", "Services")
    made.map("tax_code", "*", "NON", "NON")
    return made


def test_another_company_gets_no_copy_of_a_linked_document(world: World, second: World) -> None:
    """Billing routes a pushed invoice elsewhere: moved, in the first company as it was, in the second nothing."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1", realm_key="demo")
    world.run()
    before = world.in_qbo()

    world.sql("update billing.invoices set realm_key = 'second', updated_at = clock_timestamp()")
    second.run()
    second.run(invoice_numbers=["T-1"])

    assert world.in_qbo() == before
    assert second.in_qbo() == []
    assert world.status("inv-T-1") == ("Skipped", "moved")


def test_what_was_routed_elsewhere_since_the_plan_goes_there_alone(world: World, second: World) -> None:
    """Planned for the first company and routed to the second before the push: only the second one gets it."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1", realm_key="demo")
    planned = world.prepare()
    world.sql("update billing.invoices set realm_key = 'second', updated_at = clock_timestamp()")

    runs.push(*planned)
    second.run()

    assert world.in_qbo() == []
    assert len(second.in_qbo("T-1")) == 1
    assert world.status("inv-T-1") == ("Synced", "created")


def test_two_companies_that_were_both_planned_for_get_it_once(world: World, second: World) -> None:
    """Routed to and fro between two plans: whichever push comes, the document is in one company alone."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1", realm_key="demo")
    first_plan = world.prepare()
    world.sql("update billing.invoices set realm_key = 'second', updated_at = clock_timestamp()")
    second_plan = second.prepare()
    runs.push(*second_plan)
    world.sql("update billing.invoices set realm_key = 'demo', updated_at = clock_timestamp()")

    runs.push(*first_plan)
    world.run()

    assert world.in_qbo() == []
    assert len(second.in_qbo("T-1")) == 1
    assert world.status("inv-T-1") == ("Skipped", "moved")


def test_a_document_that_turned_negative_does_not_become_a_second_one(world: World) -> None:
    """Its sign would make it a credit memo: moved, the invoice stays as it was and no credit memo is made."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off", negative_invoices="credit_memo")
    world.invoice("T-1", amounts=("10.00",))
    world.run()
    before, memos = world.in_qbo(), world.qbo.state("CreditMemo")

    world.change("inv-T-1", "-10.00")
    world.run()

    assert world.in_qbo() == before
    assert world.qbo.state("CreditMemo") == memos
    assert world.status("inv-T-1") == ("Skipped", "moved")


def test_a_persons_repair_voids_the_old_one_first_and_the_other_company_gets_it(world: World, second: World) -> None:
    """Asked to repair T-1, the first company voids it and lets it go; the second one's next hourly run creates it."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1", realm_key="demo")
    world.run()
    second.sync()
    world.sql("update billing.invoices set realm_key = 'second', updated_at = clock_timestamp()")
    second.sync()
    stopped = second.in_qbo()

    world.run(repair_moved=True, invoice_numbers=["T-1"])
    waiting = world.status("inv-T-1")
    second.sync()

    assert stopped == []
    assert waiting == ("Pending", "stale_plan")
    assert [(one["TotalAmt"], one["Balance"]) for one in world.in_qbo("T-1")] == [(0, 0)]
    assert [one["TotalAmt"] for one in second.in_qbo("T-1")] == [100]
    assert world.status("inv-T-1") == ("Synced", "created")
    assert world.sql(
        "select realm_key from qbo_sync.links join qbo_sync.realms r on r.id = realm where kind = 'invoice'"
    ) == [("second",)]


def test_a_repair_that_had_to_be_approved_is_done_after_the_yes(world: World, second: World) -> None:
    """More repairs at once than go without a person: approved, the first company voids and the second one creates."""
    world.settings(waits=FAST, limits=LIMITS, updates_without_approval=0)
    world.invoice("T-1", realm_key="demo")
    world.run()
    world.sql("update billing.invoices set realm_key = 'second', updated_at = clock_timestamp()")
    plan, context = world.prepare(repair_moved=True, invoice_numbers=["T-1"])
    asked = world.status("inv-T-1")

    approvals.decide(plan, is_approved=True, by="ann")
    runs.push(plan, context)
    second.sync()

    assert asked == ("Skipped", "needs_approval")
    assert [one["TotalAmt"] for one in world.in_qbo("T-1")] == [0]
    assert [one["TotalAmt"] for one in second.in_qbo("T-1")] == [100]


def test_a_repair_whose_answer_is_lost_is_found_and_ends_the_same(wired: tuple[World, Wire]) -> None:
    """The sign turned and the void's answer is lost: it is found, and the credit memo is made once its number is free."""
    world, wire = wired
    world.settings(waits=FAST, limits=LIMITS, locked_before="off", negative_invoices="credit_memo")
    world.invoice("T-1", amounts=("10.00",))
    world.run()
    world.change("inv-T-1", "-10.00")
    world.run()
    wire.strike(mishaps.cut_after, "void Invoice")

    world.run(repair_moved=True, invoice_numbers=["T-1"])
    world.run()
    waiting = world.reasons("inv-T-1")
    edit(world, "T-1", DocNumber="T-1-VOID")
    world.run()
    world.run()

    assert wire.struck == ["void Invoice"]
    assert "Renumber that one in QuickBooks" in waiting["already_in_qbo"]
    assert [one["TotalAmt"] for one in world.in_qbo("T-1-VOID")] == [0]
    memos = [one for one in world.qbo.state("CreditMemo") if one.get("DocNumber") == "T-1"]
    assert [one["TotalAmt"] for one in memos] == [10]
    assert world.status("inv-T-1") == ("Synced", "unchanged")


def test_a_credit_memo_that_turned_positive_is_let_go_once_a_person_took_it_away(world: World) -> None:
    """QuickBooks lets no program void it: the repair says so, and the one after the deletion ends the link."""
    world.settings(waits=FAST, limits=LIMITS, locked_before="off", negative_invoices="credit_memo")
    world.invoice("T-1", amounts=("-10.00",))
    world.run()
    world.change("inv-T-1", "20.00")

    world.run(repair_moved=True, invoice_numbers=["T-1"])
    told = world.status("inv-T-1"), world.reasons("inv-T-1")["refused"]
    (memo,) = [one for one in world.qbo.state("CreditMemo") if one.get("DocNumber") == "T-1"]
    world.qbo.act("delete", entity="CreditMemo", id=memo["Id"])
    world.run(repair_moved=True, invoice_numbers=["T-1"])
    world.run(invoice_numbers=["T-1"])

    assert told[0] == ("Error", "refused")
    assert f"void or delete CreditMemo {memo['Id']} there by hand" in told[1]
    assert [one["TotalAmt"] for one in world.in_qbo("T-1")] == [20]
    assert world.status("inv-T-1") == ("Synced", "created")


@pytest.mark.parametrize(
    ("deed", "status"),
    [("void", ("Synced", "unchanged")), ("delete", ("Skipped", "out_of_scope"))],
)
def test_a_credit_memo_that_billing_voids_is_done_when_a_person_has_done_it(
    world: World, deed: str, status: tuple[str, str]
) -> None:
    """Billing voids it, a program cannot: an Error with the cure, until somebody voids or deletes it in QuickBooks."""
    chosen = {"negative_invoices": "credit_memo", "voided_in_billing": "void", "locked_before": "off"}
    world.settings(waits=FAST, limits=LIMITS, **chosen)
    world.invoice("T-1", amounts=("-10.00",))
    world.run()
    world.sql("update billing.invoices set status = 'void'")
    world.run()
    before = world.status("inv-T-1")
    (memo,) = [one for one in world.qbo.state("CreditMemo") if one.get("DocNumber") == "T-1"]

    if deed == "delete":
        world.qbo.act("delete", entity="CreditMemo", id=memo["Id"])
    else:
        lines = [line for line in memo["Line"] if line["DetailType"] != "SubTotalLineDetail"]
        zero = {"Line": [{**line, "Amount": 0} for line in lines], "PrivateNote": f"Voided - {memo['PrivateNote']}"}
        world.qbo.act("edit", entity="CreditMemo", id=memo["Id"], changes=zero)
    world.run()
    world.run()

    assert before == ("Error", "refused")
    assert world.status("inv-T-1") == status


def test_a_repair_leaves_alone_what_did_not_move(world: World) -> None:
    """The number of an invoice that is where billing has it: nothing is voided."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1")
    world.run()
    before = world.in_qbo()

    world.run(repair_moved=True, invoice_numbers=["T-1"])

    assert world.in_qbo() == before
    assert world.status("inv-T-1") == ("Synced", "unchanged")


def test_what_billing_moved_back_before_the_push_is_not_voided(world: World, second: World) -> None:
    """The repair was planned, then billing undid the move: the void is stale and the invoice stays."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1", realm_key="demo")
    world.run()
    before = world.in_qbo()
    world.sql("update billing.invoices set realm_key = 'second', updated_at = clock_timestamp()")
    planned = world.prepare(repair_moved=True, invoice_numbers=["T-1"])
    world.sql("update billing.invoices set realm_key = 'demo', updated_at = clock_timestamp()")

    runs.push(*planned)
    world.run()

    assert world.in_qbo() == before
    assert world.status("inv-T-1") == ("Synced", "unchanged")


def test_a_repair_needs_the_numbers(world: World) -> None:
    """Nobody voids a whole company by leaving a field empty."""
    with pytest.raises(ChoiceError, match="Only these invoice numbers"):
        world.run(repair_moved=True)


@pytest.mark.parametrize("customer", ["c1", "nobody"], ids=["planned", "skipped"])
def test_what_one_company_never_got_goes_to_the_one_that_billing_names_now(
    world: World, second: World, customer: str
) -> None:
    """Routed elsewhere and not stamped, before anything was sent: the night of the other company takes it."""
    world.settings(waits=FAST, limits=LIMITS)
    world.invoice("T-1", customer_id=customer, realm_key="demo")
    world.prepare()
    second.sync(everything=True)
    before = world.status("inv-T-1")[0]

    world.sql("alter table billing.invoices disable trigger all")
    world.sql("update billing.invoices set realm_key = 'second'")
    world.customer("nobody", "Bluebird")
    second.sync(everything=True)

    assert before == ("Pending" if customer == "c1" else "Skipped")
    assert world.in_qbo() == []
    assert len(second.in_qbo("T-1")) == 1
    assert world.status("inv-T-1") == ("Synced", "created")
