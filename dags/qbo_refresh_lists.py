"""
### Read QuickBooks' lists anew

Customers, items, accounts, tax codes and rates, vendors, employees and terms, and the company's own facts (closing date,
currencies, numbering), into the reference cache that checks, mappings and preflight look at.

**When to trigger it by hand.** After somebody added or renamed customers, vendors, items or tax codes in QuickBooks: what is
new can be mapped and used at once. It writes nothing to QuickBooks and may run at any time.

**What to expect.** One line per list with its counts. Warnings name what the accountant changed in the company, and every row
of the mapping book whose entry was renamed, became inactive or is gone. Mappings go on by id; a person decides whether the new
name is still what was meant. A company that cannot be reached does not hold up the others.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, task, timezone

from include.wiring import forms, pipeline, runs


@dag(
    schedule=CronDataIntervalTimetable("30 2 * * *", timezone="UTC"),
    start_date=timezone.datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    params=forms.refresh_form(),
    doc_md=__doc__,
    default_args=pipeline.DEFAULTS,
    tags=["qbo", "lists"],
)
def qbo_refresh_lists() -> None:
    """One mapped task over the realms, and a last one that raises if any of them failed."""

    @task
    def choose(**context: Any) -> list[str]:
        return runs.choose(context)

    @task(map_index_template="{{ task.op_kwargs['realm_key'] }}")
    def refresh(realm_key: str, **context: Any) -> dict[str, Any]:
        from include.wiring import list_refreshing

        return list_refreshing.refresh(realm_key, context)

    @task(trigger_rule="all_done")
    def finish(**context: Any) -> None:
        runs.finish(context, reporting="refresh")

    refresh.expand(realm_key=choose()) >> finish()


qbo_refresh_lists()
