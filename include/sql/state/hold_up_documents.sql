-- Purpose: the whole company is closed to us, so every document of a plan that is still planned waits for the same reason.
-- Grain: one billing document. Parameters: plan_id, reason, detail, names (kinds that are no documents).
update qbo_sync.statuses as status
set
    reason = %(reason)s,
    reasons = jsonb_build_array(jsonb_build_object('reason', %(reason)s::text, 'detail', %(detail)s::text)),
    detail = %(detail)s,
    since_at = case when status.reason = %(reason)s then status.since_at else clock_timestamp() end
from qbo_sync.plan_items as item
where
    item.plan_id = %(plan_id)s
    and item.state = 'planned'
    and item.action <> 'send'
    and not item.kind = any(%(names)s)
    and status.source = item.source
    and status.kind = item.kind
    and status.billing_id = item.billing_id
    and status.status = 'Pending'
