-- Purpose: mappings as a file or a person wants them; rows that say so already are left alone, with who changed them.
-- Grain: one mapping. Parameters: rows (JSON), realm, origin, changed_by.
insert into qbo_sync.mappings as kept (
    realm, kind, billing_key, billing_name, qbo_id, qbo_name, is_excluded, origin, changed_by, changed_at
)
select
    %(realm)s,
    given.kind,
    given.billing_key,
    given.billing_name,
    given.qbo_id,
    given.qbo_name,
    given.is_excluded,
    %(origin)s,
    %(changed_by)s,
    clock_timestamp()
from jsonb_to_recordset(%(rows)s::jsonb) as given (
    kind text,
    billing_key text,
    billing_name text,
    qbo_id text,
    qbo_name text,
    is_excluded boolean
)
order by given.kind, given.billing_key
on conflict (realm, kind, billing_key) do update
set
    billing_name = excluded.billing_name,
    qbo_id = excluded.qbo_id,
    qbo_name = excluded.qbo_name,
    is_excluded = excluded.is_excluded,
    origin = excluded.origin,
    changed_by = excluded.changed_by,
    changed_at = excluded.changed_at
where
    (nullif(kept.billing_name, ''), kept.qbo_id, kept.qbo_name, kept.is_excluded)
    is distinct from (excluded.billing_name, excluded.qbo_id, excluded.qbo_name, excluded.is_excluded)
