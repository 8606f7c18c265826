"""The approval of a plan in Airflow: shows totals and the first rows, and writes the decision into the plan.

``push`` obeys the plan's row alone: in a mapped task group a rejected approval does not stop what follows it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator

from include.wiring import approvals

APPROVE = "Approve"
REJECT = "Reject"


class PlanApproval(HITLOperator):
    """Asks a person about one realm's plan, where the plan waits for one; otherwise it returns at once.

    :param plan: what the plan task returned: realm key and plan id (an XCom of ids and counts)
    :param response_timeout: after that the plan counts as rejected
    """

    template_fields = (*HITLOperator.template_fields, "plan")

    def __init__(self, *, plan: Any, response_timeout: timedelta = timedelta(hours=24), **kwargs: Any) -> None:
        super().__init__(
            subject="Push this plan to QuickBooks?",
            body="",
            options=[APPROVE, REJECT],
            defaults=REJECT,
            response_timeout=response_timeout,
            **kwargs,
        )
        self.plan = plan

    def execute(self, context: Any) -> Any:
        """Return the plan's ids, or park the task until somebody answers."""
        question = approvals.question(self.plan)
        if question is None:
            return self.plan
        self.subject, self.body = question.subject, question.body
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Store the answer, or the time-out's rejection, in the plan."""
        answer = super().execute_complete(context, event)
        is_approved = list(answer["chosen_options"]) == [APPROVE]
        user = answer["responded_by_user"]
        who = (user or {}).get("name") or "nobody answered in time"
        approvals.decide(self.plan, is_approved=is_approved, by=who)
        self.log.info("Plan %s: %s by %s", self.plan["plan_id"], "approved" if is_approved else "rejected", who)
        return self.plan
