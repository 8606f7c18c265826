-- Purpose: the whole entries of one list, as QuickBooks sent them.
-- Grain: one entry. Parameters: realm, entity.
select payload::text as payload
from qbo_sync.reference
where
    realm = %(realm)s
    and entity = %(entity)s
order by qbo_id
