-- Purpose: the mapping book of a realm, or of one kind, or some keys of it.
-- Grain: one billing key of one kind. Parameters: realm, kind (null: all), billing_keys (null: all).
select
    kind,
    billing_key,
    nullif(billing_name, '') as billing_name,
    qbo_id,
    qbo_name,
    is_excluded,
    origin,
    changed_by,
    changed_at
from qbo_sync.mappings
where
    realm = %(realm)s
    and (%(kind)s::text is null or kind = %(kind)s::text)
    and (%(billing_keys)s::text[] is null or billing_key = any(%(billing_keys)s::text[]))
order by kind, billing_key
