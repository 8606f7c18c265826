"""The first page: which companies there are, and what the last runs did."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from include.billing_sync.statuses import GRAVITY, Status
from include.stores.findings import FindingsStore
from include.stores.first_calls import first_calls
from qbo_console import answers
from qbo_console.companies import companies
from qbo_console.guards import GetUserDep, can_act, readable
from qbo_console.state import State

router = APIRouter()

STATUSES = sorted(Status, key=lambda status: -GRAVITY[status])
MODES = {"push": "push", "plan_only": "plan only", "push_after_approval": "push after approval"}
KINDS = {"manual": "by hand", "scheduled": "by its schedule", "backfill": "backfill"}
"""What Airflow's run ids begin with, in words."""
REASONS_SHOWN = 5
"""Of one run; its findings have all of them."""
AUTO_SYNC = "qbo_auto_sync"
DAYS = 7
"""Back to which the time until the first call is looked at."""


@router.get("/")
def overview_page(request: Request, user: GetUserDep, state: State) -> Response:
    """Companies and recent runs; only runs of DAGs that the user may see."""
    store = FindingsStore(state)
    dag_ids = readable(store.dag_ids(), user)
    runs = store.recent_runs(dag_ids)
    return answers.page(
        request,
        "overview.html",
        companies=companies(state),
        runs=runs,
        statuses=STATUSES,
        modes=MODES,
        kinds=KINDS,
        first_calls=first_calls(state, AUTO_SYNC, DAYS) if AUTO_SYNC in dag_ids else [],
        days=DAYS,
        shown=REASONS_SHOWN,
        can_act=can_act(user),
    )
