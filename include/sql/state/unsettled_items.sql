-- Purpose: items of a realm whose outcome is unknown: marked so, or claimed under an earlier lock and never answered.
-- Grain: one plan item. Parameters: realm, epoch (the present push epoch).
select item.*
from qbo_sync.plan_items as item
where
    item.realm = %(realm)s
    and (
        item.state = 'unknown'
        or (item.state = 'sending' and item.push_epoch <> %(epoch)s)
    )
order by item.claimed_at, item.id
