"""The daily care in a real Airflow: every company is looked at, none waits for another, and the last task says which failed."""

from __future__ import annotations

import pytest

from tests.e2e.site import Site, day

pytestmark = pytest.mark.e2e

CARE = "qbo_care"


def test_the_care_looks_at_every_company(site: Site) -> None:
    """Both are settled and watched, the state is tidied once, and the form's days are taken."""
    run_id = site.run(dag_id=CARE, keep_days=3650)

    assert set(site.task_states(run_id, dag_id=CARE).values()) == {"success"}
    finish = " ".join(site.log(run_id, "finish", dag_id=CARE))
    assert "london: done" in finish
    assert "texas: done" in finish
    assert "candidates deleted: 0" in " ".join(site.log(run_id, "tidy", dag_id=CARE))


def test_a_company_that_cannot_be_settled_holds_up_no_other(site: Site) -> None:
    """QuickBooks cannot be asked what became of a sending: that company's look fails and is named, the other one is done."""
    on, series = day(70), site.series("C")
    lost = site.london.invoice(f"{series}-london-1", on, "3.00")
    site.qbo.fault("lose_answer", realm_id=site.london.realm_id, method="POST", path="/invoice")
    site.qbo.fault("token_expired", realm_id=site.london.realm_id, path="/cdc", count=0)
    try:
        pushed = site.trigger(from_date=str(on), to_date=str(on))
        assert site.finished(pushed) == "failed"

        run_id = site.trigger(dag_id=CARE)
        assert site.finished(run_id, dag_id=CARE) == "failed"
    finally:
        site.qbo.clear_faults()
    states = site.task_states(run_id, dag_id=CARE)
    assert states["realm.settle", site.map_index(site.london, run_id, dag_id=CARE)] == "failed"
    assert "not done: london" in " ".join(site.log(run_id, "finish", dag_id=CARE))
    assert {
        state for (_, index), state in states.items() if index == site.map_index(site.texas, run_id, dag_id=CARE)
    } == {"success"}

    again = site.run(dag_id=CARE)

    assert set(site.task_states(again, dag_id=CARE).values()) == {"success"}
    assert site.status(lost)[lost][0] == "Synced"
    assert len(site.london.held(series)) == 1
