"""Backfill of a date range: ten runs at once, killed halfway, resumed, and made again."""

from __future__ import annotations

import contextlib
import json
import signal
from datetime import date, timedelta
from decimal import Decimal

import pytest

from demo.runner import processes
from demo.runner.airflow_api import AirflowApiError
from tests.e2e.site import EXPORT, Site, airflow_command, day

pytestmark = pytest.mark.e2e

DAYS = 10


def test_a_backfill_killed_halfway_and_resumed_writes_each_invoice_once(site: Site) -> None:
    """Ten runs at once; their tasks' processes are killed; all days made again from the UI: what was there is not sent again."""
    first, series = day(85), site.series("B")
    dates = [first + timedelta(days=number) for number in range(DAYS)]
    amounts = {}
    for number, on in enumerate(dates):
        for part in range(4):
            amounts[f"{series}-{number}-{part}"] = Decimal(number) + Decimal("0.10") * (part + 1)
            site.texas.invoice(f"{series}-{number}-{part}", on, str(amounts[f"{series}-{number}-{part}"]))

    # Texas lies behind UTC: what is dated on a day belongs to the interval that begins on the next one.
    first_run, last_run = (on + timedelta(days=1) for on in (dates[0], dates[-1]))

    runs = create(site, first_run, last_run)
    site.wait_until(lambda: site.texas.held(series), "the first invoices are in QuickBooks", 600)
    at_once = site.metadata("select count(*) from dag_run where run_id = any(%s) and state = 'running'", runs)
    stop(site, runs)
    before = site.texas.held(series)
    end = site.journal_end()
    resumed = site.backfill(first_run, last_run, realm="texas")
    states = {run_id: site.finished(run_id, seconds=900) for run_id in resumed}

    assert (len(runs), at_once, resumed) == (DAYS, [(DAYS,)], runs)
    assert len(before) < len(amounts), "the kill came too late to prove anything"
    assert set(states.values()) == {"success"}, [site.why(run_id) for run_id in states]
    assert site.texas.held(series) == amounts
    assert site.sent(series) == dict.fromkeys(amounts, 1), "what was there is not sent again"
    assert len([call for call in site.calls(site.texas, end) if call.is_write]) <= DAYS


def create(site: Site, first: date, last: date) -> list[str]:
    """Start a backfill with Airflow's command line, ten runs at once; returns its runs."""
    site.unpause(EXPORT)
    last_one = "select coalesce(max(id), 0) from backfill"
    before = site.metadata(last_one)[0][0]
    site.wait_until(lambda: not site.metadata("select 1 from backfill where completed_at is null"), "no other backfill")
    words = ["--dag-id", EXPORT, "--from-date", str(first), "--to-date", f"{last}T23:00:00", "--max-active-runs", "10"]
    conf = ["--reprocess-behavior", "completed", "--dag-run-conf", json.dumps({"realm": "texas"})]
    site.stack.run("backfill", airflow_command("backfill", "create", *words, *conf))
    (made,) = site.metadata(last_one)[0]
    assert made > before
    return site.runs_of_backfill(made)


def stop(site: Site, runs: list[str]) -> None:
    """Cancel the backfill, kill the processes of its tasks at once, and mark what ran as failed, as a person does."""
    (backfill,) = site.metadata("select max(id) from backfill")[0]
    site.cancel_backfill(backfill)
    scheduler = site.stack.component("scheduler").process()
    assert scheduler is not None
    workers = {one.pid for one in processes.process_table().values() if one.parent == scheduler.pid}
    tasks = [one for one in processes.process_table().values() if one.parent in workers]
    processes.send_signal(tasks, signal.SIGKILL)
    assert tasks, "no task was at work"
    for run_id in runs:
        site.wait_until(lambda run_id=run_id: is_failed(site, run_id), f"{run_id} is marked as failed", every=1.0)


def is_failed(site: Site, run_id: str) -> bool:
    """Mark a run as failed unless it has ended; Airflow's own scheduler may be in the way for a moment."""
    with contextlib.suppress(AirflowApiError):
        if site.api.run(EXPORT, run_id)["state"] in ("queued", "running"):
            site.api.patch(f"dags/{EXPORT}/dagRuns/{run_id}?update_mask=state", {"state": "failed"})
        return True
    return False
