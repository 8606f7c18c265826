"""Two runs at the same moment over the same documents."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from include.stores.locks import RealmLock
from tests.e2e.site import Site, day

pytestmark = pytest.mark.e2e


def test_two_runs_at_once_wait_for_a_busy_company_and_write_each_invoice_once(site: Site) -> None:
    """Both plan the same creates while a third process pushes; both fail as busy, come back, and are green in the end."""
    on, series = day(55), site.series("T")
    amounts = {f"{series}-{number}": Decimal(number) + Decimal("0.25") for number in range(40)}
    for number, amount in amounts.items():
        site.texas.invoice(number, on, str(amount))
    ((realm,),) = site.state("select id from qbo_sync.realms where realm_key = 'texas'")

    with RealmLock(lambda: psycopg.connect(site.stack.postgres.dsn("ledgerline")), realm):
        runs = [site.trigger(realm="texas", from_date=str(on), to_date=str(on)) for _ in range(2)]
        shown = site.wait_until(lambda: log_of_push_at_work(site, runs[0]), "the log of a push that is running")
        for run_id in runs:
            site.wait_until(lambda run_id=run_id: site.tries(run_id, "realm.push") > 1, f"{run_id} comes back")
        assert site.texas.held(series) == {}

    assert [line for line in shown if "served logs" in line] == []
    assert [site.finished(run_id) for run_id in runs] == ["success", "success"], [site.why(run_id) for run_id in runs]
    assert site.texas.held(series) == amounts
    assert set(site.status(*(f"inv-{number}" for number in amounts)).values()) <= {
        ("Synced", "created"),
        ("Synced", "unchanged"),
    }
    assert site.sent(series) == dict.fromkeys(amounts, 1)
    for run_id in runs:
        told = " ".join(site.log(run_id, "push", site.texas, attempt=1))
        assert "another run is pushing to texas: this one waits for it, up to 3 seconds" in told
        assert "busy: texas: another run is pushing to this company" in told
        assert site.task_states(run_id)["realm.push", 0] == "success"


def log_of_push_at_work(site: Site, run_id: str) -> list[str]:
    """The lines that the UI shows of the push to Texas while it runs; none when it was not running before and after."""
    is_running = ("realm.push", 0), "running"
    if is_running not in site.task_states(run_id).items():
        return []
    lines = site.log(run_id, "push", site.texas)
    return lines if is_running in site.task_states(run_id).items() else []
