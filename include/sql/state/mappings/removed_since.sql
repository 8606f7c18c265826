-- Purpose: keys that were taken out of the book after a moment, with who did it last.
-- Grain: one billing key. Parameters: realm, kind, since (null: never loaded nor saved, so nothing counts).
select distinct on (billing_key)
    billing_key,
    changed_by,
    changed_at
from qbo_sync.mapping_history
where
    realm = %(realm)s
    and kind = %(kind)s
    and operation = 'delete'
    and changed_at > %(since)s::timestamptz
order by billing_key asc, changed_at desc
