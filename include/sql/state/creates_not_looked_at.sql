-- Purpose: the next planned creates, so that QBO is asked for their numbers before the first of them is sent.
-- Empty while the very next create has been looked for under the present lock.
-- Grain: one plan item. Parameters: plan_id, since (when the lock was taken), names (kinds that are no documents), limit.
with creates as (
    select item.*
    from qbo_sync.plan_items as item
    where
        item.plan_id = %(plan_id)s
        and item.action = 'create'
        and item.state = 'planned'
        and item.outcome is distinct from 'absent'
        and not item.kind = any(%(names)s)
    order by item.step
    limit %(limit)s
),

final as (
    select creates.*
    from creates
    where
        creates.looked_at is null
        or creates.looked_at < %(since)s
)

select final.*
from final
where (
    select creates.looked_at is null or creates.looked_at < %(since)s
    from creates
    order by creates.step
    limit 1
)
order by final.step
