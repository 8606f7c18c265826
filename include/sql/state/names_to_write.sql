-- Purpose: the customers and items of a plan that are to be created before the documents that need them.
-- Grain: one plan item. Parameters: plan_id, names (kinds), without (plan item ids to leave alone).
select item.*
from qbo_sync.plan_items as item
where
    item.plan_id = %(plan_id)s
    and item.kind = any(%(names)s)
    and item.state = 'planned'
    and not item.id = any(%(without)s::bigint [])
    and not exists (
        select 1
        from qbo_sync.plan_items as other
        where
            other.realm = item.realm
            and other.source = item.source
            and other.kind = item.kind
            and other.billing_id = item.billing_id
            and other.state in ('sending', 'unknown')
    )
order by item.step
