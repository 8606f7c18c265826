-- Purpose: the mapping book of a realm.
-- Grain: one billing key of one kind. Parameters: realm.
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
where realm = %(realm)s
order by kind, billing_key
