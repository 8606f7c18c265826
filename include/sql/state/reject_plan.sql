-- Purpose: a person said no to a plan: nothing of it is sent any more, and the status of its documents says who decided so.
-- A document that only waited for its mail is in QuickBooks all the same and keeps its status.
-- Grain: one plan item and its document's status. Parameters: plan_id, detail.
with withdrawn as (
    update qbo_sync.plan_items as item
    set
        state = 'stale',
        detail = %(detail)s,
        settled_at = clock_timestamp()
    where item.plan_id = %(plan_id)s and item.state in ('planned', 'held')
    returning item.source, item.kind, item.billing_id, item.action
),

shown as (
    select
        status.source,
        status.kind,
        status.billing_id
    from qbo_sync.statuses as status
    inner join withdrawn
        on
            status.source = withdrawn.source
            and status.kind = withdrawn.kind
            and status.billing_id = withdrawn.billing_id
    where withdrawn.action <> 'send' and status.plan_id = %(plan_id)s
    order by status.source, status.kind, status.billing_id
    for update of status
)

update qbo_sync.statuses as status
set
    status = 'Skipped',
    reason = 'needs_approval',
    reasons = jsonb_build_array(
        jsonb_build_object('reason', 'needs_approval', 'detail', %(detail)s::text, 'severity', 'approve')
    ),
    detail = %(detail)s,
    since_at = clock_timestamp()
from shown
where
    status.source = shown.source
    and status.kind = shown.kind
    and status.billing_id = shown.billing_id
