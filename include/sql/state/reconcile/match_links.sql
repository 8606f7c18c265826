-- Says of each document in QuickBooks which document of billing it is, by our links.
-- Grain: one document of QuickBooks. Parameters: realm, source, kind.
update reconcile_held as held
set
    billing_id = link.billing_id,
    is_linked = true
from qbo_sync.links as link
where
    link.realm = %(realm)s
    and link.source = %(source)s
    and link.kind = %(kind)s
    and link.entity = held.entity
    and link.qbo_id = held.qbo_id
    and held.billing_id is null
