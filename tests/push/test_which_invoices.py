"""Which invoices a run takes, which of them may go, and what a plan promises before anything is written."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from include.billing_sync.windows import local_date
from include.stores.plans import PlanError
from include.stores.realms import disconnect, realm_by_key
from include.wiring import approvals, connections, runs
from include.wiring.connections import ConnectionMissingError
from include.wiring.forms import ChoiceError
from include.wiring.mapping_desk import used_categories
from include.wiring.preflight import PreflightFailedError
from include.wiring.settings import SettingsError, load_settings
from tests.world import SETTINGS, World, write_settings


def planned(world: World, **form: Any) -> set[str]:
    """The numbers that a run of this form looks at; nothing is written."""
    plan, _ = world.prepare(mode="plan_only", **form)
    rows = world.sql("select doc_number from qbo_sync.candidates where plan_id = %s", plan["plan_id"])
    return {number for (number,) in rows}


@pytest.mark.row("F65", "F66")
def test_each_field_of_the_form_chooses_the_right_invoices(world: World) -> None:
    """Dates, numbers, customers, amounts and statuses, alone and together; nothing chosen means all."""
    world.customer("c2", "Depot")
    world.invoice("T-1", amounts=("10.00",), day="2026-10-01")
    world.invoice("T-2", amounts=("20.00",), day="2026-10-15")
    world.invoice("T-3", amounts=("30.00",), day="2026-10-31", customer_id="c2")
    world.invoice("T-4", amounts=("40.00",), day="2026-11-01", customer_id=None)
    world.run(invoice_numbers=["T-2", "T-4"])

    assert planned(world) == {"T-1", "T-2", "T-3", "T-4"}
    assert planned(world, from_date="2026-10-15", to_date="2026-10-31") == {"T-2", "T-3"}
    assert planned(world, from_date="2026-11-01") == {"T-4"}
    assert planned(world, invoice_numbers=["T-1"]) == {"T-1"}
    assert planned(world, invoice_numbers=["t-1 ", "T-3"]) == {"T-1", "T-3"}
    assert planned(world, customers=["c2"]) == {"T-3"}
    assert planned(world, amount_from="20.00", amount_to="30.00") == {"T-2", "T-3"}
    assert planned(world, statuses=["Skipped"]) == {"T-4"}
    assert planned(world, customers=["c1"], amount_from="20") == {"T-2"}
    assert len(world.in_qbo()) == 1


@pytest.mark.row("F67", "F73")
def test_every_chosen_invoice_has_one_result(world: World) -> None:
    """Twelve recurring invoices and two that cannot go: twelve are there, and fourteen have a status and a reason."""
    numbers = [f"T-{number}" for number in range(1, 13)]
    for number in numbers:
        world.invoice(number)
    world.invoice("T-13", customer_id=None)
    world.invoice("T-14", lines=[])

    world.run()

    assert sorted(one["DocNumber"] for one in world.in_qbo()) == sorted(numbers)
    reasons = {number: world.status(f"inv-{number}")[1] for number in [*numbers, "T-13", "T-14"]}
    assert reasons == dict.fromkeys(numbers, "created") | {"T-13": "customer_missing", "T-14": "no_lines"}


@pytest.mark.row("F70", "F75")
def test_only_what_billing_has_opened_goes(world: World) -> None:
    """Open and paid invoices are revenue; a draft, a void one, an unknown word and one that is opted out stay, with a reason."""
    wanted = {
        "open": "created",
        "paid": "created",
        "draft": "draft",
        "void": "out_of_scope",
        "deleted": "out_of_scope",
        "parked": "out_of_scope",
    }
    for status in wanted:
        world.invoice(f"T-{status}", status=status)
    world.invoice("T-out", is_opted_out=True)

    world.run()

    assert {key.removeprefix("inv-T-"): reason for key, (_, reason) in world.statuses().items()} == wanted | {
        "out": "opted_out"
    }
    assert {one["DocNumber"] for one in world.in_qbo()} == {"T-open", "T-paid"}


@pytest.mark.row("F74", "G2")
def test_nothing_is_pushed_without_a_yes(world: World) -> None:
    """With approval: on, a plan from the form asks; a no writes nothing, and a yes pushes what was shown."""
    world.settings(approval="on")
    world.invoice("T-1", amounts=("12.34",))
    refused, context = world.prepare()
    assert refused["asks"]

    approvals.decide(refused, is_approved=False, by="ann")
    runs.push(refused, context)

    assert world.in_qbo() == []
    assert world.sql("select count(*) from qbo_sync.attempts where event = 'sent'") == [(0,)]

    approved, context = world.prepare()
    approvals.decide(approved, is_approved=True, by="ann")
    runs.push(approved, context)

    assert [Decimal(str(one["TotalAmt"])) for one in world.in_qbo()] == [Decimal("12.34")]


def test_a_number_that_billing_does_not_have_is_named(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """A slip, or dates that leave it out, is no green run about nothing: the log says which number was not there."""
    world.invoice("T-1", day="2026-10-05")
    world.invoice("T-2", day="2026-11-05")
    world.invoice("T-3", realm_key="texas", day="2026-10-06")
    write_settings(world.mappings, "texas", {**SETTINGS, "connection": "qbo_texas"})
    world.sql("update billing.invoices set realm_key = 'demo' where realm_key is null")
    asked = ["t-1", "T-2", "T-3", "T-11"]

    plan = world.prepare(mode="plan_only", invoice_numbers=asked, from_date="2026-10-01", to_date="2026-10-31")[0]

    assert plan["writes"] == 1
    (told,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert (
        told
        == "demo: billing has no invoice T-11, T-2 dated 2026-10-01 to 2026-10-31: check the form's numbers and dates"
    )


def test_neither_a_void_nor_a_mail_goes_without_the_yes_that_was_asked_for(world: World) -> None:
    """*Push after approval* of a run that creates and changes nothing, but takes back and mails: both wait all the same."""
    world.settings(voided_in_billing="void", locked_before="off")
    world.invoice("T-1")
    world.invoice("T-2", billing_email="ann@example.com")
    world.run()
    world.sql("update billing.invoices set status = 'void' where doc_number = 'T-1'")
    voids, context = world.prepare(invoice_numbers=["T-1"], mode="push_after_approval")
    mails, _ = world.prepare(invoice_numbers=["T-2"], mode="push_after_approval", delivery="send")

    for plan in (voids, mails):
        with pytest.raises(PlanError, match="was not decided on"):
            runs.push(plan, context)
    before = {one["DocNumber"]: (one["TotalAmt"], one["EmailStatus"]) for one in world.in_qbo()}
    for plan in (voids, mails):
        approvals.decide(plan, is_approved=True, by="ann")
        runs.push(plan, context)

    assert before == {"T-1": (100, "NotSet"), "T-2": (100, "NotSet")}
    after = {one["DocNumber"]: (one["TotalAmt"], one["EmailStatus"]) for one in world.in_qbo()}
    assert after == {"T-1": (0, "NotSet"), "T-2": (100, "EmailSent")}


@pytest.mark.parametrize("kind", ["backfill", "scheduled", "operator_triggered"])
def test_whoever_asks_for_an_approval_gets_one_however_the_run_was_started(world: World, kind: str) -> None:
    """*Push after approval* beside a backfill, as a DAG's default or from another DAG: nothing is written before a yes."""
    world.invoice("T-1")
    plan, context = world.prepare(kind=kind, mode="push_after_approval")

    with pytest.raises(PlanError, match="was not decided on"):
        runs.push(plan, context)
    unsent = world.in_qbo()
    approvals.decide(plan, is_approved=True, by="ann")
    runs.push(plan, context)

    assert plan["asks"]
    assert unsent == []
    assert [one["DocNumber"] for one in world.in_qbo()] == ["T-1"]


def test_a_run_that_another_dag_starts_takes_the_dates_it_is_given(world: World) -> None:
    """Airflow gives it the interval of yesterday as well; what was asked for counts, as when a person had asked."""
    world.invoice("T-asked", day="2026-10-05")
    world.invoice("T-yesterday", day="2026-11-21")
    asked = {"mode": "plan_only", "from_date": "2026-10-01", "to_date": "2026-10-31"}
    context = world.context("manual__by_a_dag", "operator_triggered", asked)
    context["data_interval_start"] = datetime(2026, 11, 21, 3, tzinfo=UTC)
    context["data_interval_end"] = datetime(2026, 11, 22, 3, tzinfo=UTC)

    plan = runs.extract("demo", context)

    rows = world.sql("select doc_number from qbo_sync.candidates where plan_id = %s", plan["plan_id"])
    assert rows == [("T-asked",)]


@pytest.mark.parametrize("field", ["from_date", "to_date"])
def test_dates_beside_a_backfill_are_refused_and_not_left_aside(world: World, field: str) -> None:
    """Its runs have the dates of their intervals: whoever gives others would find other invoices in QuickBooks."""
    world.invoice("T-1")
    context = world.context("backfill__1", "backfill", {field: "2026-10-05"})
    context["data_interval_start"] = datetime(2026, 10, 5, 3, tzinfo=UTC)
    context["data_interval_end"] = datetime(2026, 10, 6, 3, tzinfo=UTC)

    with pytest.raises(ChoiceError, match=r"dates are those of its interval .*leave them empty"):
        runs.extract("demo", context)

    assert world.sql("select 1 from qbo_sync.plans") == []


@pytest.mark.row("G2")
def test_a_plan_names_each_change_and_its_totals_are_those_of_the_push(world: World) -> None:
    """A create and an update are planned: the update shows old and new values, and what is pushed has the plan's total."""
    world.invoice("T-1", amounts=("10.00",))
    world.run()
    world.change("inv-T-1", "12.50")
    world.invoice("T-2", amounts=("0.07",))

    world.run(mode="plan_only")

    items = world.sql(
        "select doc_number, action, total, changes from qbo_sync.plan_items"
        " where plan_id = (select max(id) from qbo_sync.plans) and kind = 'invoice' order by doc_number"
    )
    assert [(number, action, total) for number, action, total, _ in items] == [
        ("T-1", "update", Decimal("12.50")),
        ("T-2", "create", Decimal("0.07")),
    ]
    assert any(Decimal(str(change["old"])) == 10 and Decimal(str(change["new"])) == Decimal("12.50")
               for change in items[0][3] if "TotalAmt" in str(change.values()) or "mount" in str(change.values()))  # fmt: skip
    assert [one["DocNumber"] for one in world.in_qbo()] == ["T-1"]

    world.run()

    held = {one["DocNumber"]: Decimal(str(one["TotalAmt"])) for one in world.in_qbo()}
    assert held == {number: total for number, _, total, _ in items}


@pytest.mark.row("F16")
@pytest.mark.parametrize("kind", ["scheduled", "operator_triggered"])
def test_a_disconnected_company_is_quiet(world: World, kind: str) -> None:
    """The schedule, or a DAG that starts this one, ends well without a call to QuickBooks; a person who asks for it is told."""
    world.invoice("T-1")
    with connections.connect_state() as state:
        realm = realm_by_key(state, "demo")
        assert realm is not None
        disconnect(state, realm.id, who="ann", why="test")
    world.qbo.clear_journal()

    chosen = runs.choose(world.context(f"{kind}__1", kind))
    runs.finish({"ti": SimpleNamespace(xcom_pull=lambda **_: chosen)})

    assert chosen == []
    with pytest.raises(PreflightFailedError, match="no QuickBooks company is connected"):
        runs.preflight("demo", world.context("manual__1"))
    assert world.qbo.journal(realm_id=world.realm_id) == []
    assert world.in_qbo() == []


@pytest.mark.row("G13")
@pytest.mark.parametrize(
    "broken",
    [{"connection": "qbo_nowhere"}, {"connection": "qbo_demo", "customer": "match"}],
    ids=["its connection is not there", "a setting that nobody knows"],
)
def test_settings_of_one_company_that_cannot_be_used_stop_no_other(world: World, broken: dict[str, Any]) -> None:
    """The scheduled run goes on with every company; the broken one fails by itself, naming what is wrong."""
    world.invoice("T-1", realm_key="demo")
    write_settings(world.mappings, "texas", {**SETTINGS, **broken})
    scheduled = world.context("scheduled__1", "scheduled")

    chosen = runs.choose(scheduled)
    world.run(kind="scheduled")

    assert chosen == ["demo", "texas"]
    assert world.status("inv-T-1") == ("Synced", "created")
    with pytest.raises((SettingsError, ConnectionMissingError), match=r"customer|qbo_nowhere"):
        runs.preflight("texas", scheduled)


def test_a_company_is_asked_to_map_what_its_own_documents_name(world: World) -> None:
    """A document that names no company is nobody's where there are several, so none of them is asked for its categories."""
    world.invoice("T-1", day=str(local_date(datetime.now(UTC), "America/Los_Angeles")))
    with connections.connect_billing() as billing:
        alone = used_categories(load_settings("demo"), billing)
        write_settings(world.mappings, "texas", {**SETTINGS, "connection": "qbo_texas"})
        beside = used_categories(load_settings("demo"), billing)

    assert (alone, beside) == (["recurring"], [])


def test_a_plan_that_was_never_made_is_not_done(world: World) -> None:
    """*Plan only* whose check or plan failed has no plan to show: the report says so, and the run's last task is red."""
    world.invoice("T-1")
    context = world.context("manual__1", params={"mode": "plan_only"})
    extracted = runs.extract("demo", context)

    failed = runs.report("demo", context)
    runs.plan(runs.check(extracted, context), context)

    assert failed["is_done"] is False
    assert runs.report("demo", context)["is_done"] is True
    with pytest.raises(runs.RealmsFailedError, match="not done: demo"):
        runs.finish(finishing(failed))


def finishing(*reports: dict[str, Any]) -> dict[str, Any]:
    """What the last task sees when the reports of the run's companies were these."""
    found = {"choose": [report["realm_key"] for report in reports], "realm.report": list(reports)}
    return {"ti": SimpleNamespace(xcom_pull=lambda task_ids, **_: found[task_ids])}


def test_a_run_that_never_chose_is_not_done() -> None:
    """When the first task failed, the last one says so instead of passing for a quiet run."""
    with pytest.raises(runs.RealmsFailedError, match="choose"):
        runs.finish({"ti": SimpleNamespace(xcom_pull=lambda **_: None)})


@pytest.mark.parametrize(
    ("change", "reason", "told"),
    [
        ("status = 'draft'", "draft", "a draft"),
        ("status = 'cancelled'", "out_of_scope", "'cancelled'"),
        ("status = 'void '", "out_of_scope", "'void ': it has blanks around it"),
        ("is_opted_out = true", "opted_out", "marked"),
    ],
)
def test_what_billing_withdraws_after_the_push_is_told_at_night(
    world: World, change: str, reason: str, told: str
) -> None:
    """No void, and no new time in billing: the night says that it stands in QuickBooks, which it leaves as it is."""
    world.invoice("T-1")
    world.sync()
    before = world.in_qbo()
    world.sql(f"update billing.invoices set {change}")

    world.sync(everything=True)
    withdrawn = world.status("inv-T-1"), world.reasons("inv-T-1")[reason]
    world.sql("update billing.invoices set status = 'open', is_opted_out = false")
    world.sync(everything=True)

    assert withdrawn[0] == ("Synced", reason)
    assert told in withdrawn[1]
    assert world.in_qbo() == before
    assert world.status("inv-T-1") == ("Synced", "unchanged")


@pytest.mark.parametrize(
    ("columns", "reason", "told"),
    [
        ({"status": "OPEN "}, "out_of_scope", "'OPEN ': it has blanks around it"),
        ({"status": "par\u200bked"}, "out_of_scope", "'par\\u200bked'"),
        (
            {"realm_key": " demo"},
            "no_routing_rule",
            "' demo', which names no company (blanks or case apart it is 'demo'",
        ),
        ({"realm_key": "Demo"}, "no_routing_rule", "'Demo', which names no company (blanks or case apart it is 'demo'"),
        ({"realm_key": "elsewhere"}, "no_routing_rule", "'elsewhere', which names no company; there are: demo"),
    ],
)
def test_a_blank_or_other_letters_in_a_word_of_billing_are_shown_in_quotes(
    world: World, columns: dict[str, str], reason: str, told: str
) -> None:
    """What looks right and is not: the text shows the value between quotes, and says where it is corrected."""
    world.invoice("T-1", **columns)

    world.run()

    assert world.status("inv-T-1") == ("Skipped", reason)
    assert told in world.reasons("inv-T-1")[reason]


def test_two_documents_that_swap_their_numbers_go_in_the_steps_that_the_cure_names(world: World) -> None:
    """At once, each has the other's number and both stop; by way of a third number both arrive, each once."""
    for number in ("T-1", "T-2"):
        world.invoice(number)
    world.run()
    ids = {one["DocNumber"]: one["Id"] for one in world.in_qbo()}

    def renumber(**numbers: str) -> set[tuple[str, str]]:
        for key, number in numbers.items():
            world.sql("update billing.invoices set doc_number = %s where invoice_id = %s", number, f"inv-T-{key[1:]}")
        world.run()
        return set(world.statuses().values())

    stuck = renumber(_1="T-2", _2="T-1")
    renumber(_1="T-9")
    renumber(_2="T-1")
    swapped = renumber(_1="T-2")

    assert stuck == {("Error", "doc_number_duplicate")}
    assert {status for status, _ in swapped} == {"Synced"}
    assert {one["DocNumber"]: one["Id"] for one in world.in_qbo()} == {"T-1": ids["T-2"], "T-2": ids["T-1"]}
