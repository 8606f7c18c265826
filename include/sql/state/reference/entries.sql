-- Purpose: entries of QuickBooks' lists, as last read.
-- Grain: one entry. Parameters: realm, entities, ids (null: all of them).
select
    entity,
    qbo_id,
    name,
    payload ->> 'FullyQualifiedName' as full_name,
    is_active,
    currency,
    parent_id,
    coalesce(payload ->> 'Type', payload ->> 'AccountType') as kind
from qbo_sync.reference
where
    realm = %(realm)s
    and entity = any(%(entities)s::text[])
    and (%(ids)s::text[] is null or qbo_id = any(%(ids)s::text[]))
order by entity, qbo_id
