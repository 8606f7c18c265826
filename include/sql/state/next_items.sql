-- Purpose: what a push may claim next: planned documents of a plan whose document has nothing else in flight.
-- Creates come only after QBO was asked for their number under the present lock.
-- Grain: one plan item. Parameters: plan_id, limit, since (when the lock was taken), names, without (ids to leave alone).
select item.*
from qbo_sync.plan_items as item
where
    item.plan_id = %(plan_id)s
    and item.state = 'planned'
    and item.action in ('create', 'update', 'void')
    and not item.kind = any(%(names)s)
    and not item.id = any(%(without)s::bigint [])
    and (item.action <> 'create' or item.looked_at >= %(since)s)
    and not exists (
        select 1
        from qbo_sync.plan_items as other
        where
            other.source = item.source
            and other.kind = item.kind
            and other.billing_id = item.billing_id
            and other.environment = item.environment
            and other.state in ('sending', 'unknown')
    )
order by item.step
limit %(limit)s
