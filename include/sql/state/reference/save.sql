-- Purpose: entries of one QuickBooks list as they were just read.
-- Grain: one entry. Parameters: rows (JSON), realm, entity, read_at.
insert into qbo_sync.reference as kept (
    realm, entity, qbo_id, name, is_active, currency, parent_id, sync_token, payload, refreshed_at
)
select
    %(realm)s,
    %(entity)s,
    given.qbo_id,
    given.name,
    given.is_active,
    given.currency,
    given.parent_id,
    given.sync_token,
    given.payload,
    %(read_at)s
from jsonb_to_recordset(%(rows)s::jsonb) as given (
    qbo_id text,
    name text, -- noqa: RF04
    is_active boolean,
    currency text,
    parent_id text,
    sync_token text,
    payload jsonb
)
order by given.qbo_id
on conflict (realm, entity, qbo_id) do update
set
    name = excluded.name,
    is_active = excluded.is_active,
    currency = excluded.currency,
    parent_id = excluded.parent_id,
    sync_token = excluded.sync_token,
    payload = excluded.payload,
    refreshed_at = greatest(kept.refreshed_at, excluded.refreshed_at)
