-- Purpose: take the rows that are about to be claimed, if they are still planned and nothing of their document is in flight.
-- Grain: one plan item. Parameters: ids, names (kinds that are no documents).
select item.*
from qbo_sync.plan_items as item
where
    item.id = any(%(ids)s::bigint [])
    and item.state = 'planned'
    and not exists (
        select 1
        from qbo_sync.plan_items as other
        where
            other.source = item.source
            and other.kind = item.kind
            and other.billing_id = item.billing_id
            and (other.environment = item.environment and not item.kind = any(%(names)s) or other.realm = item.realm)
            and other.state in ('sending', 'unknown')
    )
order by item.source, item.kind, item.billing_id, item.step
for update
