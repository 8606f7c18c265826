"""
### Look after the sync, every day

Settles what is unknown: where the answer to a sending was lost and no push came since, QuickBooks is asked what became of it.
Tells people before it hurts: sign-ons that end within 30 and within 7 days, the month's reads, a closing date or preference
that the accountant changed, work that stands still (sendings without an outcome, plans nobody approves, documents that stay
Pending, a company that is throttled for hours). And keeps the state small: the audit's next months are made, plans that nobody
pushed are ended, candidates, stale plans and reports are deleted after 35 days (the form's last field).

**What to expect.** The log of `watch` has one line per thing to know, each with its cure, as long as it holds. The mail to
`alert_to` has each of them once. A run that found something to tell is a *successful* run; a company that cannot be asked
does not hold up the others.

**When to trigger it by hand.** After an outage, to settle at once (`ledgerline settle --wait` does only that). It sends nothing
and may run at any time: while a push is running, that one settles its company itself.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, task, task_group, timezone

from include.wiring import forms, pipeline, runs


@dag(
    schedule=CronDataIntervalTimetable("30 5 * * *", timezone="UTC"),
    start_date=timezone.datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    params=forms.care_form(),
    doc_md=__doc__,
    default_args=pipeline.DEFAULTS,
    tags=["qbo", "care"],
)
def qbo_care() -> None:
    """settle, watch, report for every realm; tidy once; a last task raises if any realm failed."""

    @task
    def choose(**context: Any) -> list[str]:
        return runs.choose(context)

    @task
    def tidy(**context: Any) -> dict[str, Any]:
        from include.wiring import caring

        return caring.tidy(context)

    @task_group
    def realm(realm_key: str) -> None:
        @task(map_index_template=pipeline.OF_REALM)
        def settle(realm_key: str, **context: Any) -> dict[str, Any]:
            from include.wiring import caring

            return caring.settle(realm_key, context)

        @task(map_index_template=pipeline.OF_REALM)
        def watch(realm_key: str, **context: Any) -> dict[str, Any]:
            from include.wiring import caring

            return caring.watch(realm_key, context)

        @task(trigger_rule="all_done", map_index_template=pipeline.OF_REALM)
        def report(realm_key: str, **context: Any) -> dict[str, Any]:
            from include.wiring import caring

            return caring.report(realm_key, context)

        # Two looks at one realm, neither of which waits for the other to succeed.
        [settle(realm_key), watch(realm_key)] >> report(realm_key)

    @task(trigger_rule="all_done")
    def finish(**context: Any) -> None:
        runs.finish(context)

    tidy()
    realm.expand(realm_key=choose()) >> finish()


qbo_care()
