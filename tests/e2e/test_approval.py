"""The approval: a required action in Airflow, whose answer the push obeys."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.e2e.site import EXPORT, Company, Site, day

pytestmark = pytest.mark.e2e


def plan_of(site: Site, run_id: str, company: Company) -> tuple[int, str, str, str]:
    """Number, state, decision and who decided of the plan that a run made last for a company."""
    rows = site.state(
        "select plans.id, state, decision, decided_by from qbo_sync.plans join qbo_sync.realms on realms.id = plans.realm"
        " where run_id = %s and realm_key = %s order by plans.id desc",
        run_id,
        company.key,
    )
    return rows[0]


@pytest.mark.row("F74")
def test_what_is_rejected_is_not_written_and_what_is_approved_is(site: Site) -> None:
    """A run of two companies asks twice, shows totals and rows; no call that writes reaches the one that was rejected."""
    on, series = day(43), site.series("A")
    for company in site.companies:
        company.invoice(f"{series}-{company.key}-1", on, "10.00")
        company.invoice(f"{series}-{company.key}-2", on, "2.50", memo="a | b")
    before = site.journal_end()

    numbers = [f"{series}-{company.key}-{number}" for company in site.companies for number in (1, 2)]
    run_id = site.trigger(from_date=str(on), to_date=str(on), invoice_numbers=numbers, mode="push_after_approval")
    questions = site.questions(run_id, 2)

    place = {company: site.map_index(company, run_id) for company in site.companies}
    for company in site.companies:
        question = questions[place[company]]
        assert question["subject"] == f"Push 2 documents of {company.key} to QuickBooks?"
        assert f"plan **{plan_of(site, run_id, company)[0]}**" in question["body"]
        assert f"| create | 2 | 12.50 {company.currency} |" in question["body"]
        row = (f"{series}-{company.key}-1", on, f"Customer of {company.key}", "create", f"10.00 {company.currency}")
        assert f"| {' | '.join(map(str, row))} | not in QuickBooks yet |" in question["body"]
    assert [call for company in site.companies for call in site.calls(company, before) if call.is_write] == []

    site.answer(run_id, place[site.london], "Reject")
    site.answer(run_id, place[site.texas], f"Approve plan {plan_of(site, run_id, site.texas)[0]}")
    assert site.finished(run_id) == "success", site.why(run_id)

    assert site.texas.held(series) == {f"{series}-texas-1": Decimal("10.00"), f"{series}-texas-2": Decimal("2.50")}
    assert [call for call in site.calls(site.london, before) if call.is_write] == []
    assert plan_of(site, run_id, site.texas)[1:] == ("pushed", "approved", "admin")
    assert plan_of(site, run_id, site.london)[1:] == ("planned", "rejected", "admin")
    assert "rejected by admin" in " ".join(site.log(run_id, "push", site.london))


def test_a_scheduled_run_leaves_what_needs_an_approval_and_a_run_from_the_form_asks(site: Site) -> None:
    """A reported invoice that billing changed waits through a green run of the schedule, until a person says yes."""
    on, series = day(100), site.series("H")
    held = site.texas.invoice(f"{series}-1", on, "40.00")
    site.run(realm="texas", invoice_numbers=[f"{series}-1"])
    site.texas.billing.change(held, "44.00")
    new = site.texas.invoice(f"{series}-2", on, "5.00")

    # Texas lies behind UTC: what is dated on a day belongs to the interval that begins on the next one.
    for run_id in site.backfill(on + timedelta(days=1), on + timedelta(days=1), realm="texas"):
        assert site.finished(run_id) == "success", site.why(run_id)

    assert site.texas.held(series) == {f"{series}-1": Decimal("40.00"), f"{series}-2": Decimal("5.00")}
    assert site.status(held, new) == {held: ("Skipped", "period_reported"), new: ("Synced", "created")}

    run_id = site.trigger(realm="texas", invoice_numbers=[f"{series}-1"])
    assert "| update | 1 | 44.00 USD |" in site.questions(run_id, 1)[0]["body"]
    site.answer(run_id, 0, f"Approve plan {plan_of(site, run_id, site.texas)[0]}")
    assert site.finished(run_id) == "success", site.why(run_id)

    assert site.texas.held(series)[f"{series}-1"] == Decimal("44.00")


def test_a_yes_to_a_plan_that_was_made_anew_since_approves_nothing(site: Site) -> None:
    """Airflow keeps the first question of a task that is cleared while it waits: what was not shown is not pushed."""
    on, series = day(46), site.series("C")
    site.texas.invoice(f"{series}-1", on, "10.00")
    both = [f"{series}-1", f"{series}-2"]
    run_id = site.trigger(realm="texas", invoice_numbers=both, mode="push_after_approval")
    site.questions(run_id, 1)
    shown = plan_of(site, run_id, site.texas)[0]
    site.texas.invoice(f"{series}-2", on, "99.00")

    cleared = {"dag_run_id": run_id, "task_ids": ["realm.extract"], "include_downstream": True, "only_failed": False}
    site.api.post(f"dags/{EXPORT}/clearTaskInstances", cleared | {"dry_run": False})
    site.wait_until(lambda: plan_of(site, run_id, site.texas)[0] > shown, "there is a new plan")
    site.questions(run_id, 1)
    site.answer(run_id, 0, f"Approve plan {shown}")

    assert site.finished(run_id) == "success", site.why(run_id)
    assert site.texas.held(series) == {}
    assert plan_of(site, run_id, site.texas)[1:] == ("planned", "rejected", "admin")
    assert "this run was planned anew after it had asked" in " ".join(site.log(run_id, "approve", site.texas))
