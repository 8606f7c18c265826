"""
### Keep QuickBooks in step with billing, every hour

Takes what changed in billing since the last run, and documents whose cause changed: a mapping, a reference, the closing date, the
settings. Once a night it looks at everything in scope again: documents that were refused, and those whose content differs from
what the last run saw, so that late commits and line edits are found too.

**Switching it on.** Unpause it: that is the auto-sync. The first run takes every invoice from the company's start date on that is
not a draft. **Sync now** is a manual run: press *Trigger* when an hour is too long to wait. While the schedule is paused, Airflow
keeps such a run waiting (and its dialog offers to switch the schedule on); to push without it, trigger `qbo_export_invoices`.

**What to expect.** As for `qbo_export_invoices`: a run whose documents were skipped or refused is a *successful run with
findings*. Changes of more than `updates_without_approval` Synced documents, or in a reported period, wait for a person: trigger
`qbo_export_invoices` with *Push after approval* for them. What a person is being asked about, or has rejected, it leaves alone.

**When not to trigger it.** While the books are being closed, and for single invoices: the export's form is made for those.
"""

from __future__ import annotations

from airflow.sdk import CronDataIntervalTimetable, dag, timezone

from include.wiring import forms, pipeline, runs


@dag(
    schedule=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
    start_date=timezone.datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    params=forms.sync_form(),
    doc_md=__doc__,
    default_args=pipeline.DEFAULTS,
    tags=["qbo", "push", "invoices"],
)
def qbo_auto_sync() -> None:
    """The same steps as the export, over what changed; nobody is asked."""
    pipeline.push_realms(runs.extract_changes, with_approval=False)


qbo_auto_sync()
