-- Purpose: what the last change of a key replaced; before is null when there was nothing.
-- Grain: one row at most. Parameters: realm, kind, billing_key.
select before
from qbo_sync.mapping_history
where
    realm = %(realm)s
    and kind = %(kind)s
    and billing_key = %(billing_key)s
order by id desc
limit 1
