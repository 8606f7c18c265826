-- Purpose: a run that is repeated plans anew: its earlier plans are superseded, and what they had not sent is stale.
-- Grain: one plan. Parameters: realm, dag_id, run_id.
with superseded as (
    update qbo_sync.plans as plan
    set state = 'superseded'
    where
        plan.realm = %(realm)s
        and plan.dag_id = %(dag_id)s
        and plan.run_id = %(run_id)s
        and plan.state in ('open', 'planned')
    returning plan.id
)

update qbo_sync.plan_items as item
set
    state = 'stale',
    detail = 'superseded by a later plan of the same run',
    settled_at = clock_timestamp()
from superseded
where item.plan_id = superseded.id and item.state in ('planned', 'held')
