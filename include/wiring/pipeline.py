"""The steps that the push DAGs share: one task group per realm, and the last task that raises for those that failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow.sdk import task, task_group

from include.wiring import runs
from include.wiring.approval import PlanApproval
from include.wiring.retry import BUSY_RETRIES, RETRIES, SyncRetryPolicy
from include.wiring.waits import RETRY_DELAY

Extract = Callable[[str, Mapping[str, Any]], dict[str, Any]]

DEFAULTS = {
    "owner": "finance-data",
    "retries": RETRIES,
    "retry_delay": RETRY_DELAY,
    "retry_policy": SyncRetryPolicy(),
}
"""Default arguments of a push DAG: the policy decides by the typed error whether a task is repeated, and when."""


OF_REALM = "{{ task.op_args[0] }}"
"""Names the instances of a mapped task by their company instead of by a number, for a task that is given the realm key."""
OF_PLAN = "{{ task.op_args[0]['realm_key'] }}"
"""As above, for a task that is given what the one before it handed on."""


def push_realms(extract_step: Extract, *, with_approval: bool) -> None:
    """Wire ``choose`` to one mapped task group over the realms and to ``finish``, inside a DAG.

    Default trigger rules inside, so that one dead realm does not touch the others; ``all_done`` only on the report.
    """

    @task
    def choose(**context: Any) -> list[str]:
        return runs.choose(context)

    @task_group
    def realm(realm_key: str) -> None:
        @task(map_index_template=OF_REALM)
        def preflight(realm_key: str, **context: Any) -> str:
            return runs.preflight(realm_key, context)

        @task(map_index_template=OF_REALM)
        def extract(realm_key: str, **context: Any) -> dict[str, Any]:
            return extract_step(realm_key, context)

        @task(map_index_template=OF_PLAN)
        def check(plan: dict[str, Any], **context: Any) -> dict[str, Any]:
            return runs.check(plan, context)

        @task(task_id="plan", map_index_template=OF_PLAN)
        def make_plan(plan: dict[str, Any], **context: Any) -> dict[str, Any]:
            return runs.plan(plan, context)

        @task(retries=BUSY_RETRIES, map_index_template=OF_PLAN)
        def push(plan: dict[str, Any], **context: Any) -> dict[str, Any]:
            return runs.push(plan, context)

        @task(trigger_rule="all_done", map_index_template=OF_REALM)
        def report(realm_key: str, **context: Any) -> dict[str, Any]:
            return runs.report(realm_key, context)

        planned = make_plan(check(extract(preflight(realm_key))))
        decided = PlanApproval(task_id="approve", plan=planned).output if with_approval else planned
        push(decided) >> report(realm_key)

    @task(trigger_rule="all_done")
    def finish(**context: Any) -> None:
        runs.finish(context)

    realm.expand(realm_key=choose()) >> finish()
