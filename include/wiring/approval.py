"""The approval of a plan in Airflow: shows totals and the first rows, and writes the decision into the plan.

``push`` obeys the plan's row alone: in a mapped task group a rejected approval does not stop what follows it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator

from include.stores.plans import NOBODY
from include.wiring import approvals

REJECT = "Reject"


class PlanApproval(HITLOperator):
    """Asks a person about one realm's plan, where the plan waits for one; otherwise it returns at once.

    A task that is cleared while it waits keeps its first question: Airflow stores no second text. The button therefore names
    the plan that was shown, and its version where it was made again; a yes to an earlier one approves nothing.

    :param plan: what the plan task returned: realm key and plan id (an XCom of ids and counts)
    :param response_timeout: after that the plan counts as rejected
    """

    template_fields = (*HITLOperator.template_fields, "plan")

    def __init__(self, *, plan: Any, response_timeout: timedelta = timedelta(hours=24), **kwargs: Any) -> None:
        super().__init__(
            subject="Push this plan to QuickBooks?",
            body="",
            options=["Approve plan …", REJECT],
            defaults=REJECT,
            response_timeout=response_timeout,
            map_index_template="{{ task.plan['realm_key'] }}",
            **kwargs,
        )
        self.plan = plan

    def execute(self, context: Any) -> Any:
        """Return the plan's ids, or park the task until somebody answers."""
        question = approvals.question(self.plan)
        if question is None:
            self.log.info("plan %s waits for nobody: nothing in it needs an approval", self.plan["plan_id"])
            return self.plan
        self.subject, self.body = question.subject, question.body
        self.options = [question.button, REJECT]
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Store the answer, or the time-out's rejection, in the plan."""
        button = approvals.button(self.plan)
        self.options = [button, REJECT]
        answer = super().execute_complete(context, event)
        is_approved = list(answer["chosen_options"]) == [button]
        user = answer["responded_by_user"]
        who = (user or {}).get("name") or NOBODY
        approvals.decide(self.plan, is_approved=is_approved, by=who)
        self.log.info("Plan %s: %s by %s", self.plan["plan_id"], "approved" if is_approved else "rejected", who)
        return self.plan

    def validate_chosen_options(self, chosen_options: list[str]) -> None:
        """Take an approval of another plan for a rejection of this one; the log says so."""
        if set(chosen_options) - set(self.options):
            self.log.warning(
                "the answer %s is none to plan %s: this run was planned anew after it had asked. Nothing is pushed; "
                "trigger the export again",
                ", ".join(chosen_options) or "(none)",
                self.plan["plan_id"],
            )
