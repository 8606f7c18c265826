"""
### Compare billing and QuickBooks

Starts from billing: every invoice of the period is in QuickBooks, or has a status that says why not. Then from QuickBooks:
whatever it holds is known to billing. What is on both sides is compared to the cent: number, total, tax, open balance, date,
customer, currency, and every field of ours that somebody edited. By default this month and the three before.

**What to expect.** A run that finds drift is a *successful run with findings*. The log of `report` has the classes with their
counts and money and one table of months, in which billing less QuickBooks is explained and drift, to the cent. Each difference
is a row of `qbo_sync.differences` with both values and a proposed repair, and the run keeps a page that opens offline.
Drafts, opted-out and skipped documents are explained, not drift; payments that billing does not know yet are named apart.

**When to trigger it by hand.** Before closing a month, after work in QuickBooks, or for *all documents* after a restored
backup. It repairs nothing and writes nothing to QuickBooks, so it does no harm at any time; while an export is running,
documents that it is writing just then are shown as planned.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, task, task_group, timezone

from include.wiring import forms, pipeline, runs


@dag(
    schedule=CronDataIntervalTimetable("30 4 * * *", timezone="UTC"),
    start_date=timezone.datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    params=forms.reconcile_form(),
    doc_md=__doc__,
    default_args=pipeline.DEFAULTS,
    tags=["qbo", "reconcile", "invoices"],
)
def qbo_reconcile() -> None:
    """preflight, compare, report for every realm; a last task raises if any of them failed."""

    @task
    def choose(**context: Any) -> list[str]:
        return runs.choose(context)

    @task_group
    def realm(realm_key: str) -> None:
        @task(map_index_template=pipeline.OF_REALM)
        def preflight(realm_key: str, **context: Any) -> str:
            return runs.preflight(realm_key, context)

        @task(map_index_template=pipeline.OF_REALM)
        def compare(realm_key: str, **context: Any) -> dict[str, Any]:
            from include.wiring import reconciling

            return reconciling.compare(realm_key, context)

        @task(trigger_rule="all_done", map_index_template=pipeline.OF_REALM)
        def report(realm_key: str, **context: Any) -> dict[str, Any]:
            from include.wiring import reconcile_report

            return reconcile_report.report(realm_key, context)

        compare(preflight(realm_key)) >> report(realm_key)

    @task(trigger_rule="all_done")
    def finish(**context: Any) -> None:
        runs.finish(context)

    realm.expand(realm_key=choose()) >> finish()


qbo_reconcile()
