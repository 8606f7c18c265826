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

**Backfill** of a date range pushes each invoice once, however often it is stopped and resumed. Documents in a closed period are
skipped and named.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task, task_group, timezone

from include.wiring import approval, forms, retry, runs

RETRIES = {"retries": retry.BUSY_RETRIES, "retry_delay": timedelta(minutes=1), "retry_policy": retry.SyncRetryPolicy()}


@dag(
    schedule=CronDataIntervalTimetable("0 3 * * *", timezone="UTC"),
    start_date=timezone.datetime(2026, 1, 1),
    catchup=False,
    params=forms.export_form(),
    doc_md=__doc__,
    default_args={"owner": "finance-data", **RETRIES},
    tags=["qbo", "push", "invoices"],
)
def qbo_export_invoices() -> None:
    """One mapped task group over the realms; every task body is one call."""

    @task(retries=0)
    def choose(**context: object) -> list[str]:
        return runs.choose(context)

    @task_group
    def realm(realm_key: str) -> None:
        @task
        def preflight(realm_key: str, **context: object) -> str:
            return runs.preflight(realm_key, context)

        @task
        def extract(realm_key: str, **context: object) -> dict[str, object]:
            return runs.extract(realm_key, context)

        @task
        def check(plan: dict[str, object], **context: object) -> dict[str, object]:
            return runs.check(plan, context)

        @task(task_id="plan")
        def make_plan(plan: dict[str, object], **context: object) -> dict[str, object]:
            return runs.plan(plan, context)

        @task
        def push(plan: dict[str, object], **context: object) -> dict[str, object]:
            return runs.push(plan, context)

        @task(trigger_rule="all_done", retries=3)
        def report(realm_key: str, **context: object) -> dict[str, object]:
            return runs.report(realm_key, context)

        ready = preflight(realm_key)
        planned = make_plan(check(extract(ready)))
        approved = approval.PlanApproval(task_id="approve", plan=planned, retries=0)
        push(approved.output) >> report(realm_key)

    @task(trigger_rule="all_done", retries=0)
    def finish(**context: object) -> None:
        runs.finish(context)

    realm.expand(realm_key=choose()) >> finish()


qbo_export_invoices()
