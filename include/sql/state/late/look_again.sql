-- Lets QuickBooks be asked again before these documents are created: what answered late may be there.
-- Grain: one planned create. Parameters: realm, sources, kinds, billing_ids (arrays of equal length).
update qbo_sync.plan_items as item
set looked_at = null
from unnest(%(sources)s::text [], %(kinds)s::text [], %(billing_ids)s::text []) as late (source, kind, billing_id)
where
    item.realm = %(realm)s
    and item.source = late.source
    and item.kind = late.kind
    and item.billing_id = late.billing_id
    and item.action = 'create'
    and item.state = 'planned'
