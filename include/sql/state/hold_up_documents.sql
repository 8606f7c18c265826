-- Purpose: the whole company is closed to us, so every document of a plan that is still planned waits for the same reason.
-- Grain: one billing document. Parameters: plan_id, reason, detail, names (kinds that are no documents).
with waiting as (
    select
        status.source,
        status.kind,
        status.billing_id
    from qbo_sync.statuses as status
    inner join qbo_sync.plan_items as item
        on
            status.source = item.source
            and status.kind = item.kind
            and status.billing_id = item.billing_id
    where
        item.plan_id = %(plan_id)s
        and item.state = 'planned'
        and item.action <> 'send'
        and not item.kind = any(%(names)s)
        and status.status = 'Pending'
    order by status.source, status.kind, status.billing_id
    for update of status
)

update qbo_sync.statuses as status
set
    reason = %(reason)s,
    reasons = jsonb_build_array(jsonb_build_object('reason', %(reason)s::text, 'detail', %(detail)s::text)),
    detail = %(detail)s,
    since_at = case when status.reason = %(reason)s then status.since_at else clock_timestamp() end
from waiting
where
    status.source = waiting.source
    and status.kind = waiting.kind
    and status.billing_id = waiting.billing_id
