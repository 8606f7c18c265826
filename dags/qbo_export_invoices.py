"""
### Export invoices to QuickBooks Online

Puts the invoices of billing into QuickBooks: checked first, planned, then written, each exactly once.

**What to expect.** For every company (realm) the tasks are `preflight → extract → check → plan → approve → push → report`. The
log of `push` has one line per document: number, status, action, QuickBooks id, total, reason. A run whose documents were
skipped or refused is a *successful run with findings*: open **Findings** under the run for the list with the cure of each.

**When to trigger it by hand.** To export a date range, single invoices or customers, to look at a plan before it is pushed
(*Plan only*, *Push after approval*), to send invoices through QuickBooks' mail, or to re-copy invoices after a mapping changed.
With no dates and no filter, everything from the company's start date on is taken. Triggering it twice does no harm.

**When not to.** Not while books are being closed, not to correct a single invoice that was edited in QuickBooks
(`edited_in_qbo` is for a person to settle), and not to repeat a run that is still running: the second one waits.
A run that waits for your approval is not to be cleared: reject it, and trigger a new one.

**Backfill** of a date range pushes each invoice once, however often it is stopped and resumed. Documents in a closed period are
skipped and named. A run takes the day that ended within its interval, by the company's own calendar: the day of its logical date,
but **in North America the day before it**, so that October is backfilled there from 2 October to 1 November. The form's dates are
the company's own everywhere.
"""

from __future__ import annotations

from airflow.sdk import CronDataIntervalTimetable, dag, timezone

from include.wiring import forms, pipeline, runs


@dag(
    schedule=CronDataIntervalTimetable("0 3 * * *", timezone="UTC"),
    start_date=timezone.datetime(2026, 1, 1),
    catchup=False,
    params=forms.export_form(),
    doc_md=__doc__,
    default_args=pipeline.DEFAULTS,
    tags=["qbo", "push", "invoices"],
)
def qbo_export_invoices() -> None:
    """preflight, extract, check, plan, approve, push, report for every realm."""
    pipeline.push_realms(runs.extract, with_approval=True)


qbo_export_invoices()
