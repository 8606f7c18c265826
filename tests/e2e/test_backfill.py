"""Backfill of a date range: ten runs at once, killed halfway, resumed, and made again."""

from __future__ import annotations

import json
import signal
from datetime import timedelta
from decimal import Decimal

import pytest

from demo.runner import processes
from tests.e2e.site import EXPORT, Site, airflow_command, day

pytestmark = pytest.mark.e2e

DAYS = 10


def test_a_backfill_killed_halfway_and_resumed_writes_each_invoice_once(site: Site) -> None:
    """Ten runs at once; the processes of their tasks are killed; resumed, all is there once; made again, nothing is written."""
    first, series = day(85), site.series("B")
    dates = [first + timedelta(days=number) for number in range(DAYS)]
    amounts = {}
    for number, on in enumerate(dates):
        for part in range(4):
            amounts[f"{series}-{number}-{part}"] = Decimal(number) + Decimal("0.10") * (part + 1)
            site.texas.invoice(f"{series}-{number}-{part}", on, str(amounts[f"{series}-{number}-{part}"]))

    runs = create(site, "none")
    site.wait_until(lambda: site.texas.held(series), "the first invoices are in QuickBooks", 240)
    stop(site, runs)
    before = site.texas.held(series)
    resumed = create(site, "failed")
    states = {run_id: site.finished(run_id, seconds=400) for run_id in {*runs, *resumed}}

    assert len(runs) == DAYS
    assert len(before) < len(amounts), "the kill came too late to prove anything"
    assert set(states.values()) == {"success"}, [site.why(run_id) for run_id in states]
    assert site.texas.held(series) == amounts

    end = site.journal_end()
    again = create(site, "completed")
    states = {run_id: site.finished(run_id, seconds=400) for run_id in again}

    assert len(again) == DAYS
    assert set(states.values()) == {"success"}, [site.why(run_id) for run_id in states]
    assert [call for call in site.calls(site.texas, end) if call.is_write] == []
    assert site.texas.held(series) == amounts


def create(site: Site, reprocess: str) -> list[str]:
    """Start a backfill with Airflow's command line, ten runs at once; returns its runs."""
    site.unpause(EXPORT)
    # Texas lies behind UTC: what is dated on a day belongs to the interval that begins on the next one.
    first, last = day(84), day(85 - DAYS)
    last_one = "select coalesce(max(id), 0) from backfill"
    before = site.metadata(last_one)[0][0]
    site.wait_until(lambda: not site.metadata("select 1 from backfill where completed_at is null"), "no other backfill")
    words = ["--dag-id", EXPORT, "--from-date", str(first), "--to-date", f"{last}T23:00:00", "--max-active-runs", "10"]
    conf = ["--reprocess-behavior", reprocess, "--dag-run-conf", json.dumps({"realm": "texas"})]
    site.stack.run(f"backfill, reprocess {reprocess}", airflow_command("backfill", "create", *words, *conf))
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
        if site.api.run(EXPORT, run_id)["state"] in ("queued", "running"):
            site.api.patch(f"dags/{EXPORT}/dagRuns/{run_id}?update_mask=state", {"state": "failed"})
