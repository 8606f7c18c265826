"""The export, started from the trigger form through Airflow's API as the UI does."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.e2e.site import EXPORT, Site, day

pytestmark = pytest.mark.e2e


def test_a_run_of_two_companies_writes_each_invoice_to_its_own_books(site: Site) -> None:
    """Both are pushed, each document has one line in the log, the findings are kept, and only ids and counts are in XCom."""
    on, series = day(40), site.series("F")
    for company in site.companies:
        company.invoice(f"{series}-{company.key}-1", on, "100.00", "20.50")
        company.invoice(f"{series}-{company.key}-2", on, "0.01")
        company.invoice(f"{series}-{company.key}-3", on, "5.00", status="draft")
    unmapped = site.texas.invoice(f"{series}-texas-4", on, "7.00", customer_id="nobody")

    run_id = site.run(from_date=str(on), to_date=str(on))

    for company in site.companies:
        numbers = [f"{series}-{company.key}-1", f"{series}-{company.key}-2"]
        assert company.held(series) == dict(zip(numbers, (Decimal("120.50"), Decimal("0.01")), strict=True))
        lines = [line for line in site.log(run_id, "push", company) if line.startswith(series)]
        assert [line.split(" | ")[:3] for line in lines] == [[number, "Synced", "create Invoice"] for number in numbers]
        assert re.search(r"\| id \d+ \| total 120\.50( [A-Z]{3})? \| .*intuit_tid \S+", lines[0])
    named = {one["rendered_map_index"] for one in site.api.task_instances(EXPORT, run_id) if one["map_index"] >= 0}
    assert named == {"london", "texas"}, "each task is named by its company"
    assert site.status(unmapped)[unmapped][0] == "Skipped"
    assert "texas: done" in site.log(run_id, "finish")
    kept = site.state(
        "select realm_key, length(page), (select sum(length(csv)) from qbo_sync.findings_parts as part where part.plan_id ="
        " findings.plan_id) from qbo_sync.findings join qbo_sync.plans on plans.id = plan_id join qbo_sync.realms on"
        " realms.id = plans.realm where findings.run_id = %s order by 1",
        run_id,
    )
    assert [row[0] for row in kept] == ["london", "texas"]
    assert min(min(row[1:]) for row in kept) > 100
    assert_nothing_but_ids_and_counts(site, run_id, series)


def assert_nothing_but_ids_and_counts(site: Site, run_id: str, series: str) -> None:
    """Nothing of a document travels from task to task: the XCom table holds short texts and numbers."""
    rows = site.metadata("select task_id, value::text from xcom where run_id = %s", run_id)

    assert {task for task, _ in rows} >= {"choose", "realm.extract", "realm.plan", "realm.push", "realm.report"}
    assert [(task, value) for task, value in rows if len(value) > 300 or series in value or "120.5" in value] == []


@pytest.mark.parametrize(
    ("conf", "words"),
    [
        ({"realm": "nevada"}, "There is no company nevada; set up are: london, texas."),
        (
            {"from_date": "2026-10-31", "to_date": "2026-10-01"},
            "'Invoices dated from' (2026-10-31) lies after 'Invoices dated to' (2026-10-01): swap them.",
        ),
        (
            {"form_date": "2026-10-31"},
            "The form of qbo_export_invoices has no field form_date; it has realm, from_date",
        ),
    ],
    ids=["unknown company", "from after to", "unknown field"],
)
def test_a_form_that_cannot_be_is_told_in_one_line(site: Site, conf: dict[str, str], words: str) -> None:
    """The run fails in its first task with one line that names the field and what is allowed; QuickBooks is not asked."""
    before = site.journal_end()

    run_id = site.trigger(**conf)

    assert site.finished(run_id) == "failed"
    states = site.task_states(run_id)
    assert states["choose", -1] == "failed"
    assert {state for (task, _), state in states.items() if task.startswith("realm.")} == {"upstream_failed"}
    assert len([line for line in site.log(run_id, "choose") if words in line and line.startswith("ChoiceError")]) == 1
    assert [call for company in site.companies for call in site.calls(company, before)] == []


@pytest.mark.parametrize(
    ("conf", "words"),
    [
        ({"from_date": "31.10.2026"}, "from_date"),
        ({"statuses": ["Lost"]}, "statuses"),
        ({"mode": "puhs"}, "mode"),
    ],
    ids=["no date", "unknown status", "unknown mode"],
)
def test_a_wrong_value_is_refused_before_a_run_begins(site: Site, conf: dict[str, object], words: str) -> None:
    """Airflow checks each field of the form by itself: the caller is told which one, and there is no run."""
    runs = len(site.api.runs(EXPORT))

    with pytest.raises(Exception, match=rf"400: .*{words}"):
        site.trigger(**conf)

    assert len(site.api.runs(EXPORT)) == runs
