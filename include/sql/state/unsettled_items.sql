-- Purpose: items of a realm whose outcome is unknown: marked so, or claimed under an earlier lock and never answered.
-- Grain: one plan item, with the text that was sent last. Parameters: realm, epoch (the present push epoch).
select
    item.*,
    sent.request
from qbo_sync.plan_items as item
left join lateral (
    select attempts.request
    from qbo_sync.attempts
    where attempts.plan_item = item.id and attempts.event = 'sent'
    order by attempts.at desc, attempts.id desc
    limit 1
) as sent on true
where
    item.realm = %(realm)s
    and (
        item.state = 'unknown'
        or (item.state = 'sending' and item.push_epoch <> %(epoch)s)
    )
order by item.claimed_at, item.id
