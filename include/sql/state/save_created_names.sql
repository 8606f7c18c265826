-- Purpose: a customer or item that this project created (or adopted by name) is mapped and known from now on.
-- Grain: one name. Parameters: rows (JSON), realm, run_id.
with given as (
    select made.*
    from jsonb_to_recordset(%(rows)s::jsonb) as made (
        mapping_kind text,
        billing_id text,
        entity text,
        qbo_id text,
        name text, -- noqa: RF04
        currency text,
        sync_token text,
        payload jsonb
    )
),

mapped as (
    insert into qbo_sync.mappings (realm, kind, billing_key, billing_name, qbo_id, qbo_name, origin, changed_by)
    select
        %(realm)s,
        given.mapping_kind,
        given.billing_id,
        given.name as billing_name,
        given.qbo_id,
        given.name as qbo_name,
        'created' as origin,
        %(run_id)s
    from given
    on conflict (realm, kind, billing_key) do nothing
    returning 1
)

insert into qbo_sync.reference (realm, entity, qbo_id, name, currency, sync_token, payload)
select
    %(realm)s,
    given.entity,
    given.qbo_id,
    given.name,
    given.currency,
    given.sync_token,
    given.payload
from given
on conflict (realm, entity, qbo_id) do update
set
    name = excluded.name,
    is_active = true,
    sync_token = excluded.sync_token,
    refreshed_at = clock_timestamp()
